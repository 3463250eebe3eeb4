//! Photographs without their metadata: each format is copied piece by piece, and only pieces that are needed to show the
//! picture are copied. Pixels are never touched, nothing is decoded.

use super::photo::UploadRefused;

/// JPEG: tables, frames, scans and the color profile stay. Thumbnails, EXIF, XMP, IPTC, comments, further pictures behind
/// the first and whatever else hangs on go; of the EXIF data only a rotation is written anew.
pub(super) fn jpeg(bytes: &[u8]) -> Result<Vec<u8>, UploadRefused> {
    let mut picture = Jpeg::default();
    let mut rest = bytes.get(2..).unwrap_or_default();
    let mut ended = false;
    while let Some((marker, after)) = next_marker(rest) {
        rest = after;
        match marker {
            0xD9 => {
                ended = true;
                break;
            }
            0x01 | 0xD0..=0xD8 => continue,
            _ => {}
        }
        let (head, tail) = rest.split_at_checked(2).ok_or(UploadRefused::Broken)?;
        let length = usize::from(be16(head)).checked_sub(2).ok_or(UploadRefused::Broken)?;
        let (content, tail) = tail.split_at_checked(length).ok_or(UploadRefused::Broken)?;
        rest = tail;
        picture.segment(marker, content);
        if marker == 0xDA {
            let (scan, tail) = rest.split_at_checked(scan_length(rest)).unwrap_or((rest, b""));
            picture.body.extend_from_slice(scan);
            rest = tail;
        }
    }
    // A picture cut off by a bad connection is still shown as far as it goes.
    if !picture.framed || !picture.scanned || !ended && !rest.is_empty() {
        return Err(UploadRefused::Broken);
    }
    Ok(picture.finish(bytes.len()))
}

#[derive(Default)]
struct Jpeg {
    jfif: Vec<u8>,
    rotation: Option<u8>,
    body: Vec<u8>,
    framed: bool,
    scanned: bool,
}

impl Jpeg {
    /// Keeps a segment, or the part of it that is needed.
    fn segment(&mut self, marker: u8, content: &[u8]) {
        let keep = match marker {
            0xC4 | 0xC8 | 0xCC => content,
            0xC0..=0xCF => {
                self.framed = true;
                content
            }
            0xDA => {
                self.scanned = true;
                content
            }
            0xDB..=0xDF => content,
            // JFIF: version and resolution, not the thumbnail behind them.
            0xE0 if content.starts_with(b"JFIF\0") && self.jfif.is_empty() => {
                if let Some(head) = content.get(..12) {
                    self.jfif = [head, &[0, 0]].concat();
                }
                return;
            }
            0xE1 => {
                self.rotation = self.rotation.or_else(|| rotation(content.strip_prefix(b"Exif\0\0")?));
                return;
            }
            0xE2 if content.starts_with(b"ICC_PROFILE\0") => content,
            // How the colors were transformed.
            0xEE if content.starts_with(b"Adobe") => content.get(..12).unwrap_or(content),
            _ => return,
        };
        push_segment(&mut self.body, marker, keep);
    }

    fn finish(self, about: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(about);
        out.extend_from_slice(&[0xFF, 0xD8]);
        if !self.jfif.is_empty() {
            push_segment(&mut out, 0xE0, &self.jfif);
        }
        if let Some(rotation) = self.rotation {
            // One directory with one entry: tag 0x0112, one SHORT.
            let exif = [b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[rotation], &[0; 6]]
                .concat();
            push_segment(&mut out, 0xE1, &exif);
        }
        out.extend_from_slice(&self.body);
        zeroize::Zeroize::zeroize(&mut { self.body });
        out.extend_from_slice(&[0xFF, 0xD9]);
        out
    }
}

fn push_segment(out: &mut Vec<u8>, marker: u8, content: &[u8]) {
    let length = u16::try_from(content.len() + 2).unwrap_or(u16::MAX);
    out.extend_from_slice(&[0xFF, marker]);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(content);
}

/// The next marker and what follows it.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let mut rest = bytes;
    loop {
        let at = rest.iter().position(|b| *b == 0xFF)?;
        rest = rest.get(at..)?;
        let fill = rest.iter().position(|b| *b != 0xFF)?;
        let (marker, after) = rest.get(fill..)?.split_first()?;
        if *marker != 0 {
            return Some((*marker, after));
        }
        rest = after;
    }
}

/// How far the entropy-coded data reaches: to the first marker that is neither stuffing nor a restart.
fn scan_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| rest.iter().position(|b| *b == 0xFF)) {
        at += found;
        match bytes.get(at + 1) {
            Some(0 | 0xD0..=0xD7) => at += 2,
            Some(0xFF) => at += 1,
            Some(_) => return at,
            None => break,
        }
    }
    bytes.len()
}

/// The rotation an EXIF block asks for, unless it is none.
fn rotation(tiff: &[u8]) -> Option<u8> {
    let little = match tiff.get(..4)? {
        b"II\x2A\0" => true,
        b"MM\0\x2A" => false,
        _ => return None,
    };
    let word =
        |at: usize| tiff.get(at..at.checked_add(2)?).map(|b| if little { be16(b).swap_bytes() } else { be16(b) });
    let long = |at: usize| {
        Some(if little {
            u32::from(word(at)?) | u32::from(word(at + 2)?) << 16
        } else {
            u32::from(word(at)?) << 16 | u32::from(word(at + 2)?)
        })
    };
    let directory = usize::try_from(long(4)?).ok()?;
    let entries = usize::from(word(directory)?);
    (0..entries).map_while(|n| directory.checked_add(2 + 12 * n)).find_map(|entry| {
        let value = u8::try_from(word(entry.checked_add(8)?)?).ok()?;
        (word(entry)? == 0x0112 && word(entry + 2)? == 3 && (2..=8).contains(&value)).then_some(value)
    })
}

fn be16(bytes: &[u8]) -> u16 {
    bytes.first_chunk::<2>().map_or(0, |b| u16::from_be_bytes(*b))
}

/// PNG: only chunks that say how pixels look. Texts, times, EXIF and unknown ones go, and what follows the end.
pub(super) fn png(bytes: &[u8]) -> Result<Vec<u8>, UploadRefused> {
    const KEPT: [&[u8; 4]; 18] = [
        b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"cHRM", b"gAMA", b"iCCP", b"sBIT", b"sRGB", b"bKGD", b"hIST",
        b"pHYs", b"cICP", b"acTL", b"fcTL", b"fdAT", b"mDCV",
    ];
    let (signature, mut rest) = bytes.split_at_checked(8).ok_or(UploadRefused::Broken)?;
    let mut out = Vec::with_capacity(bytes.len());
    out.extend_from_slice(signature);
    let mut pixels = false;
    loop {
        let length = rest.first_chunk::<4>().ok_or(UploadRefused::Broken)?;
        let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| UploadRefused::Broken)?;
        let whole = length.checked_add(12).ok_or(UploadRefused::Broken)?;
        let (chunk, after) = rest.split_at_checked(whole).ok_or(UploadRefused::Broken)?;
        let kind = chunk.get(4..8).unwrap_or_default();
        if (out.len() == 8) != (kind == b"IHDR") {
            return Err(UploadRefused::Broken);
        }
        if KEPT.iter().any(|k| kind == *k) {
            out.extend_from_slice(chunk);
        }
        pixels |= kind == b"IDAT";
        if kind == b"IEND" {
            return if pixels { Ok(out) } else { Err(UploadRefused::Broken) };
        }
        rest = after;
    }
}

/// WebP: picture data, alpha, animation and the color profile.
pub(super) fn webp(bytes: &[u8]) -> Result<Vec<u8>, UploadRefused> {
    let size = bytes.get(4..8).and_then(|b| b.first_chunk::<4>()).ok_or(UploadRefused::Broken)?;
    let size = usize::try_from(u32::from_le_bytes(*size)).map_err(|_| UploadRefused::Broken)?;
    let end = size.checked_add(8).filter(|end| *end <= bytes.len()).ok_or(UploadRefused::Broken)?;
    let mut body = Vec::with_capacity(bytes.len());
    body.extend_from_slice(b"WEBP");
    let mut pictures = false;
    for chunk in riff_chunks(bytes.get(12..end).ok_or(UploadRefused::Broken)?) {
        let (id, content) = chunk?;
        match id {
            b"VP8 " | b"VP8L" => pictures = true,
            b"ALPH" | b"ANIM" | b"ICCP" => {}
            b"VP8X" => {
                // The flags for EXIF and XMP are taken back.
                let mut flags = content.to_vec();
                if let Some(first) = flags.first_mut() {
                    *first &= !0x0C;
                }
                push_chunk(&mut body, *id, &flags);
                continue;
            }
            b"ANMF" => {
                pictures = true;
                push_chunk(&mut body, *id, &frame(content)?);
                continue;
            }
            _ => continue,
        }
        push_chunk(&mut body, *id, content);
    }
    if !pictures {
        return Err(UploadRefused::Broken);
    }
    let mut out = Vec::with_capacity(body.len() + 8);
    push_chunk(&mut out, *b"RIFF", &body);
    zeroize::Zeroize::zeroize(&mut body);
    Ok(out)
}

/// One frame of an animation: 16 bytes of place and time, then its picture.
fn frame(content: &[u8]) -> Result<Vec<u8>, UploadRefused> {
    let (head, chunks) = content.split_at_checked(16).ok_or(UploadRefused::Broken)?;
    let mut out = head.to_vec();
    for chunk in riff_chunks(chunks) {
        let (id, content) = chunk?;
        if matches!(id, b"ALPH" | b"VP8 " | b"VP8L") {
            push_chunk(&mut out, *id, content);
        }
    }
    Ok(out)
}

type Chunk<'a> = (&'a [u8; 4], &'a [u8]);

/// The chunks of a RIFF body; ends after the first that is broken.
fn riff_chunks(bytes: &[u8]) -> impl Iterator<Item = Result<Chunk<'_>, UploadRefused>> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let read = (|| {
            let (id, after) = rest.split_first_chunk::<4>()?;
            let (size, after) = after.split_first_chunk::<4>()?;
            let size = usize::try_from(u32::from_le_bytes(*size)).ok()?;
            let (content, after) = after.split_at_checked(size)?;
            rest = after.get(size % 2..).unwrap_or_default();
            Some((id, content))
        })();
        if read.is_none() {
            rest = b"";
        }
        Some(read.ok_or(UploadRefused::Broken))
    })
}

fn push_chunk(out: &mut Vec<u8>, id: [u8; 4], content: &[u8]) {
    out.extend_from_slice(&id);
    out.extend_from_slice(&u32::try_from(content.len()).unwrap_or(u32::MAX).to_le_bytes());
    out.extend_from_slice(content);
    if content.len() % 2 == 1 {
        out.push(0);
    }
}

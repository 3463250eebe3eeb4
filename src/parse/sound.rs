//! Tells recordings from films and from everything else.

/// Ogg whose first stream is Opus, Vorbis or Speex and no film.
pub(super) fn is_ogg_audio(bytes: &[u8]) -> bool {
    let segments = usize::from(bytes.get(26).copied().unwrap_or(0));
    let packet = bytes.get(27 + segments..).unwrap_or_default();
    [b"OpusHead".as_slice(), b"\x01vorbis", b"Speex   "].iter().any(|head| packet.starts_with(head))
        && !bytes.windows(7).take(4096).any(|w| w == b"\x80theora")
}

/// MP3: an ID3 tag, or two frames in a row.
pub(super) fn is_mp3(bytes: &[u8]) -> bool {
    if let [b'I', b'D', b'3', 2..=4, _, _, a, b, c, d, ..] = bytes {
        return [a, b, c, d].iter().all(|size| **size < 0x80);
    }
    let Some(length) = frame_length(bytes) else {
        return false;
    };
    bytes.len() == length || bytes.get(length..).is_some_and(|next| frame_length(next).is_some())
}

/// The length of the MPEG layer III frame that begins here.
fn frame_length(bytes: &[u8]) -> Option<usize> {
    const FIRST: [usize; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const SECOND: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let [0xFF, second, third, ..] = bytes else { return None };
    // Eleven bits of sync, version, layer III.
    if second & 0xE0 != 0xE0 || second & 0x06 != 0x02 {
        return None;
    }
    let (rates, divisor, samples) = match second >> 3 & 3 {
        3 => (FIRST, 1, 144),
        2 => (SECOND, 2, 72),
        0 => (SECOND, 4, 72),
        _ => return None,
    };
    let kilobits = *rates.get(usize::from(third >> 4))?;
    let hertz = [44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))? / divisor;
    (kilobits > 0).then(|| samples * kilobits * 1000 / hertz + usize::from(third >> 1 & 1))
}

/// An MP4 file whose tracks are sound and never pictures.
pub(super) fn is_mp4_audio(bytes: &[u8]) -> bool {
    let Some(movie) = boxes(bytes).find(|(kind, _)| kind == b"moov") else {
        return false;
    };
    let mut sound = false;
    for (_, track) in boxes(movie.1).filter(|(kind, _)| kind == b"trak") {
        let handler = boxes(track)
            .find(|(kind, _)| kind == b"mdia")
            .and_then(|(_, media)| boxes(media).find(|(kind, _)| kind == b"hdlr"));
        match handler.and_then(|(_, content)| content.get(8..12)) {
            Some(b"soun") => sound = true,
            Some(b"vide" | b"pict" | b"auxv") | None => return false,
            Some(_) => {}
        }
    }
    sound
}

/// The boxes side by side in a stretch, up to the first that does not fit.
fn boxes(bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let (size, after) = rest.split_first_chunk::<4>()?;
        let (kind, after) = after.split_first_chunk::<4>()?;
        let (head, size) = match u32::from_be_bytes(*size) {
            0 => (8, rest.len()),
            1 => (16, usize::try_from(u64::from_be_bytes(*after.first_chunk::<8>()?)).ok()?),
            size => (8, usize::try_from(size).ok()?),
        };
        let whole = rest.get(..size)?;
        let content = whole.get(head..)?;
        rest = rest.get(size..)?;
        Some((*kind, content))
    })
}

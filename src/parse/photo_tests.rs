//! Uploads by example: files built here byte by byte, so that what must vanish is known.

use proptest::prelude::*;

use super::*;

/// Stands for whatever must not survive.
const SECRET: &[u8] = b"SECRET-GPS-6.2S-106.8E";

fn kept(name: &str, bytes: &[u8]) -> CleanFile {
    clean_upload(name, bytes.to_vec()).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn refusal(bytes: &[u8]) -> UploadRefused {
    clean_upload("x", bytes.to_vec()).err().unwrap_or_else(|| panic!("was taken"))
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|w| w == what)
}

fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker], &length[..], content].concat()
}

/// EXIF of the byte order named, with a rotation and the secret behind it.
fn exif(little: bool, rotation: u8) -> Vec<u8> {
    let mut out = b"Exif\0\0".to_vec();
    if little {
        out.extend_from_slice(b"II\x2A\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0");
        out.extend_from_slice(&[rotation, 0, 0, 0]);
    } else {
        out.extend_from_slice(b"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01");
        out.extend_from_slice(&[0, rotation, 0, 0]);
    }
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(SECRET);
    out
}

fn jpeg_of(middle: &[Vec<u8>], tail: &[u8]) -> Vec<u8> {
    let scan = [segment(0xDA, &[1, 1, 0, 0, 63, 0]), vec![0x12, 0xFF, 0, 0x34, 0xFF, 0xD0, 0x56]].concat();
    let frame = segment(0xC2, &[8, 0, 1, 0, 1, 1, 1, 0x11, 0]);
    let second =
        [segment(0xC4, &[0; 19]), segment(0xFE, SECRET), segment(0xDA, &[1, 1, 0, 0, 63, 0]), vec![0x78]].concat();
    [&[0xFF, 0xD8], &middle.concat()[..], &frame, &scan, &second, &[0xFF, 0xD9], tail].concat()
}

#[test]
fn a_photograph_loses_everything_but_the_picture() {
    let icc = segment(0xE2, b"ICC_PROFILE\0\x01\x01colors");
    let thumbnail = segment(0xE0, &[b"JFIF\0\x01\x02\0\0\x48\0\x48\x03\x03".as_slice(), SECRET].concat());
    let middle = [
        thumbnail,
        segment(0xE1, &exif(true, 1)),
        segment(0xE1, &[b"http://ns.adobe.com/xap/1.0/\0".as_slice(), SECRET].concat()),
        icc.clone(),
        segment(0xE2, &[b"MPF\0".as_slice(), SECRET].concat()),
        segment(0xED, SECRET),
        segment(0xEE, &[b"Adobe\0\x64\0\0\0\0\x01".as_slice(), SECRET].concat()),
        segment(0xFE, SECRET),
    ];
    let file = kept("IMG 1.HEIC", &jpeg_of(&middle, SECRET));
    assert!(file.cleaned && file.media_type == "image/jpeg" && file.name == "IMG 1.HEIC.jpg");
    let bytes = file.bytes.reveal();
    assert!(!holds(bytes, SECRET) && !holds(bytes, b"Exif") && bytes.ends_with(&[0xFF, 0xD9]));
    assert!(
        holds(bytes, &icc)
            && holds(bytes, b"Adobe\0\x64\0\0\0\0\x01")
            && holds(bytes, &[0x12, 0xFF, 0, 0x34, 0xFF, 0xD0, 0x56, 0xFF, 0xC4])
    );
    let again = kept("a.jpg", bytes);
    assert!(!again.cleaned && again.bytes.reveal() == bytes, "cleaning twice changes nothing");
}

#[test]
fn a_rotated_photograph_stays_rotated() {
    for (little, rotation, stays) in
        [(true, 6, true), (false, 8, true), (false, 1, false), (true, 0, false), (true, 9, false)]
    {
        let file = kept("a.jpeg", &jpeg_of(&[segment(0xE1, &exif(little, rotation))], b""));
        let bytes = file.bytes.reveal();
        assert!(file.cleaned && file.name == "a.jpeg" && !holds(bytes, SECRET));
        let minimal =
            [b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".as_slice(), &[rotation], &[0; 6]].concat();
        assert_eq!(holds(bytes, b"Exif"), stays);
        assert_eq!(holds(bytes, &minimal), stays);
        assert!(!stays || !kept("a.jpg", bytes).cleaned);
    }
}

#[test]
fn a_photograph_cut_off_is_kept_and_a_broken_one_is_not() {
    let whole = jpeg_of(&[], b"");
    let cut = kept("a.jpg", &whole[..whole.len() - 3]);
    assert!(cut.bytes.reveal().ends_with(&[0xFF, 0xD9]));
    for broken in [&whole[..4], &whole[..20], b"\xFF\xD8\xFF\xD9", b"\xFF\xD8\xFF\xE1\0\0"] {
        assert_eq!(refusal(broken), UploadRefused::Broken);
    }
}

fn chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    [&length, &kind[..], content, b"crc!"].concat()
}

#[test]
fn a_png_loses_its_texts() {
    let signature = b"\x89PNG\r\n\x1a\n";
    let (head, data, end, color) =
        (chunk(b"IHDR", &[0; 13]), chunk(b"IDAT", b"pixels"), chunk(b"IEND", b""), chunk(b"iCCP", b"colors"));
    let bad: Vec<u8> =
        [b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"caBX"].iter().flat_map(|kind| chunk(kind, SECRET)).collect();
    let dirty = [signature, &head[..], &bad, &color, &data, &bad, &end, SECRET].concat();
    let file = kept("bild", &dirty);
    assert!(file.cleaned && file.name == "bild.png" && file.media_type == "image/png");
    assert!(*file.bytes.reveal() == [signature, &head[..], &color, &data, &end].concat());
    for broken in [
        &signature[..],
        &[signature, &data[..], &end].concat(),
        &[signature, &head[..], &end].concat(),
        &dirty[..dirty.len() - 40],
    ] {
        assert_eq!(refusal(broken), UploadRefused::Broken);
    }
}

fn riff(kind: &[u8; 4], chunks: &[(&[u8; 4], &[u8])]) -> Vec<u8> {
    let mut body = kind.to_vec();
    for (id, content) in chunks {
        body.extend_from_slice(*id);
        body.extend_from_slice(&u32::try_from(content.len()).unwrap().to_le_bytes());
        body.extend_from_slice(content);
        body.resize(body.len().next_multiple_of(2), 0);
    }
    [b"RIFF", &u32::try_from(body.len()).unwrap().to_le_bytes()[..], &body].concat()
}

#[test]
fn a_webp_loses_its_metadata() {
    let dirty = riff(
        b"WEBP",
        &[
            (b"VP8X", &[0x2C, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            (b"ICCP", b"abc"),
            (b"VP8 ", b"pixels"),
            (b"EXIF", SECRET),
            (b"XMP ", SECRET),
            (b"junk", SECRET),
        ],
    );
    let file = kept("a.webp", &[&dirty, SECRET].concat());
    assert!(file.cleaned && file.media_type == "image/webp");
    assert!(
        *file.bytes.reveal()
            == riff(b"WEBP", &[(b"VP8X", &[0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0]), (b"ICCP", b"abc"), (b"VP8 ", b"pixels")])
    );
    assert_eq!(refusal(&riff(b"WEBP", &[(b"EXIF", SECRET)])), UploadRefused::Broken);
    assert_eq!(refusal(&dirty[..dirty.len() - 1]), UploadRefused::Broken);
}

#[test]
fn files_are_known_by_their_content() {
    let ogg = [b"OggS\0\x02".as_slice(), &[0; 20], &[1, 19], b"OpusHead\x01"].concat();
    let frame = [&[0xFF, 0xFB, 0x90, 0x00][..], &[0; 413]].concat();
    for (name, bytes, stored, media_type) in [
        ("surat.txt", "Halo é\r\n".as_bytes().to_vec(), "surat.txt", "text/plain"),
        ("surat.exe", b"just text".to_vec(), "surat.exe.txt", "text/plain"),
        ("../x/3 < 4.md", b"3 < 4".to_vec(), "3 _ 4.md.txt", "text/plain"),
        ("a.PDF", b"%PDF-1.7\n".to_vec(), "a.PDF", "application/pdf"),
        ("", b"%PDF-1.7\n".to_vec(), "file-1.pdf", "application/pdf"),
        ("a.wav", riff(b"WAVE", &[(b"fmt ", b"x")]), "a.wav", "audio/wav"),
        ("a.opus", ogg, "a.opus", "audio/ogg"),
        ("a.mp3", b"ID3\x04\0\0\0\0\0\x10rest".to_vec(), "a.mp3", "audio/mpeg"),
        ("b.mp3", [&frame[..], &frame].concat(), "b.mp3", "audio/mpeg"),
        ("a.m4a", mp4(&[b"soun"]), "a.m4a", "audio/mp4"),
    ] {
        let file = kept(name, &bytes);
        assert_eq!((file.name.as_str(), file.media_type, file.cleaned), (stored, media_type, false));
        assert!(*file.bytes.reveal() == bytes);
    }
}

fn mp4(tracks: &[&[u8; 4]]) -> Vec<u8> {
    let mp4_box = |kind: &[u8; 4], content: &[u8]| {
        [&u32::try_from(content.len() + 8).unwrap().to_be_bytes()[..], kind, content].concat()
    };
    let tracks: Vec<u8> = tracks
        .iter()
        .flat_map(|t| mp4_box(b"trak", &mp4_box(b"mdia", &mp4_box(b"hdlr", &[&[0; 8], &t[..], &[0; 12]].concat()))))
        .collect();
    [mp4_box(b"ftyp", b"M4A \0\0\0\0mp42"), mp4_box(b"mdat", b"sound"), mp4_box(b"moov", &tracks)].concat()
}

#[test]
fn everything_else_is_refused() {
    for (what, bytes) in [
        ("a program", b"MZ\x90\0\x03".to_vec()),
        ("another", b"\x7fELF\x02\x01\x01\0".to_vec()),
        ("a script", b"#!/bin/sh\necho".to_vec()),
        ("a page", b"  \n<!DOCTYPE html><script>".to_vec()),
        ("a page with a mark before it", "\u{FEFF}<html>".as_bytes().to_vec()),
        ("a drawing", b"<svg xmlns=\"x\">".to_vec()),
        ("xml", b"<?xml version=\"1.0\"?>".to_vec()),
        ("rtf", b"{\\rtf1 x}".to_vec()),
        ("gif", b"GIF89a\x01\0\x01\0\0\0".to_vec()),
        ("tiff", b"II\x2A\0\x08\0\0\0".to_vec()),
        ("heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic".to_vec()),
        ("a film", mp4(&[b"soun", b"vide"])),
        ("text with NUL", b"text\0".to_vec()),
        ("latin-1", b"caf\xe9".to_vec()),
        ("avi", riff(b"AVI ", &[])),
        ("aac", b"\xFF\xF1\x50\x80\0\0\0\0".to_vec()),
        ("7z", b"7z\xBC\xAF\x27\x1C".to_vec()),
        ("a zip", zip(&[("a.txt", b"x")])),
        ("a spreadsheet", zip(&[("[Content_Types].xml", b"spreadsheetml"), ("xl/workbook.xml", b"")])),
        ("another odf", zip(&[("mimetype", b"application/vnd.oasis.opendocument.spreadsheet")])),
    ] {
        assert_eq!(refusal(&bytes), UploadRefused::Type, "{what}");
    }
    assert_eq!(refusal(b""), UploadRefused::Empty);
    assert_eq!(refusal(&vec![b'a'; ATTACHMENT_BYTES_MAX + 1]), UploadRefused::TooLarge);
}

/// A ZIP file whose entries are stored as they are.
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let packed: Vec<(&str, usize, Vec<u8>)> =
        entries.iter().map(|(name, content)| (*name, 0, content.to_vec())).collect();
    zip_packed(&packed)
}

fn zip_packed(entries: &[(&str, usize, Vec<u8>)]) -> Vec<u8> {
    let two = |n: usize| u16::try_from(n).unwrap().to_le_bytes();
    let four = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
    let (mut out, mut list) = (Vec::new(), Vec::new());
    for (name, method, content) in entries {
        list.extend_from_slice(b"PK\x01\x02\x14\0\x14\0\0\0");
        list.extend_from_slice(
            &[
                &two(*method)[..],
                &[0; 8],
                &four(content.len()),
                &four(content.len()),
                &two(name.len()),
                &[0; 12],
                &four(out.len()),
                name.as_bytes(),
            ]
            .concat(),
        );
        out.extend_from_slice(b"PK\x03\x04\x14\0\0\0");
        out.extend_from_slice(
            &[
                &two(*method)[..],
                &[0; 8],
                &four(content.len()),
                &four(content.len()),
                &two(name.len()),
                &[0; 2],
                name.as_bytes(),
                content,
            ]
            .concat(),
        );
    }
    let end = [
        b"PK\x05\x06\0\0\0\0".as_slice(),
        &two(entries.len()),
        &two(entries.len()),
        &four(list.len()),
        &four(out.len()),
        &[0; 2],
    ]
    .concat();
    [out, list, end].concat()
}

const MAIN: &str =
    "<Override ContentType=\"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml\"/>";

#[test]
fn documents_are_taken_without_macros_only() {
    let docx = |types: &str, more: &str| {
        zip(&[("[Content_Types].xml", types.as_bytes()), ("word/document.xml", b"<w/>"), (more, b"")])
    };
    assert_eq!(kept("a.docx", &docx(MAIN, "word/styles.xml")).name, "a.docx");
    assert_eq!(refusal(&docx(MAIN, "word/vbaProject.bin")), UploadRefused::Macro);
    assert_eq!(refusal(&docx(MAIN, "word/VBAPROJECT.BIN")), UploadRefused::Macro);
    assert_eq!(
        refusal(&docx(&format!("{MAIN}application/vnd.ms-word.document.macroEnabled.main+xml"), "x")),
        UploadRefused::Macro
    );
    assert_eq!(refusal(&docx(&format!("{MAIN}&#109;acro"), "x")), UploadRefused::Broken);
    let odt = |more: &str| {
        zip(&[("mimetype", b"application/vnd.oasis.opendocument.text"), ("content.xml", b""), (more, b"")])
    };
    assert_eq!(kept("a", &odt("meta.xml")).name, "a.odt");
    assert_eq!(refusal(&odt("Basic/Standard/Module1.xml")), UploadRefused::Macro);
    let whole = docx(MAIN, "x");
    for cut in [whole.len() - 1, whole.len() - 30, 40] {
        assert_eq!(refusal(&whole[..cut]), UploadRefused::Broken);
    }
}

/// "surat " forty times, deflated by zlib with the fixed code.
const FIXED: &[u8] = b"\x2b\x2e\x2d\x4a\x2c\x51\x28\x1e\x31\x24\x00";
/// A list of content types, deflated by zlib with a dynamic code.
const DYNAMIC: &[u8] = b"\xad\x92\xb1\x4e\xc3\x30\x10\x86\x5f\xc5\xf2\x8a\x12\x07\x06\x84\x50\xd2\x0e\x48\x8c\xd0\x21\x3c\x80\xb1\x2f\xa9\x55\xdb\x67\xf9\x4c\x69\xde\x9e\x4b\x0b\x19\x18\
    \xaa\x22\x3a\x5a\xf6\xf7\x7f\xbf\xcf\x6e\xd7\x87\xe0\xc5\x1e\x32\x39\x8c\x9d\xbc\xad\x1b\x29\x20\x1a\xb4\x2e\x8e\x9d\x7c\xeb\x9f\xab\x07\x29\xa8\xe8\x68\xb5\xc7\
    \x08\x9d\x9c\x80\xe4\x7a\xd5\xf6\x53\x02\x12\xcc\x46\xea\xe4\xb6\x94\xf4\xa8\x14\x99\x2d\x04\x4d\x35\x26\x88\xbc\x33\x60\x0e\xba\xf0\x32\x8f\x2a\x69\xb3\xd3\x23\
    \xa8\xbb\xa6\xb9\x57\x06\x63\x81\x58\xaa\x32\x67\xc8\x55\xfb\xca\xfa\xec\x2c\x88\x8d\xce\xe5\x45\x07\xb6\xa8\x4f\xcc\x56\x59\x34\x1f\x81\x4f\xd6\x9c\x26\xc5\xd3\
    \x09\x9b\xcd\x9d\xd4\x29\x79\x67\x74\xe1\xd6\x6a\x1f\xed\x2f\x67\x85\xc3\xe0\x0c\x2c\xfc\x9c\x96\x32\x1a\x20\xe2\x7b\x05\x5f\x2f\x3b\x41\xbb\x78\x33\xc7\xab\x33\
    \x3d\xa8\x4c\x1e\xe8\xfa\x2d\x4e\xb9\xe7\xf4\xcc\x6e\x32\x26\x52\x6c\xfa\xb7\x1f\x0e\x4c\x5a\xb0\x15\x97\x48\x90\x8b\xbb\xd0\x6d\x30\xc3\xdf\xe5\xdf\x4f\x5e\xcf\
    \xf4\x85\xc6\xe3\xb0\x07\x76\xf4\xfa\xdd\xc3\xf5\xe7\xbd\x44\xff\x94\x50\xc7\x6f\xbc\xfa\x02";

#[test]
fn deflated_files_are_unpacked() {
    assert_eq!(super::super::inflate::inflate(FIXED, 1_000).as_deref(), Some("surat ".repeat(40).as_bytes()));
    assert_eq!(super::super::inflate::inflate(FIXED, 239), None, "bounded");
    let types = super::super::inflate::inflate(DYNAMIC, 100_000).unwrap();
    assert!(String::from_utf8(types).unwrap().contains("wordprocessingml.document.main+xml"));
    let docx =
        |types: Vec<u8>| zip_packed(&[("[Content_Types].xml", 8, types), ("word/document.xml", 0, b"<w/>".to_vec())]);
    assert_eq!(kept("a.docx", &docx(DYNAMIC.to_vec())).name, "a.docx");
    assert_eq!(refusal(&docx(DYNAMIC[..DYNAMIC.len() / 2].to_vec())), UploadRefused::Broken);
}

proptest! {
    #[test]
    fn any_upload_is_taken_or_refused(bytes: Vec<u8>, nth in 0_usize..7, at: usize, byte: u8) {
        let heads = [jpeg_of(&[segment(0xE1, &exif(true, 6))], b""), riff(b"WEBP", &[(b"VP8 ", b"x")]), b"\x89PNG\r\n\x1a\n".to_vec(), mp4(&[b"soun"]), zip(&[("mimetype", b"x")]), b"ID3".to_vec(), vec![]];
        let mut file = [&heads[nth], bytes.as_slice()].concat();
        if let Some(old) = at.checked_rem(file.len()).and_then(|at| file.get_mut(at)) {
            *old = byte;
        }
        if let Ok(clean) = clean_upload("x", file) {
            let again = clean_upload(&clean.name, clean.bytes.reveal().clone());
            prop_assert!(again.is_ok_and(|a| !a.cleaned && a.name == clean.name && a.media_type == clean.media_type), "what is clean stays clean");
        }
    }

    #[test]
    fn any_deflated_bytes_end(bytes: Vec<u8>) {
        prop_assert!(super::super::inflate::inflate(&bytes, 10_000).is_none_or(|out| out.len() <= 10_000));
    }
}

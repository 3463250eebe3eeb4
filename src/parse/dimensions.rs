//! How wide and high a picture is, from its first bytes; nothing is decoded.

/// Bytes of a picture that are looked at: past what a camera puts in front.
pub(super) const HEAD_BYTES: usize = 96 * 1024;

/// Width and height of a PNG or JPEG, in pixels.
pub(super) fn size(head: &[u8]) -> Option<(u32, u32)> {
    if let Some(png) = head.strip_prefix(b"\x89PNG\r\n\x1A\n") {
        let number = |at: usize| Some(u32::from_be_bytes(png.get(at..at + 4)?.try_into().ok()?));
        return (png.get(4..8)? == b"IHDR").then_some((number(8)?, number(12)?));
    }
    let mut rest = head.strip_prefix(&[0xFF, 0xD8])?;
    // Each segment is at least four bytes long, so this ends.
    while let [0xFF, marker, high, low, ..] = *rest {
        let length = usize::from(u16::from_be_bytes([high, low])).max(2);
        if matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC) {
            let number = |at: usize| Some(u32::from(u16::from_be_bytes(rest.get(at..at + 2)?.try_into().ok()?)));
            return Some((number(7)?, number(5)?));
        }
        rest = rest.get(2 + length..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_of_pictures() {
        let png =
            [b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR".as_slice(), &1080_u32.to_be_bytes(), &2400_u32.to_be_bytes()].concat();
        assert_eq!(size(&png), Some((1080, 2400)));
        let jpeg = [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xC0, 0, 11, 8, 0x09, 0x60, 0x04, 0x38, 3];
        assert_eq!(size(&jpeg), Some((1080, 2400)));
        for cut in 0..jpeg.len() - 2 {
            let _ = size(&jpeg[..cut]);
        }
        assert_eq!(size(b"GIF89a"), None);
        assert_eq!(size(&[0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0, 0]), None);
    }
}

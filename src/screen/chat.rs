//! Chats that were copied, as text or as a picture of the screen.

use super::{Seen, Signal};
use crate::parse::{Letter, Outline};

/// So many lines of a chat are one.
const CHAT_LINES: usize = 3;
/// Lines of a text that are looked at.
const LINES_MAX: usize = 2_000;
/// Pictures of a mail that are looked at.
const PICTURES_MAX: usize = 20;
/// "Forwarded", as chat programs write it.
const FORWARDS: [&str; 6] = [
    "diteruskan",
    "diteruskan berkali-kali",
    "forwarded",
    "forwarded many times",
    "dimajukan",
    "forwarded message from",
];
/// How programs name a picture of the screen.
const SCREEN_NAMES: [&str; 10] = [
    "screenshot",
    "screen shot",
    "screen_shot",
    "screencapture",
    "tangkapan layar",
    "tangkapan_layar",
    "tangkapanlayar",
    "cuplikan layar",
    "whatsapp image",
    "whatsapp_image",
];
/// Screens of phones are taller than photographs: 16:9 at the least, in pixels of a phone.
const SCREEN_WIDTHS: std::ops::RangeInclusive<u32> = 300..=1_700;

pub(super) fn find(outline: &Outline<'_>, letter: &Letter, seen: &mut Seen) {
    let text = letter.text.reveal();
    let chat = text.lines().take(LINES_MAX).filter(|l| is_chat_line(l)).count();
    seen.add_if(chat >= CHAT_LINES, Signal::ChatLog);
    let is_label =
        |line: &str| FORWARDS.contains(&line.trim_matches([' ', '↪', '↱', '⤳', '\t']).to_lowercase().as_str());
    seen.add_if(text.lines().take(LINES_MAX).any(is_label), Signal::ChatForward);
    let pictures = outline.parts().filter(|p| p.media_type().starts_with("image/")).take(PICTURES_MAX);
    for picture in pictures {
        seen.add_if(picture.name().is_some_and(is_screen_name), Signal::ScreenName);
        seen.add_if(picture.picture_size().is_some_and(is_screen), Signal::ScreenShape);
    }
}

/// `Screenshot_2026-03-12-21-14.png`, `WhatsApp Image 2026-03-12.jpeg`, `IMG-20260312-WA0001.jpg`.
fn is_screen_name(name: &str) -> bool {
    let name = name.to_lowercase();
    let by_chat = name.strip_prefix("img-").and_then(|rest| rest.split_once("-wa"));
    let digits = |text: &str, count: usize| text.bytes().take_while(u8::is_ascii_digit).count() >= count;
    SCREEN_NAMES.iter().any(|n| name.contains(n)) || by_chat.is_some_and(|(day, n)| digits(day, 8) && digits(n, 4))
}

fn is_screen((width, height): (u32, u32)) -> bool {
    SCREEN_WIDTHS.contains(&width) && u64::from(height) * 9 >= u64::from(width) * 16 && height <= 4 * width
}

/// `[12/03/26 21.14.03] Sari: ...`, `12/03/26, 21:14 - Sari: ...`, `[21:14, 12/3/2026] Sari: ...`,
/// `Sari, [12.03.26 21:14]`.
fn is_chat_line(line: &str) -> bool {
    let line = line.trim_start_matches(['\u{200e}', ' ']);
    if let Some((name, stamp)) = line.split_once(", [")
        && !name.is_empty()
        && name.len() <= 60
    {
        return stamp.split_once(']').is_some_and(|(stamp, rest)| is_stamp(stamp) && rest.len() <= 1);
    }
    let line = line.trim_start_matches('[');
    if !line.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let Some(end) = line.find([']', '-', '–']).filter(|at| *at <= 32) else { return false };
    let (stamp, rest) = line.split_at(end);
    is_stamp(stamp) && rest.chars().take(80).any(|c| c == ':')
}

/// A date and a time.
fn is_stamp(stamp: &str) -> bool {
    let is_time = |word: &str| {
        let parts: Vec<&str> = word.split([':', '.']).collect();
        let numbers = parts.iter().all(|p| !p.is_empty() && p.len() <= 2 && p.bytes().all(|b| b.is_ascii_digit()));
        (2..=3).contains(&parts.len()) && numbers
    };
    let has_time = stamp.split([' ', ',', '\u{202f}']).any(is_time);
    let has_date = stamp.contains('/') || stamp.matches('.').count() >= 2 || stamp.matches(':').count() >= 2;
    has_time && has_date
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_chat() {
        for line in [
            "[12/03/26 21.14.03] Sari: jangan bilang ibu",
            "12/03/26, 21:14 - Sari: jangan bilang ibu",
            "12/03/26 21.14 - Sari: jangan bilang ibu",
            "[21:14, 12/3/2026] Kak Budi: ok",
            "\u{200e}[12/03/2026, 9:14:03 PM] Sari: hi",
            "Sari Dewi, [12.03.26 21:14]",
        ] {
            assert!(is_chat_line(line), "{line}");
        }
        for line in [
            "21:14 aku pulang",
            "12/03/26 hari itu aku takut",
            "1. makan - tidur",
            "- Sari: halo",
            "[1] catatan: x",
            "kata Sari, [sambil tertawa] aku bodoh",
            "07.00 - 08.30: matematika",
        ] {
            assert!(!is_chat_line(line), "{line}");
        }
    }

    #[test]
    fn pictures_of_a_screen() {
        for name in [
            "Screenshot_20260312-211403_WhatsApp.jpg",
            "WhatsApp Image 2026-03-12 at 21.14.jpeg",
            "IMG-20260312-WA0001.jpg",
            "Tangkapan Layar 2026-03-12.png",
        ] {
            assert!(is_screen_name(name), "{name}");
        }
        for name in ["IMG_20260312_211403.jpg", "foto.jpg", "img-wa.jpg", "DSC0001.JPG", "gambarku.png"] {
            assert!(!is_screen_name(name), "{name}");
        }
        assert!(is_screen((1080, 2400)) && is_screen((720, 1280)) && is_screen((1170, 2532)));
        assert!(!is_screen((3000, 4000)) && !is_screen((1080, 1080)) && !is_screen((2400, 1080)) && !is_screen((0, 0)));
    }
}

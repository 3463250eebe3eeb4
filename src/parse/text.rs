//! Text that is safe to show: line ends in one form, nothing that can hide or reorder what was written.

/// Whether a character may only deceive: bidi overrides, embeddings and isolates (U+202A-202E, U+2066-2069).
fn deceives(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Appends `text` with line ends as `\n`, without control characters (except `\n` and `\t`) and bidi overrides. Stops on
/// a character boundary before `out` outgrows `limit` bytes; returns whether everything fitted.
pub(super) fn clean(text: &str, out: &mut String, limit: usize) -> bool {
    let mut rest = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    loop {
        // Plain stretches are copied whole: all that needs a look is a control character or begins with 0xC2 or 0xE2.
        let plain = rest
            .bytes()
            .position(|b| b < 0x20 && b != b'\n' && b != b'\t' || matches!(b, 0x7F | 0xC2 | 0xE2))
            .unwrap_or(rest.len());
        let (stretch, after) = rest.split_at_checked(plain).unwrap_or((rest, ""));
        let room = limit.saturating_sub(out.len());
        if stretch.len() > room {
            out.push_str(stretch.get(..stretch.floor_char_boundary(room)).unwrap_or_default());
            return false;
        }
        out.push_str(stretch);
        let mut chars = after.chars();
        let Some(c) = chars.next() else { return true };
        rest = chars.as_str();
        let shown = match c {
            '\r' => (!rest.starts_with('\n')).then_some('\n'),
            '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
            c if c.is_control() || deceives(c) => None,
            c => Some(c),
        };
        if let Some(c) = shown {
            if out.len() + c.len_utf8() > limit {
                return false;
            }
            out.push(c);
        }
    }
}

/// The same as one line: blanks of any kind become single spaces.
pub(super) fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }) {
        if c.is_control() || deceives(c) || c == '\u{FEFF}' || c == ' ' && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        out.push(c);
    }
    out.truncate(out.trim_end().len());
    out
}

/// Joins the lines of `format=flowed` (RFC 3676): a line that ends in a space goes on in the next one of equal quoting.
pub(super) fn unflow(text: &str, delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open: Option<usize> = None;
    for line in text.lines() {
        let words = line.trim_start_matches('>');
        let depth = line.len() - words.len();
        let words = words.strip_prefix(' ').unwrap_or(words);
        let signature = words == "-- ";
        let joins = open == Some(depth) && !signature;
        if !joins {
            if open.is_some() {
                out.push('\n');
            }
            out.extend(std::iter::repeat_n('>', depth));
            if depth > 0 && !words.is_empty() {
                out.push(' ');
            }
        }
        let flows = words.ends_with(' ') && !signature;
        out.push_str(if flows && delsp { words.strip_suffix(' ').unwrap_or(words) } else { words });
        open = flows.then_some(depth);
        if !flows {
            out.push('\n');
        }
    }
    out
}

/// Longest file name, in characters.
const NAME_CHARS_MAX: usize = 120;

/// A file name that names only a file: no folders, no control characters, no bidi overrides, bounded, never hidden.
pub(super) fn file_name(name: &str, index: usize) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let safe: String = one_line(last).chars().map(|c| if "<>:\"|?*".contains(c) { '_' } else { c }).collect();
    let safe = safe.trim_matches([' ', '.']);
    if safe.is_empty() {
        return format!("file-{}", index + 1);
    }
    let length = safe.chars().count();
    if length <= NAME_CHARS_MAX {
        return safe.to_owned();
    }
    // The ending says what the file is: keep it.
    let (stem, ending) = safe.rsplit_once('.').filter(|(_, e)| e.chars().count() <= 12).unwrap_or((safe, ""));
    let kept = NAME_CHARS_MAX - ending.chars().count() - usize::from(!ending.is_empty());
    let stem: String = stem.chars().take(kept).collect();
    if ending.is_empty() { stem } else { format!("{stem}.{ending}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_is_cleaned_and_cut() {
        for (text, expected) in [
            ("a\r\nb\rc\nd\u{2028}e\u{85}f", "a\nb\nc\nd\ne\nf"),
            ("a\0\u{7}\u{1b}[31mb\tc\u{7f}\u{9b}", "a[31mb\tc"),
            ("invoice\u{202e}fdp.exe \u{2066}x\u{2069}", "invoicefdp.exe x"),
            (
                "\u{feff}keluarga 👨\u{200d}👩\u{200d}👧 می\u{200c}خواهم",
                "keluarga 👨\u{200d}👩\u{200d}👧 می\u{200c}خواهم",
            ),
            ("© “x” – …", "© “x” – …"),
        ] {
            let mut out = String::new();
            assert!(clean(text, &mut out, 1000));
            assert_eq!(out, expected);
        }
        let mut out = String::new();
        assert!(!clean("ééé", &mut out, 5));
        assert_eq!(out, "éé");
    }

    #[test]
    fn flowed_lines_are_joined() {
        for (text, delsp, expected) in [
            ("one \ntwo\nthree\n", false, "one two\nthree\n"),
            ("one \r\ntwo\r\n", true, "onetwo\n"),
            (">> a \n>> b\n> c\nd\n", false, ">> a b\n> c\nd\n"),
            ("> a \nb\n", false, "> a \nb\n"),
            (" >not quoted\n", false, ">not quoted\n"),
            ("text \n-- \nname\n", false, "text \n-- \nname\n"),
        ] {
            assert_eq!(unflow(text, delsp), expected, "{text:?}");
        }
    }

    #[test]
    fn file_names_name_only_a_file() {
        for (name, expected) in [
            ("foto.jpg", "foto.jpg"),
            ("../../etc/passwd", "passwd"),
            ("C:\\windows\\evil.exe", "evil.exe"),
            ("", "file-3"),
            ("..", "file-3"),
            (".bashrc", "bashrc"),
            ("a\u{202e}gpj.exe", "agpj.exe"),
            ("a\r\n b\0.txt", "a b.txt"),
            ("x:y?.txt", "x_y_.txt"),
        ] {
            assert_eq!(file_name(name, 2), expected, "{name:?}");
        }
        let long = file_name(&format!("{}.jpeg", "é".repeat(500)), 0);
        assert_eq!(long.chars().count(), NAME_CHARS_MAX);
        assert!(long.ends_with("é.jpeg"));
    }

    proptest! {
        #[test]
        fn what_is_shown_has_no_control_characters(text: String, limit in 0_usize..60) {
            let mut out = String::new();
            let whole = clean(&text, &mut out, limit);
            prop_assert!(out.len() <= limit);
            prop_assert!(whole || out.len() + 4 > limit);
            prop_assert!(!out.chars().any(|c| c.is_control() && c != '\n' && c != '\t' || deceives(c)));
            prop_assert!(!one_line(&text).chars().any(|c| c.is_control() || deceives(c)));
            let name = file_name(&text, 0);
            prop_assert!(!name.is_empty() && name.chars().count() <= NAME_CHARS_MAX && !name.contains(['/', '\\']));
        }
    }
}

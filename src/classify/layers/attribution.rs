//! The line above a quotation: "On ..., Ani <a@b.c> wrote:", "Pada ... Ani menulis:".

use super::lines::{Line, address_in, fold, has_moment, has_time, is_dash};
use super::people::{Person, person, tidy};
use super::wording::{VERBS, opens};

/// Most lines it goes on for.
const LINES_MAX: usize = 4;
/// Longest attribution, in characters.
const CHARS_MAX: usize = 400;

/// A line above a quotation.
pub(super) struct Attribution {
    /// Where it begins, in bytes from its line's first word.
    pub(super) inset: usize,
    /// The first line of the quotation.
    pub(super) end: usize,
    /// Who wrote it.
    pub(super) person: Person,
    /// A quotation follows that is marked as one, or the line has what only programs write: strokes around it, an address
    /// together with a time. Else it may be a sentence: "On 15 June at 10:30 he wrote:".
    pub(super) sure: bool,
}

/// Reads an attribution that begins at line `at`.
pub(super) fn read(lines: &[Line<'_>], at: usize) -> Option<Attribution> {
    let first = lines.get(at)?;
    // Most lines are no attribution, and what would be put together for nothing costs most.
    let mut here = lines.iter().skip(at).take(LINES_MAX).take_while(|l| !l.folded.is_empty() && l.depth == first.depth);
    let dated = first.folded.starts_with(char::is_numeric);
    let may_end = |folded: &str| may_end(folded) || dated && folded.ends_with('>');
    if !here.any(|l| may_end(&l.folded)) {
        return None;
    }
    let (mut whole, mut folded) = (String::new(), String::new());
    for count in 1..=LINES_MAX {
        let line = lines.get(at + count - 1).filter(|l| !l.folded.is_empty() && l.depth == first.depth)?;
        for (out, words) in [(&mut whole, line.words), (&mut folded, line.folded.as_str())] {
            out.push_str(if count > 1 { " " } else { "" });
            out.push_str(words);
        }
        if whole.chars().count() > CHARS_MAX {
            return None;
        }
        if !may_end(&line.folded) {
            continue;
        }
        let end = at + count;
        let inset = inset(first.words);
        let words = whole.get(inset..)?;
        let quoted = is_quoted(lines, end, first.depth);
        if inset > 0 {
            folded = fold(words);
        }
        if !attributes(&folded, quoted) {
            continue;
        }
        // A sentence above it is not part of it.
        let begins = count == 1
            || is_name(&first.folded) && lines.get(at + 1).is_some_and(|l| l.words.starts_with(['<', '(']))
            || begins(&first.folded) && !tail_is_whole(lines, at + 1, count - 1, quoted);
        let drawn = words.starts_with(is_dash) && words.ends_with(is_dash);
        let sure = quoted || drawn || address_in(&folded).is_some() && has_moment(&folded);
        return begins.then(|| Attribution { inset, end, person: author(words), sure });
    }
    None
}

fn begins(folded: &str) -> bool {
    opens(folded) || folded.starts_with(char::is_numeric) || has_moment(folded) || address_in(folded).is_some()
}

/// Whether a line may be a name alone, whose address was broken off to the next line.
fn is_name(folded: &str) -> bool {
    folded.split(' ').count() <= 5 && !folded.ends_with(['.', ',', '!', '?', ':', ';'])
}

fn tail_is_whole(lines: &[Line<'_>], at: usize, count: usize, quoted: bool) -> bool {
    let words: Vec<_> = lines.iter().skip(at).take(count).map(|l| l.folded.as_str()).collect();
    let joined = words.join(" ");
    begins(&joined) && has_moment(&joined) && attributes(&joined, quoted)
}

/// Whether the next words are quoted more deeply.
fn is_quoted(lines: &[Line<'_>], at: usize, depth: usize) -> bool {
    lines.iter().skip(at).take(4).find(|l| !l.is_blank() || l.depth > depth).is_some_and(|l| l.depth > depth)
}

fn may_end(folded: &str) -> bool {
    let bare = folded.trim_end_matches(|c: char| is_dash(c) || c == ' ');
    bare.ends_with(':') || VERBS.end(bare) || bare.starts_with(':')
}

fn attributes(folded: &str, quoted: bool) -> bool {
    let words = folded.trim_matches(|c: char| is_dash(c) || c == ' ');
    let drawn = folded.len() - words.len() >= 4;
    let colon = words.ends_with(':') || words.starts_with(':') || drawn;
    let address = address_in(words).is_some();
    let moment = has_moment(words);
    let short = words.chars().count() <= 80;
    if drawn && short && VERBS.end(words) {
        return true;
    }
    if !address && !moment && !quoted {
        return false;
    }
    let last: String = words.chars().rev().take(24).collect::<Vec<_>>().into_iter().rev().collect();
    let verb = VERBS.within(words) && (colon || VERBS.within(&last));
    if verb {
        let placed = opens(words) || words.starts_with(char::is_numeric);
        return address && (moment || quoted || short)
            || moment && (quoted || placed && has_time(words) && colon)
            || quoted && short;
    }
    let last = words.trim_end_matches([':', ' ']);
    let named = words.contains(['<', '(', '[']) || short && address_in(last).is_some_and(|a| a.end == last.len());
    let timed = colon && has_time(words) || quoted && words.starts_with(char::is_numeric) && words.ends_with('>');
    address && moment && timed && named
}

/// `reply--- On Wed, ... wrote:`: some programs put the line right behind the answer.
fn inset(words: &str) -> usize {
    let found = words.find("--- ").filter(|at| {
        let above = words.get(..*at).unwrap_or_default();
        !above.chars().all(is_dash) && words.get(at + 4..).is_some_and(|rest| opens(&fold(rest)))
    });
    found.unwrap_or(0)
}

fn author(words: &str) -> Person {
    let found = person(words);
    let before = found.address.as_deref().and_then(|a| words.split(a).next()).unwrap_or(words);
    // A quoted name, else the words between the last comma or figure and the address.
    let quotes = [('"', '"'), ('«', '»'), ('“', '”'), ('„', '“')];
    let quoted = quotes.iter().find_map(|(open, close)| {
        let (_, rest) = before.split_once(*open)?;
        tidy(rest.split_once(*close)?.0)
    });
    let name = quoted.or_else(|| {
        let bare = before.trim_end_matches(|c: char| "<([ ".contains(c) || c == '\u{a0}');
        let cut = bare.rfind(|c: char| c == ',' || c.is_numeric()).map_or(0, |at| at + 1);
        let words: Vec<_> =
            bare.get(cut..)?.split_whitespace().skip_while(|w| !w.starts_with(char::is_uppercase)).collect();
        tidy(&words.join(" ")).filter(|n| n.chars().count() <= 80 && !matches!(n.as_str(), "AM" | "PM"))
    });
    Person { name: name.filter(|_| found.address.is_some()), address: found.address }
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    #[test]
    fn attributions_of_many_programs() {
        for (text, end) in [
            ("On Mon, Apr 2, 2012 at 6:26 PM, Megan One <x@gmail.com> wrote:\n\n> Hi", Some(1)),
            ("On Nov 30, 2011, at 12:47 PM, Somebody <\n416ffd3258d4@y.example>\nwrote:\n\nTest", Some(3)),
            ("Pada Sab, 15 Jun 2024 pukul 14.59 Ani <a@b.example>\nmenulis:\n\n> x", Some(2)),
            ("Pada tanggal Sen, 3 Des 2018 10.41 Ani <a@b.example> menulis:\n> x", Some(1)),
            ("Ani menulis di 3 Des 2018:\n> x", Some(1)),
            ("Thu, 26 Jun 2014 14:00:51 +0400 от A <a@b.example>:\n> x", Some(1)),
            ("26.06.2014, 14:41, \"A\" <a@b.example>:\nx", Some(1)),
            ("------On 12/29/1987 17:32 PM, Julius Caesar wrote-----\n\nx", Some(1)),
            ("在 2024年5月1日，甲 <a@b.example> 写道：\n> x", Some(1)),
            ("---- Ani Lestari menulis ----\n\nx", Some(1)),
            ("Ani menulis:\n> x", Some(1)),
            ("Ani menulis:\naku sedih", None),
            ("Dia menulis: aku benci kamu", None),
            ("Aku sedih.\nOn Mon, Apr 2, 2012 at 6:26 PM, A <x@y.z> wrote:\n> Hi", None),
            ("Kemarin aku bertemu dia:\n- di sekolah", None),
        ] {
            assert_eq!(read(&lines(text), 0).map(|a| a.end), end, "{text}");
        }
        for (line, name) in [
            ("28/10/2021 12:46 időpontban John Doe (john@a.example) ezt írta:", "John Doe"),
            ("Am 28/10/2021, 12:46 schrieb \"John Doe\" <j@a.example>:", "John Doe"),
            ("John Doe <j@a.example> kirjoitti 28/10/2021 12.46:", "John Doe"),
            ("Le 28/10/2021 12:46, « John Doe » <j@a.example> a écrit :", "John Doe"),
        ] {
            assert_eq!(read(&lines(line), 0).and_then(|a| a.person.name).as_deref(), Some(name), "{line}");
        }
    }
}

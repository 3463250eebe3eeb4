//! One pass over a text's lines, from which its layers come.

use std::cell::OnceCell;

use super::attribution;
use super::block::{self, Head};
use super::divider::{self, Divider};
use super::labels::Field;
use super::lines::{self, Line, address_in};
use super::people::{Person, people, person};
use super::prefix::Way;
use super::wording::is_device;
use super::{Layers, lines::fold};
use crate::classify::{Forward, Layer, LayerKind};
use crate::secret::PlainText;

/// Longest signature, in lines that are not empty: a `--` with more below it only parts two halves of a letter.
const SIGNATURE_LINES_MAX: usize = 12;
/// Lines between a stroke and the headers below it.
const STROKE_GAP_MAX: usize = 3;
/// Empty lines between an attribution and its quotation.
const QUOTE_GAP_MAX: usize = 4;
/// Quoted lines that make a letter an answer; a single one may be a proverb.
const QUOTED_LINES_MIN: usize = 2;

/// What the header fields of the mail say.
pub(super) struct Known<'a> {
    /// The subject's outermost prefix.
    pub(super) way: Option<Way>,
    /// The subject without its prefixes.
    pub(super) subject: &'a str,
    /// Who wrote the mail, in lower case.
    pub(super) authors: &'a [String],
    /// To whom it goes, in lower case.
    pub(super) recipients: &'a [String],
    /// It refers to another mail.
    pub(super) threaded: bool,
}

impl Known<'_> {
    fn answers(&self, finnish: bool) -> bool {
        self.way.is_some_and(|way| way.answers() || way == Way::Nordic && finnish)
    }

    fn forwards(&self, finnish: bool) -> bool {
        self.way.is_some_and(|way| way.forwards() || way == Way::Nordic && !finnish)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Signing {
    No,
    /// Below `--`: so many lines may follow.
    Below(usize),
    /// A phone's line and what follows it without an empty line.
    Device,
}

struct Walk<'t, 'k> {
    known: &'k Known<'k>,
    lines: Vec<Line<'t>>,
    layers: Vec<Layer>,
    forward: Option<Forward>,
    is_reply: bool,
    /// The first fresh line.
    greeting: Option<usize>,
    signing: Signing,
    /// See [`Walk::last_sure`]; looked for once.
    surest: OnceCell<Option<usize>>,
}

pub(super) fn walk(known: &Known<'_>, text: &str) -> Layers {
    let mut walk = Walk {
        known,
        lines: lines::lines(text),
        layers: Vec::new(),
        forward: None,
        is_reply: false,
        greeting: None,
        signing: Signing::No,
        surest: OnceCell::new(),
    };
    let mut at = 0;
    while at < walk.lines.len() {
        at = walk.step(at).max(at + 1);
    }
    if walk.layers.is_empty() {
        walk.layers.push(Layer { begin: 0, kind: LayerKind::Fresh });
    }
    Layers { layers: walk.layers, forward: walk.forward, is_reply: walk.is_reply, way: known.way }
}

impl Walk<'_, '_> {
    /// Claims what begins at a line; returns the first line not claimed.
    fn step(&mut self, at: usize) -> usize {
        let Some(line) = self.lines.get(at) else { return at + 1 };
        if line.depth == 0 && line.is_blank() {
            if self.signing == Signing::Device {
                self.signing = Signing::No;
            }
            return at + 1;
        }
        let quoted = line.depth > 0;
        // A quotation may begin with empty quoted lines.
        let first = (at..self.lines.len()).find(|n| self.lines.get(*n).is_none_or(|l| !l.is_blank() || l.depth == 0));
        let head = first.filter(|n| self.lines.get(*n).is_some_and(|l| l.depth > 0 || *n == at)).unwrap_or(at);
        let claimed = self.divided(at, head).or_else(|| self.headed(at, head)).or_else(|| self.attributed(at, head));
        if let Some(end) = claimed {
            return end;
        }
        if quoted { self.quoted(at) } else { self.own(at) }
    }

    /// A line that says that an earlier letter follows.
    fn divided(&mut self, at: usize, line: usize) -> Option<usize> {
        let divider = divider::read(&self.lines, line)?;
        let quoted = self.lines.get(line)?.depth > 0;
        let finnish = divider.head.as_ref().is_some_and(|h| h.finnish);
        let passes = match divider.forwarded {
            true => !(quoted && self.known.answers(finnish)),
            false => self.original_is_forwarded(&divider, finnish),
        };
        let end = self.region(line, divider.end);
        let Divider { head, mut person, end: mut body, .. } = divider;
        if head.is_none() && person.address.is_none() {
            // One webmail names the author as above an answer.
            let next = (body..body + QUOTE_GAP_MAX).find(|n| self.lines.get(*n).is_some_and(|l| !l.is_blank()));
            if let Some(named) = next.and_then(|n| attribution::read(&self.lines, n)) {
                (person, body) = (named.person, named.end);
            }
        }
        let forward = passes.then(|| (head.unwrap_or_default(), person));
        Some(self.claim(self.begin(at), forward, body, end))
    }

    /// "Original message" stands above answers; above forwards too, where the page of the program began with the subject, or
    /// where nothing was written above it.
    fn original_is_forwarded(&self, divider: &Divider, finnish: bool) -> bool {
        if self.known.forwards(finnish) {
            return true;
        }
        let Some(head) = divider.head.as_ref().filter(|h| h.from.is_some()) else { return false };
        let answered = self.known.answers(finnish) || self.known.threaded || self.is_recipient(head);
        !answered && (head.first == Some(Field::Subject) || self.greeting.is_none() || !self.is_answered(head))
    }

    /// Header lines that nothing announces.
    fn headed(&mut self, at: usize, line: usize) -> Option<usize> {
        let head = block::read(&self.lines, line)?;
        let forwards = self.known.forwards(head.finnish) && head.from.is_some();
        if !(head.is_mail() || head.is_tail() || forwards && head.is_some() && head.end > line + 1) {
            return None;
        }
        let passes = forwards || !self.known.answers(head.finnish) && !self.is_answered(&head);
        let (body, end) = (head.end, self.region(line, head.end));
        Some(self.claim(self.begin(at), passes.then(|| (head, Person::default())), body, end))
    }

    /// Without a word in the subject, header lines alone look the same above answers and forwards of some programs.
    fn is_answered(&self, head: &Head) -> bool {
        let from = head.from.as_deref().unwrap_or_default();
        let own = address_in(from).and_then(|r| from.get(r)).map(str::to_lowercase);
        let pasted = own.is_some_and(|a| self.known.authors.contains(&a));
        let written = from.contains('<') && head.to.as_deref().is_some_and(|to| address_in(to).is_some());
        pasted
            || self.known.threaded
            || self.is_recipient(head)
            || self.greets(from)
            // An old webmail put the date first above answers; Outlook writes "sent", and full addresses in newer forms.
            || matches!(head.first, Some(Field::Date | Field::Sent))
            || head.sent && !written
    }

    /// The earlier letter's author is who this mail goes to.
    fn is_recipient(&self, head: &Head) -> bool {
        let from = head.from.as_deref().unwrap_or_default();
        let address = address_in(from).and_then(|r| from.get(r)).map(str::to_lowercase);
        address.is_some_and(|a| self.known.recipients.contains(&a))
    }

    /// The letter begins with the name of the earlier letter's author.
    fn greets(&self, from: &str) -> bool {
        let Some(line) = self.greeting.and_then(|n| self.lines.get(n)) else { return false };
        let name = person(from).name.unwrap_or_default();
        let greeted: Vec<_> = line.folded.split(|c: char| !c.is_alphanumeric()).take(8).collect();
        fold(&name)
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word.chars().count() >= 3 && greeted.contains(&word))
    }

    /// A line above a quotation. Below a forwarding subject it stands above what is passed on.
    fn attributed(&mut self, at: usize, line: usize) -> Option<usize> {
        let found = attribution::read(&self.lines, line)?;
        let finnish = self.lines.get(line)?.folded.contains("kirjoitti");
        if !found.sure && !self.quotes_from(found.end, finnish) {
            return None;
        }
        let passes = self.known.forwards(finnish) && self.forward.is_none();
        let mut begin = self.begin(at);
        if found.inset > 0 {
            let start = self.lines.get(line)?.start;
            self.push(begin, LayerKind::Fresh);
            self.greeting.get_or_insert(line);
            begin = start + found.inset;
        }
        let end = self.region(line, found.end);
        let head = Head {
            subject: (!self.known.subject.is_empty()).then(|| self.known.subject.to_owned()),
            ..Head::default()
        };
        Some(self.claim(begin, passes.then_some((head, found.person)), found.end, end))
    }

    /// Whether what follows an attribution that may be a sentence is taken for a quotation: in a mail that answers or
    /// passes on, and only if nothing below it says more surely where the earlier letter begins.
    fn quotes_from(&self, at: usize, finnish: bool) -> bool {
        let related = self.known.threaded || self.known.answers(finnish) || self.known.forwards(finnish);
        related && self.surest.get_or_init(|| self.last_sure()).is_none_or(|last| last < at)
    }

    /// The last line that is quoted, or that only a program writes above an earlier letter.
    fn last_sure(&self) -> Option<usize> {
        (0..self.lines.len()).rev().find(|n| {
            self.lines.get(*n).is_some_and(|l| l.depth > 0)
                || attribution::read(&self.lines, *n).is_some_and(|a| a.sure)
                || divider::read(&self.lines, *n).is_some()
                || block::read(&self.lines, *n).is_some_and(|h| h.is_mail())
        })
    }

    /// A quotation nobody announced.
    fn quoted(&mut self, at: usize) -> usize {
        let end = self.quote_end(at);
        let count = self.lines.iter().take(end).skip(at).filter(|l| l.depth > 0 && !l.is_blank()).count();
        let passes = self.known.way == Some(Way::Forward) && self.forward.is_none() && count >= QUOTED_LINES_MIN;
        if passes {
            let subject = (!self.known.subject.is_empty()).then(|| self.known.subject.to_owned());
            let head = Head { subject, ..Head::default() };
            return self.claim(self.begin(at), Some((head, Person::default())), at, end);
        }
        self.is_reply |= count >= QUOTED_LINES_MIN;
        self.push(self.begin(at), LayerKind::Quoted);
        end
    }

    /// The sender's own words, or their signature.
    fn own(&mut self, at: usize) -> usize {
        let Some(line) = self.lines.get(at) else { return at + 1 };
        let begin = line.begin;
        let delimiter = matches!(line.words, "--" | "\u{2014}" | "-- ");
        let device = is_device(&line.folded);
        self.signing = match self.signing {
            Signing::Below(0) => {
                self.layers.pop_if(|last| last.kind == LayerKind::Signature);
                Signing::No
            }
            Signing::Below(left) => Signing::Below(left - 1),
            Signing::No | Signing::Device if delimiter && self.greeting.is_some() => {
                Signing::Below(SIGNATURE_LINES_MAX)
            }
            Signing::No if device => Signing::Device,
            signing => signing,
        };
        if self.signing == Signing::No {
            if !line.is_stroke() {
                self.greeting.get_or_insert(at);
            }
            self.push(begin, LayerKind::Fresh);
        } else {
            self.push(begin, LayerKind::Signature);
        }
        at + 1
    }

    /// Marks an earlier letter from `begin` to the line `end`, and keeps what is known of the first forwarded one.
    fn claim(&mut self, begin: usize, forward: Option<(Head, Person)>, body: usize, end: usize) -> usize {
        self.signing = Signing::No;
        let Some((head, named)) = forward else {
            self.is_reply = true;
            self.push(begin, LayerKind::Quoted);
            return end;
        };
        self.push(begin, LayerKind::Forwarded);
        if self.forward.is_none() {
            self.forward = Some(forwarded(head, named, 1 + self.inner(body, end)));
        }
        end
    }

    /// How many more letters lie between two lines.
    fn inner(&self, from: usize, end: usize) -> usize {
        let mut at = from;
        let mut count = 0;
        while at < end {
            // Some programs draw their line once more below the headers.
            let divider = divider::read(&self.lines, at).filter(|d| d.head.is_some() || d.person.address.is_some());
            let next = divider.map(|d| d.end);
            let next = next.or_else(|| block::read(&self.lines, at).filter(Head::is_mail).map(|h| h.end));
            let next = next.or_else(|| attribution::read(&self.lines, at).map(|a| a.end));
            count += usize::from(next.is_some());
            at = next.unwrap_or(at + 1).max(at + 1);
        }
        count
    }

    /// Where an earlier letter ends whose head stands at `line` and whose body begins at `body`: with its quote marks, with
    /// a line that says so, or with the text.
    fn region(&self, line: usize, body: usize) -> usize {
        if self.lines.get(line).is_some_and(|l| l.depth > 0) {
            return self.quote_end(line);
        }
        let next =
            (body..body + QUOTE_GAP_MAX).find(|n| self.lines.get(*n).is_some_and(|l| !l.is_blank() || l.depth > 0));
        if let Some(quote) = next.filter(|n| self.lines.get(*n).is_some_and(|l| l.depth > 0)) {
            return self.quote_end(quote);
        }
        let ended = self.lines.iter().skip(body).position(divider::ends);
        ended.map_or(self.lines.len(), |at| body + at + 1)
    }

    /// The first line with words after a quotation. A link that broke out of its quoted line does not end it.
    fn quote_end(&self, at: usize) -> usize {
        let mut end = at;
        while let Some(line) = self.lines.get(end) {
            if line.depth == 0 && !line.is_blank() && !self.is_torn(end) {
                break;
            }
            end += 1;
        }
        end
    }

    fn is_torn(&self, at: usize) -> bool {
        let depth = |n: usize| self.lines.get(n).map_or(0, |l| l.depth);
        let (Some(before), Some(line)) = (at.checked_sub(1).and_then(|n| self.lines.get(n)), self.lines.get(at)) else {
            return false;
        };
        let open = |open: char, close: char| before.words.rfind(open) > before.words.rfind(close);
        let link = ["(http", "<http", "http"].iter().any(|start| line.words.starts_with(start));
        before.depth > 0 && depth(at + 1) > 0 && (link || open('(', ')') || open('<', '>'))
    }

    /// Where a layer begins whose first line is `at`: with the stroke above it, if there is one.
    fn begin(&self, at: usize) -> usize {
        let depth = self.lines.get(at).map_or(0, |l| l.depth);
        let above = (at.saturating_sub(STROKE_GAP_MAX)..at).rev();
        let stroke = above
            .map_while(|n| self.lines.get(n).filter(|l| l.depth <= depth && (l.is_blank() || l.is_stroke())))
            .filter(|l| l.is_stroke())
            .last();
        stroke.or_else(|| self.lines.get(at)).map_or(0, |l| l.begin)
    }

    fn push(&mut self, begin: usize, kind: LayerKind) {
        let claimed = self.layers.last().is_some_and(|l| l.kind != LayerKind::Fresh && l.kind != LayerKind::Signature);
        while !claimed && self.layers.pop_if(|last| last.begin >= begin).is_some() {}
        if self.layers.last().is_some_and(|last| last.kind == kind || last.begin >= begin) {
            return;
        }
        let begin = if self.layers.is_empty() { 0 } else { begin };
        self.layers.push(Layer { begin, kind });
    }
}

/// What is known of a forwarded letter.
fn forwarded(head: Head, named: Person, depth: usize) -> Forward {
    let from = head.from.as_deref().map_or(named, person);
    let list = |value: Option<String>| people(&value.unwrap_or_default()).into_iter().map(PlainText::new).collect();
    Forward {
        from: from.address.map(PlainText::new),
        from_name: from.name.map(PlainText::new),
        to: list(head.to),
        cc: list(head.cc),
        date: head.date.filter(|d| !d.is_empty()).map(PlainText::new),
        subject: head.subject.filter(|s| !s.is_empty()).map(PlainText::new),
        depth,
    }
}

//! What the page of a thread shows.

use chrono_tz::Tz;

use super::guard_view::GuardView;
use super::thread::{Asked, Written};
use super::{Notice, When, notice};
use crate::clock::Moment;
use crate::flow::answer;
use crate::flow::read::{self, Access, OpenLetter};
use crate::flow::session::Reader;
use crate::flow::words::Words;
use crate::flow::work::{self, Beside};
use crate::house::Failure;
use crate::ids::{LetterId, NoteId, PersonId, ThreadId};
use crate::limits::{NOTE_BYTES_MAX, SUBJECT_CHARS_MAX};
use crate::role::Language;
use crate::secret::PlainText;
use crate::store::letters::{Door, Side};
use crate::store::threads::Thread;
use crate::web::ctx::Ctx;
use crate::web::hours;
use crate::web::refusal::Refusal;
use crate::web::shell::Shell;
use crate::web::wraps;

/// How the reader stands to the thread.
pub(super) enum Stand {
    /// Nobody answers yet.
    Nobody,
    /// The reader answers.
    Mine,
    /// A colleague answers.
    Colleague(PersonId),
}

/// A letter of the page.
struct LetterView {
    id: LetterId,
    from_client: bool,
    who: PlainText,
    when: When,
    by_mail: bool,
    /// How its mail was wrapped, in sentences.
    wraps: Vec<String>,
    words: Option<Words>,
    states: Vec<String>,
    can_recall: bool,
}

/// A private note of the reader.
struct NoteView {
    id: NoteId,
    text: PlainText,
    when: When,
}

/// The form of the reply.
struct ReplyForm {
    subject: PlainText,
    text: PlainText,
    form_id: LetterId,
    covers: i64,
    /// "Saved at"; empty while there is no draft.
    saved: String,
    send: String,
    has_draft: bool,
    problem: Option<String>,
    text_problem: bool,
    guard: Option<GuardView>,
}

#[derive(askama::Template)]
#[template(path = "pages/counselor/thread.html")]
pub(super) struct Page {
    s: Shell,
    notice: Option<Notice>,
    id: ThreadId,
    client: PersonId,
    code: String,
    stand: Stand,
    beside: Beside,
    initials: String,
    hue: u8,
    urgent: bool,
    waiting: Option<When>,
    /// How the newest letter of the client came.
    door: Option<String>,
    language: Language,
    letters: Vec<LetterView>,
    /// Older letters stand before this moment.
    older: Option<i64>,
    /// This is not the newest page.
    is_past: bool,
    reply: Option<ReplyForm>,
    /// Words of the reader that cannot be sent from here, because the thread is not theirs.
    unsent: Option<PlainText>,
    colleagues: Vec<(PersonId, PlainText)>,
    notes: Vec<NoteView>,
    needs_reason: bool,
    subject_chars: usize,
    note_chars: usize,
}

impl Page {
    fn is_mine(&self) -> bool {
        matches!(self.stand, Stand::Mine)
    }

    fn is_nobodys(&self) -> bool {
        matches!(self.stand, Stand::Nobody)
    }

    fn holder(&self) -> Option<PersonId> {
        match self.stand {
            Stand::Colleague(person) => Some(person),
            Stand::Nobody | Stand::Mine => None,
        }
    }
}

/// Everything the page shows. `written` is a reply that could not be taken as it is.
pub(super) async fn view(
    ctx: &Ctx,
    reader: &Reader,
    thread: &Thread,
    access: Access,
    asked: &Asked,
    written: Option<Written>,
) -> Result<Page, Refusal> {
    let me = reader.who.person;
    let stand = match access {
        Access::WithColleague(person) => Stand::Colleague(person),
        Access::Open if thread.assignee == Some(me) => Stand::Mine,
        Access::Open => Stand::Nobody,
    };
    let beside = work::beside(&ctx.house, thread).await?;
    let zone = hours::zone(&beside.desk.zone);
    let done = asked.done.as_deref();
    let mut page = Page {
        s: Shell::new(ctx, Some(reader.who.roles), "counselor-title", "/queue"),
        notice: notice(ctx.texts, done),
        id: thread.id,
        client: thread.client,
        code: thread.id.case_code(),
        initials: initials(beside.name.reveal()),
        hue: hue(thread.client),
        urgent: thread.urgent,
        waiting: thread.waiting.map(|at| When::new(ctx, at, zone)),
        door: None,
        language: beside.language,
        letters: Vec::new(),
        older: None,
        is_past: asked.before.is_some(),
        reply: None,
        unsent: None,
        colleagues: Vec::new(),
        notes: Vec::new(),
        needs_reason: done == Some("reason"),
        subject_chars: SUBJECT_CHARS_MAX,
        // Characters may take four bytes each.
        note_chars: NOTE_BYTES_MAX / 4,
        stand,
        beside,
    };
    let covers =
        if page.holder().is_none() { add_letters(ctx, reader, thread, asked, &mut page, zone).await? } else { None };
    if page.is_mine() {
        add_work(ctx, reader, thread, &mut page, zone).await?;
    }
    add_words(ctx, reader, &mut page, covers, written, zone).await?;
    Ok(page)
}

/// Opens the letters; returns the moment up to which an answer to this page answers.
async fn add_letters(
    ctx: &Ctx,
    reader: &Reader,
    thread: &Thread,
    asked: &Asked,
    page: &mut Page,
    zone: Tz,
) -> Result<Option<Moment>, Refusal> {
    let opened = read::page(&ctx.house, reader, thread, asked.before.map(Moment::from_micros)).await?;
    let newest = opened.letters.iter().rev().find(|l| l.side == Side::Client);
    page.door =
        newest.map(|l| ctx.texts.t(if l.door == Door::Mail { "counselor-door-mail" } else { "counselor-door-web" }));
    // Ten replies in a row: everything of the client is older than what stands here.
    let covers = newest.or(opened.letters.last()).map(|l| l.received);
    page.older = opened.older.map(Moment::micros);
    for letter in opened.letters {
        let waits = letter.side == Side::Counselor && letter.released.is_none();
        let leaves = if waits { answer::leaves_at(&ctx.house, letter.id).await? } else { None };
        page.letters.push(letter_view(ctx, reader, &page.beside, letter, leaves, zone));
    }
    Ok(covers)
}

fn letter_view(
    ctx: &Ctx,
    reader: &Reader,
    beside: &Beside,
    letter: OpenLetter,
    leaves: Option<Moment>,
    zone: Tz,
) -> LetterView {
    let from_client = letter.side == Side::Client;
    let is_own = letter.author == Some(reader.who.person);
    let who = if from_client { beside.name.clone() } else { letter.author_name.unwrap_or_default() };
    let states = if from_client { Vec::new() } else { states(ctx, leaves, letter.released, letter.read, zone) };
    LetterView {
        id: letter.id,
        from_client,
        who,
        when: When::new(ctx, letter.received, zone),
        by_mail: letter.door == Door::Mail,
        wraps: wraps::lines(ctx.texts, letter.wrap.as_ref()),
        words: letter.words,
        states,
        can_recall: !from_client && is_own && letter.released.is_none(),
    }
}

/// What became of a reply, in sentences.
fn states(ctx: &Ctx, leaves: Option<Moment>, released: Option<Moment>, read: Option<Moment>, zone: Tz) -> Vec<String> {
    let Some(released) = released else {
        let soon = ctx.now.plus(ctx.house.rules.recall);
        let text = match leaves.filter(|at| *at > ctx.now) {
            Some(at) if at > soon => ctx.texts.t1("counselor-leaves-later", "time", ctx.texts.date_time(at, zone)),
            Some(at) => ctx.texts.t1("counselor-leaves", "time", ctx.texts.clock(at, zone)),
            None => ctx.texts.t("counselor-leaves-now"),
        };
        return vec![text];
    };
    let seen = match read {
        Some(at) => ctx.texts.t1("counselor-read", "time", ctx.texts.date_time(at, zone)),
        None => ctx.texts.t("counselor-unread"),
    };
    vec![ctx.texts.t1("counselor-released", "time", ctx.texts.date_time(released, zone)), seen]
}

/// What only the counselor who answers needs.
async fn add_work(ctx: &Ctx, reader: &Reader, thread: &Thread, page: &mut Page, zone: Tz) -> Result<(), Refusal> {
    let me = reader.who.person;
    page.colleagues =
        work::colleagues(&ctx.house, thread.desk).await?.into_iter().filter(|(id, _)| *id != me).collect();
    let notes = work::notes(&ctx.house, reader, thread.id).await?;
    page.notes =
        notes.into_iter().map(|n| NoteView { id: n.id, text: n.text, when: When::new(ctx, n.written, zone) }).collect();
    Ok(())
}

/// The reply: what was just typed, else the draft. Where the reader cannot answer, their words are shown to them all the same.
async fn add_words(
    ctx: &Ctx,
    reader: &Reader,
    page: &mut Page,
    covers: Option<Moment>,
    written: Option<Written>,
    zone: Tz,
) -> Result<(), Refusal> {
    let draft = match answer::draft(&ctx.house, reader, page.id).await {
        Ok(draft) => draft,
        // A draft that cannot be opened must not keep the letters shut.
        Err(Failure::Damaged(_)) => None,
        Err(other) => return Err(other.into()),
    };
    if !page.is_mine() || page.is_past {
        let words = written.map(|w| w.text).or(draft.map(|d| d.text));
        page.unsent = words.filter(|w| !page.is_mine() && !w.reveal().trim().is_empty());
        return Ok(());
    }
    let minutes = i64::try_from(ctx.house.rules.recall.as_secs() / 60).unwrap_or(0);
    let saved = draft.as_ref().map(|d| ctx.texts.t1("counselor-saved", "time", ctx.texts.clock(d.saved, zone)));
    let has_draft = draft.is_some();
    let (subject, text) = match (&written, draft) {
        (Some(w), _) => (w.subject.clone(), w.text.clone()),
        (None, Some(d)) => (d.subject, d.text),
        (None, None) => Default::default(),
    };
    let problem = written.as_ref().and_then(|w| w.problem);
    let window_ends = ctx.now.plus(ctx.house.rules.recall);
    let leaves = answer::leaves(&page.beside.desk, page.urgent, window_ends);
    let (form_id, shown) = written.as_ref().map_or((None, None), |w| (w.form_id, w.covers));
    let guard = written.and_then(|w| w.stopped).map(|stopped| {
        let name = page.beside.name.clone();
        GuardView::new(ctx, page.id, page.client, name, stopped.doubts, stopped.reason_missing)
    });
    page.reply = Some(ReplyForm {
        subject,
        text,
        form_id: form_id.unwrap_or_else(|| LetterId::draw(&*ctx.house.chance)),
        covers: shown.or(covers).map_or(0, Moment::micros),
        saved: saved.unwrap_or_default(),
        send: if leaves > window_ends {
            ctx.texts.t1("counselor-send-later", "time", ctx.texts.date_time(leaves, zone))
        } else if minutes == 0 {
            ctx.texts.t("counselor-send-now")
        } else {
            ctx.texts.t1("counselor-send", "n", minutes)
        },
        has_draft,
        problem: problem.map(|key| ctx.texts.t(key)),
        text_problem: problem.is_some_and(|key| !matches!(key, "counselor-form-expired" | "guard-stopped")),
        guard,
    });
    Ok(())
}

/// Which of the six colors an emblem has.
pub(super) fn hue(client: PersonId) -> u8 {
    client.bytes().first().copied().unwrap_or_default() % 6 + 1
}

/// Two letters for an emblem.
pub(super) fn initials(name: &str) -> String {
    let first = |word: &str| word.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    name.split_whitespace().take(2).map(first).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_emblem_has_two_initials() {
        assert_eq!(super::initials("bintang Sore hari"), "BS");
        assert_eq!(super::initials(""), "");
    }
}

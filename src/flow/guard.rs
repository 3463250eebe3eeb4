//! Before a reply leaves: gathers what the guard compares it with.
//!
//! Names: of every client whose thread this counselor answers or could take now. Words: of the threads they worked on
//! last, because that is where a letter goes astray. All of it is opened for this one look and wiped; nothing of it is kept
//! as a fingerprint somewhere.

use super::session::{Reader, Realm, open_name};
use super::{read, work};
use crate::crisis;
use crate::guard::{self, Doubt, Person};
use crate::house::{Failure, House};
use crate::ids::{PersonId, ThreadId};
use crate::limits::{GUARD_LETTERS, GUARD_NAMES_MAX, GUARD_THREADS};
use crate::secret::PlainText;
use crate::store::queue::{self, List, Waiting};
use crate::store::threads::{self, Thread};
use crate::store::{Conn, desks};

/// Another client, as a comparison shows them.
pub struct Other {
    /// Their thread.
    pub thread: ThreadId,
    /// Who.
    pub client: PersonId,
    /// The mailbox name.
    pub name: PlainText,
}

/// What the guard found, with the people it points to.
pub struct Doubts {
    /// In the order they were found.
    pub doubts: Vec<Doubt>,
    /// `Doubt::other` counts here.
    pub others: Vec<Other>,
    /// Recognises these very doubts when somebody says that they have looked.
    pub mark: String,
}

/// Looks a reply over. Empty doubts: it may leave.
pub async fn look(
    house: &House,
    reader: &Reader,
    thread: &Thread,
    subject: &PlainText,
    text: &PlainText,
) -> Result<Doubts, Failure> {
    let beside = work::beside(house, thread).await?;
    let mut conn = house.db.read().await?;
    let own = read::client_texts(house, &mut conn, reader, thread, GUARD_LETTERS).await?;
    let rows = others(&mut conn, reader, thread).await?;
    let mut others = Vec::with_capacity(rows.len());
    let mut texts = Vec::with_capacity(rows.len());
    for (n, row) in rows.into_iter().enumerate() {
        let Ok(name) = open_name(house, Realm::Clients, row.client, &row.name_sealed) else {
            continue;
        };
        texts.push(if n < GUARD_THREADS { letters(house, &mut conn, reader, row.thread).await } else { Vec::new() });
        others.push(Other { thread: row.thread, client: row.client, name });
    }
    drop(conn);
    let codes: Vec<String> = others.iter().map(|o| o.thread.case_code()).collect();
    let people: Vec<Person<'_>> = others
        .iter()
        .zip(&codes)
        .zip(&texts)
        .map(|((other, code), letters)| Person { name: other.name.reveal(), code, letters: revealed(letters) })
        .collect();
    let code = thread.id.case_code();
    let to = Person { name: beside.name.reveal(), code: &code, letters: revealed(&own) };
    let whole = PlainText::new(format!("{}\n{}", subject.reveal(), text.reveal()));
    let contacts = crisis::contacts("id").iter().map(crisis::Contact::dial);
    // What anybody may know: the crisis contacts, what the desk says of itself, and the house's own addresses.
    let known: Vec<&str> = contacts
        .chain([beside.desk.about_id.as_str(), beside.desk.about_en.as_str(), house.rules.mail_domain.as_str()])
        .collect();
    let found = guard::look(whole.reveal(), &to, &people, &known);
    let mark = mark(house, &found, &others);
    Ok(Doubts { doubts: found, others, mark })
}

impl Doubts {
    /// Whether somebody has to look.
    pub fn is_empty(&self) -> bool {
        self.doubts.is_empty()
    }

    /// Whether a way to reach somebody is among them, which asks for a reason.
    pub fn has_contacts(&self) -> bool {
        self.doubts.iter().any(|d| matches!(d, Doubt::Contact { .. }))
    }

    /// What was doubted and why it may leave all the same: words for the audit, no content.
    pub fn passed(&self, reason: &str) -> String {
        let mut words: Vec<&str> = self.doubts.iter().map(Doubt::word).collect();
        words.dedup();
        format!("{}: {reason}", words.join(","))
    }
}

fn revealed(texts: &[PlainText]) -> Vec<&str> {
    texts.iter().map(|t| t.reveal().as_str()).collect()
}

/// Threads of other clients: first those this counselor worked on last, then the rest of what they might mix up.
async fn others(conn: &mut Conn, reader: &Reader, thread: &Thread) -> Result<Vec<Waiting>, Failure> {
    let me = reader.who.person;
    let mut rows = queue::recent(conn, me, GUARD_THREADS).await?;
    rows.extend(queue::list(conn, List::Mine(me), None, GUARD_NAMES_MAX).await?);
    for desk in desks::list_of_person(conn, me).await? {
        rows.extend(queue::list(conn, List::Unassigned(desk.id), None, GUARD_NAMES_MAX).await?);
    }
    let mut seen = std::collections::HashSet::new();
    rows.retain(|row| row.client != thread.client && seen.insert(row.thread));
    rows.truncate(GUARD_NAMES_MAX);
    Ok(rows)
}

/// What a client wrote last. A thread that cannot be opened must not keep another client waiting for their answer.
async fn letters(house: &House, conn: &mut Conn, reader: &Reader, thread: ThreadId) -> Vec<PlainText> {
    match threads::find(conn, thread).await {
        Ok(Some(row)) => read::client_texts(house, conn, reader, &row, GUARD_LETTERS).await.unwrap_or_default(),
        Ok(None) | Err(_) => Vec::new(),
    }
}

/// A hash under the house key: whoever changes the reply so that it raises another doubt is asked again.
fn mark(house: &House, doubts: &[Doubt], others: &[Other]) -> String {
    let mut parts = String::new();
    for doubt in doubts {
        parts.push_str(doubt.word());
        match doubt {
            Doubt::Contact { text, .. } => parts.push_str(text.reveal()),
            _ => {
                let other = doubt.other().and_then(|n| others.get(n));
                parts.push_str(&other.map(|o| o.thread.to_string()).unwrap_or_default());
            }
        }
        parts.push('\n');
    }
    let parts = PlainText::new(parts);
    crate::ids::base32(&house.keys.house.hash(super::session::kind::GUARD_MARK, parts.reveal()))
}

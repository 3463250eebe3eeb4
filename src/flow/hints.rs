//! What a client is told or asked in the mailbox about the way their mail came, and what they answered.

use super::receive::seal_mail;
use super::session::Reader;
use super::write::Place;
use super::{keyring, read, session, wrapping};
use crate::audit::{self, Action};
use crate::clock::Moment;
use crate::house::{Failure, House};
use crate::ids::{LetterId, ThreadId};
use crate::parse::{self, RawLetter};
use crate::screen::{Case, Signal, is_established};
use crate::store::hints::{self, Hint};
use crate::store::letters::{self, Door, NewLetter, Stored};
use crate::store::threads::{self, Target, Thread};
use crate::store::{Conn, Tx};

/// What a client is told or asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintKind {
    /// Others got the letter too; how to write alone (M4).
    Others,
    /// A letter from another address waits: was that you? (M3)
    OtherAddress,
    /// It holds another person's words: names may be blacked out next time (M1, M14).
    OthersWords,
    /// Is your mail passed on automatically? (M7)
    PassedOn,
    /// It came through a list; others may have it (M11).
    List,
    /// It could not be opened; how to send it again (M16).
    Resend,
    /// Where does it belong? (M18, M19)
    Belongs,
    /// Do others read this mailbox? (M13)
    Shared,
}

impl HintKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Others,
        Self::OtherAddress,
        Self::OthersWords,
        Self::PassedOn,
        Self::List,
        Self::Resend,
        Self::Belongs,
        Self::Shared,
    ];

    /// The word in the table and in text keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Others => "others",
            Self::OtherAddress => "other-address",
            Self::OthersWords => "others-words",
            Self::PassedOn => "passed-on",
            Self::List => "list",
            Self::Resend => "resend",
            Self::Belongs => "belongs",
            Self::Shared => "shared",
        }
    }

    /// The answers its buttons give; none where there is nothing to answer.
    pub const fn answers(self) -> &'static [&'static str] {
        match self {
            Self::OtherAddress | Self::PassedOn | Self::Shared => &["yes", "no"],
            Self::Belongs => &["stays"],
            Self::Others | Self::OthersWords | Self::List | Self::Resend => &[],
        }
    }

    /// Asked once and not again.
    const fn is_once(self) -> bool {
        matches!(self, Self::PassedOn | Self::Shared)
    }

    /// What the client is told of a mail that waits.
    pub(super) fn for_held(signals: &[Signal]) -> Vec<Self> {
        let has = |wanted: &[Signal]| signals.iter().any(|s| wanted.contains(s));
        let mut all = Vec::new();
        // A sender who could not be proven is nobody's business but the counselor's (M15).
        let disowned = has(&[Signal::DmarcFail, Signal::CounselorName]);
        let other = has(&[Signal::UnknownSender, Signal::NoConfirmedAddress]) || is_established(signals, Case::M3);
        if other && !disowned {
            all.push(Self::OtherAddress);
        }
        if !disowned && !other && has(&[Signal::List]) {
            all.push(Self::List);
        }
        if !disowned && !other && has(&[Signal::Unreadable, Signal::Locked]) {
            all.push(Self::Resend);
        }
        all
    }
}

impl std::str::FromStr for HintKind {
    type Err = crate::role::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|k| k.word() == text).ok_or(crate::role::UnknownWord)
    }
}

/// What the client is told of a letter that entered. `Belongs` is asked only where the client has another thread.
pub(super) async fn for_letter(conn: &mut Conn, target: &Target, signals: &[Signal]) -> Result<Vec<HintKind>, Failure> {
    let mut all = Vec::new();
    if signals.is_empty() {
        return Ok(all);
    }
    if signals.contains(&Signal::OthersAddressed) {
        all.push(HintKind::Others);
    }
    if is_established(signals, Case::M1) || is_established(signals, Case::M14) {
        all.push(HintKind::OthersWords);
    }
    if is_established(signals, Case::M7) {
        all.push(HintKind::PassedOn);
    }
    if signals.iter().any(|s| s.case() == Case::M13) {
        all.push(HintKind::Shared);
    }
    let elsewhere = signals.iter().any(|s| matches!(s.case(), Case::M18 | Case::M19));
    if elsewhere && threads::list_of_client(conn, target.client).await?.len() > 1 {
        all.push(HintKind::Belongs);
    }
    Ok(all)
}

/// Tells a client something in the commit it belongs to.
pub(super) async fn tell(
    tx: &mut Tx,
    thread: ThreadId,
    hint: HintKind,
    about: &[u8],
    now: Moment,
) -> Result<(), Failure> {
    Ok(hints::insert(tx, thread, hint.word(), about, now, hint.is_once()).await?)
}

/// What waits for this client's eyes in a thread of theirs.
pub async fn open(house: &House, thread: &Thread) -> Result<Vec<(HintKind, Hint)>, Failure> {
    let all = hints::list(&mut house.db.read().await?, thread.id).await?;
    let known = |h: Hint| Some((h.kind.parse::<HintKind>().ok()?, h));
    Ok(all.into_iter().filter(|h| h.seen.is_none()).filter_map(known).collect())
}

/// What the client answered, for the counselor: kinds with a word.
pub async fn answers(house: &House, thread: ThreadId) -> Result<Vec<(HintKind, Hint)>, Failure> {
    let all = hints::list(&mut house.db.read().await?, thread).await?;
    let known = |h: Hint| Some((h.kind.parse::<HintKind>().ok()?, h));
    Ok(all.into_iter().filter(|h| !h.answer.is_empty() && h.answer != "seen").filter_map(known).collect())
}

/// The client answers; anything but one of the hint's own answers is [`Failure::NotAllowed`].
pub async fn answer(
    house: &House,
    reader: &Reader,
    thread: &Thread,
    kind: HintKind,
    word: &str,
) -> Result<(), Failure> {
    if thread.client != reader.who.person || !kind.answers().contains(&word) {
        return Err(Failure::NotAllowed);
    }
    let mut tx = house.db.begin().await?;
    hints::answer(&mut tx, thread.id, kind.word(), word, house.now()).await?;
    Ok(tx.commit().await?)
}

/// The client has read what there is to know.
pub async fn mark_seen(
    house: &House,
    reader: &Reader,
    thread: &Thread,
    kinds: impl Iterator<Item = HintKind>,
) -> Result<(), Failure> {
    if thread.client != reader.who.person {
        return Err(Failure::NotAllowed);
    }
    let mut tx = house.db.begin().await?;
    for kind in kinds.filter(|k| k.answers().is_empty()).take(HintKind::ALL.len()) {
        hints::answer(&mut tx, thread.id, kind.word(), "seen", house.now()).await?;
    }
    Ok(tx.commit().await?)
}

/// The client moves a letter that came by mail to another thread of theirs (M19): sealed anew there, gone from here.
pub async fn move_letter(house: &House, reader: &Reader, from: &Thread, to: &Thread) -> Result<(), Failure> {
    if from.client != reader.who.person || to.client != reader.who.person || from.id == to.id {
        return Err(Failure::NotAllowed);
    }
    let hint = open(house, from).await?.into_iter().find(|(k, _)| *k == HintKind::Belongs).ok_or(Failure::Changed)?;
    let id = LetterId::try_from(hint.1.about.as_slice()).map_err(|_| Failure::NotFound)?;
    let mut conn = house.db.read().await?;
    let row = letters::find(&mut conn, id).await?.filter(|l| l.thread == from.id).ok_or(Failure::Changed)?;
    let cert = keyring::epoch_cert(house, &mut conn, to.epoch).await?;
    drop(conn);
    if row.door != Door::Mail {
        return Err(Failure::NotAllowed);
    }
    let raw = read::original(house, reader, from, &row).await?;
    let digest = parse::dedup_digest(raw.reveal());
    let letter = parse::read(RawLetter::from_plain(raw)).map_err(|_| Failure::NotAllowed)?;
    let unwrapped = wrapping::recognize(house, to.id, wrapping::open(house, letter)).await?;
    let dedup = house.keys.house.hash(session::kind::DEDUP, [to.id.bytes(), &digest[..]].concat());
    let place = Place { thread: to.id, epoch: to.epoch, cert: &cert, received: row.received };
    let sealed = seal_mail(house, &place, &unwrapped.letter, unwrapped.wrapped.as_ref(), dedup)?;
    let new = NewLetter { flags: row.flags.clone(), ..sealed };
    let mut tx = house.db.begin().await?;
    letters::delete(&mut tx, id).await?;
    if letters::insert_group(&mut tx, &[&new]).await?.first() == Some(&Stored::Stale) {
        return Err(Failure::Changed);
    }
    hints::answer(&mut tx, from.id, HintKind::Belongs.word(), "moved", house.now()).await?;
    settle(&mut tx, from, house.now()).await?;
    let me = Some(reader.who.person);
    audit::note(&mut tx, &*house.chance, house.now(), me, Action::LetterMoved, Some(from.id)).await?;
    Ok(tx.commit().await?)
}

/// A letter left a thread: it waits for whatever is still unanswered, or for nothing.
async fn settle(tx: &mut Tx, thread: &Thread, now: Moment) -> Result<(), Failure> {
    let covered = letters::last_covered(tx, thread.id).await?;
    match letters::oldest_after(tx, thread.id, covered).await? {
        Some(since) => threads::update_waiting(tx, thread.id, since).await?,
        None => threads::update_answered(tx, thread.id, now, None).await?,
    }
    Ok(())
}

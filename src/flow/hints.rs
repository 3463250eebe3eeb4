//! What a client is told or asked in the mailbox about the way their mail came, and what they answered.

use super::session::Reader;
use super::{read, sealing, undo};
use crate::audit::{self, Action};
use crate::clock::Moment;
use crate::house::{Failure, House};
use crate::ids::{LetterId, ThreadId};
use crate::screen::{Case, Signal, is_established};
use crate::store::hints::{self, Hint};
use crate::store::letters::{self, Door, Stored};
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
    /// It was meant for somebody else, and is gone (M5).
    NotForUs,
    /// Should another desk answer? (M18)
    OtherDesk,
}

impl HintKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Others,
        Self::OtherAddress,
        Self::OthersWords,
        Self::PassedOn,
        Self::List,
        Self::Resend,
        Self::Belongs,
        Self::Shared,
        Self::NotForUs,
        Self::OtherDesk,
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
            Self::NotForUs => "not-for-us",
            Self::OtherDesk => "other-desk",
        }
    }

    /// The answers its buttons give; none where there is nothing to answer.
    pub const fn answers(self) -> &'static [&'static str] {
        match self {
            Self::OtherAddress | Self::PassedOn | Self::Shared => &["yes", "no"],
            Self::OtherDesk => &["no"],
            Self::Belongs => &["stays"],
            Self::Others | Self::OthersWords | Self::List | Self::Resend | Self::NotForUs => &[],
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

/// Whether a mail that waits is the client's own and was meant for somebody else.
pub(super) fn is_slip_of_client(signals: &[Signal]) -> bool {
    let proven = |s: &Signal| {
        !s.is_about_sender() && !matches!(s.case(), Case::M2 | Case::M3 | Case::M15) && *s != Signal::NoThread
    };
    is_established(signals, Case::M5) && signals.iter().all(proven)
}

impl std::str::FromStr for HintKind {
    type Err = crate::role::UnknownWord;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|k| k.word() == text).ok_or(crate::role::UnknownWord)
    }
}

/// What the client is told of a letter that entered. `Belongs` is asked where the client has another thread to move it
/// to, `OtherDesk` where they have none.
pub(super) async fn for_letter(conn: &mut Conn, target: &Target, signals: &[Signal]) -> Result<Vec<HintKind>, Failure> {
    let mut all = Vec::new();
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
    if elsewhere {
        let has_another = threads::list_of_client(conn, target.client).await?.len() > 1;
        all.push(if has_another { HintKind::Belongs } else { HintKind::OtherDesk });
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

/// What was told is no longer so.
pub(super) async fn take_back(tx: &mut Tx, thread: ThreadId, hint: HintKind, now: Moment) -> Result<(), Failure> {
    hints::answer(tx, thread, hint.word(), "seen", now).await?;
    Ok(())
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
pub async fn move_letter(
    house: &House,
    reader: &Reader,
    asked: HintKind,
    from: &Thread,
    to: &Thread,
) -> Result<(), Failure> {
    if !matches!(asked, HintKind::Belongs | HintKind::OtherDesk) {
        return Err(Failure::NotAllowed);
    }
    if from.client != reader.who.person || to.client != reader.who.person || from.id == to.id {
        return Err(Failure::NotAllowed);
    }
    let hint = open(house, from).await?.into_iter().find(|(k, _)| *k == asked).ok_or(Failure::Changed)?;
    let id = LetterId::try_from(hint.1.about.as_slice()).map_err(|_| Failure::NotFound)?;
    let mut conn = house.db.read().await?;
    let row = letters::find(&mut conn, id).await?.filter(|l| l.thread == from.id).ok_or(Failure::Changed)?;
    drop(conn);
    if row.door != Door::Mail {
        return Err(Failure::NotAllowed);
    }
    let raw = read::original(house, reader, from, &row).await?;
    let new = sealing::keep(house, raw, to, row.received, &row.flags).await?.letter;
    let mut tx = house.db.begin().await?;
    letters::delete(&mut tx, id).await?;
    if letters::insert_group(&mut tx, &[&new]).await?.first() == Some(&Stored::Stale) {
        return Err(Failure::Changed);
    }
    hints::answer(&mut tx, from.id, asked.word(), "moved", house.now()).await?;
    undo::settle(&mut tx, from.id).await?;
    let me = Some(reader.who.person);
    audit::note(&mut tx, house, house.now(), me, Action::LetterMoved, Some(from.id)).await?;
    Ok(tx.commit().await?)
}

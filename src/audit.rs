//! What goes into the audit: who, what, when and why; never content, subject or address.

use crate::clock::Moment;
use crate::house::House;
use crate::ids::{AuditId, PersonId, ThreadId};
use crate::seal::HouseKey;
use crate::store::trail::{self, Line};
use crate::store::{StoreError, Tx};

/// Whether a client reads of an action on their thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Yes.
    Always,
    /// Only when they did it themselves.
    OwnDeed,
    /// No.
    Never,
}

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A mailbox was opened.
    MailboxOpened,
    /// A colleague came in.
    StaffJoined,
    /// A holder of the desk's key let a colleague read.
    ColleagueAdmitted,
    /// The operator shut a colleague out; the detail is the colleague's id.
    ShutOut,
    /// The operator let a colleague back in; the detail is the colleague's id.
    LetBackIn,
    /// Somebody took a thread.
    Taken,
    /// Somebody put a thread back.
    GivenBack,
    /// Somebody handed a thread over.
    HandedOver,
    /// Somebody took a thread over from a colleague.
    TakenOver,
    /// A reply was handed in.
    ReplyWritten,
    /// The guard had doubts, and the author looked and let the reply go; the detail names doubts and reason.
    GuardPassed,
    /// A reply was taken back in time.
    ReplyRecalled,
    /// A reply went to the client.
    ReplyReleased,
    /// A held mail was let into its thread.
    HeldLetIn,
    /// A held mail was deleted.
    HeldDeleted,
    /// A held mail was put with the third parties' notes.
    HeldNoted,
    /// A label on a letter, or a machine's note, was called fine.
    LabelFine,
    /// The client was asked for the code word.
    CodeAsked,
    /// The code word was right.
    CodeMatched,
    /// The code word was wrong.
    CodeMissed,
    /// The client moved a letter to another thread of theirs.
    LetterMoved,
    /// A held mail was put into its client's sorting tray.
    HeldTray,
    /// A decision on a held mail was undone.
    HeldUndone,
    /// The client sorted a letter out of their tray.
    TraySorted,
    /// A client began another thread.
    ThreadOpened,
    /// A client replaced the address of a thread.
    AddressChanged,
    /// A thread was exported for its client.
    Exported,
    /// The secret was replaced with the recovery sheet.
    Recovered,
    /// A client's own OpenPGP key counts from now on.
    KeyConfirmed,
    /// A client's own OpenPGP key was forgotten.
    KeyForgotten,
    /// A client chose how replies are mailed; the detail is the choice, with the edition of the warning in clear mode.
    DeliveryChosen,
}

impl Action {
    /// The word in the table and in text keys.
    pub const fn word(self) -> &'static str {
        match self {
            Self::MailboxOpened => "mailbox-opened",
            Self::StaffJoined => "staff-joined",
            Self::ColleagueAdmitted => "colleague-admitted",
            Self::ShutOut => "shut-out",
            Self::LetBackIn => "let-back-in",
            Self::Taken => "taken",
            Self::GivenBack => "given-back",
            Self::HandedOver => "handed-over",
            Self::TakenOver => "taken-over",
            Self::ReplyWritten => "reply-written",
            Self::GuardPassed => "guard-passed",
            Self::ReplyRecalled => "reply-recalled",
            Self::ReplyReleased => "reply-released",
            Self::HeldLetIn => "held-let-in",
            Self::HeldDeleted => "held-deleted",
            Self::HeldNoted => "held-noted",
            Self::LabelFine => "label-fine",
            Self::CodeAsked => "code-asked",
            Self::CodeMatched => "code-matched",
            Self::CodeMissed => "code-missed",
            Self::LetterMoved => "letter-moved",
            Self::HeldTray => "held-tray",
            Self::HeldUndone => "held-undone",
            Self::TraySorted => "tray-sorted",
            Self::ThreadOpened => "thread-opened",
            Self::AddressChanged => "address-changed",
            Self::Exported => "exported",
            Self::Recovered => "recovered",
            Self::KeyConfirmed => "key-confirmed",
            Self::KeyForgotten => "key-forgotten",
            Self::DeliveryChosen => "delivery-chosen",
        }
    }

    /// Every action.
    pub const ALL: &'static [Self] = &[
        Self::MailboxOpened,
        Self::StaffJoined,
        Self::ColleagueAdmitted,
        Self::ShutOut,
        Self::LetBackIn,
        Self::Taken,
        Self::GivenBack,
        Self::HandedOver,
        Self::TakenOver,
        Self::ReplyWritten,
        Self::GuardPassed,
        Self::ReplyRecalled,
        Self::ReplyReleased,
        Self::HeldLetIn,
        Self::HeldDeleted,
        Self::HeldNoted,
        Self::LabelFine,
        Self::CodeAsked,
        Self::CodeMatched,
        Self::CodeMissed,
        Self::LetterMoved,
        Self::HeldTray,
        Self::HeldUndone,
        Self::TraySorted,
        Self::ThreadOpened,
        Self::AddressChanged,
        Self::Exported,
        Self::Recovered,
        Self::KeyConfirmed,
        Self::KeyForgotten,
        Self::DeliveryChosen,
    ];

    /// The action of a word; `None` for one this version does not know.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|a| a.word() == word)
    }

    /// What a client reads of it on the page of their own thread.
    pub const fn told(self) -> Told {
        match self {
            Self::MailboxOpened
            | Self::Taken
            | Self::GivenBack
            | Self::HandedOver
            | Self::TakenOver
            | Self::ReplyReleased
            | Self::HeldLetIn
            | Self::CodeAsked
            | Self::CodeMatched
            | Self::CodeMissed
            | Self::HeldTray
            | Self::LetterMoved
            | Self::TraySorted
            | Self::ThreadOpened
            | Self::AddressChanged
            | Self::Exported
            | Self::Recovered
            | Self::KeyConfirmed
            | Self::KeyForgotten
            | Self::DeliveryChosen => Told::Always,
            // What a counselor deletes or takes back may be somebody else's mail.
            Self::HeldDeleted | Self::HeldUndone => Told::OwnDeed,
            // A reply may still be taken back, and then the client never hears of it.
            Self::ReplyWritten | Self::GuardPassed | Self::ReplyRecalled => Told::Never,
            // How the house judges mail, also of others.
            Self::HeldNoted | Self::LabelFine => Told::Never,
            // Of colleagues.
            Self::StaffJoined | Self::ColleagueAdmitted | Self::ShutOut | Self::LetBackIn => Told::Never,
        }
    }
}

/// Writes a line into the same commit as the event.
pub async fn note(
    tx: &mut Tx,
    house: &House,
    at: Moment,
    actor: Option<PersonId>,
    action: Action,
    thread: Option<ThreadId>,
) -> Result<(), StoreError> {
    note_why(tx, house, at, actor, action, thread, "").await
}

/// The same with a reason, cut at 200 characters.
pub async fn note_why(
    tx: &mut Tx,
    house: &House,
    at: Moment,
    actor: Option<PersonId>,
    action: Action,
    thread: Option<ThreadId>,
    why: &str,
) -> Result<(), StoreError> {
    let detail = why.chars().filter(|c| !c.is_control()).take(200).collect();
    let line = Line { at, actor, action: action.word().to_owned(), thread, detail };
    let id = AuditId::draw(&*house.chance);
    trail::insert(tx, id, &line, &tag(&house.keys.house, id, &line)).await
}

/// The keyed hash of a line and its row: who can write to the database, but has no `keys/`, cannot make one.
pub fn tag(key: &HouseKey, id: AuditId, line: &Line) -> [u8; 32] {
    let mut text = id.bytes().to_vec();
    text.extend(line.at.micros().to_be_bytes());
    let (actor, thread) = (line.actor.as_ref().map(|a| a.bytes()), line.thread.as_ref().map(|t| t.bytes()));
    // "Nobody" is shorter than anybody, and each part tells its length: no two lines have one text.
    for part in [actor.unwrap_or_default(), thread.unwrap_or_default(), line.action.as_bytes(), line.detail.as_bytes()]
    {
        text.extend(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        text.extend(part);
    }
    key.hash("audit-line", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_action_is_missing_in_the_list() {
        let source = include_str!("audit.rs");
        let words = source.lines().filter(|l| l.trim_start().starts_with("Self::") && l.contains(" => \"")).count();
        assert_eq!(Action::ALL.len(), words);
        for action in Action::ALL {
            assert_eq!(Action::of(action.word()), Some(*action), "{}", action.word());
        }
    }
}

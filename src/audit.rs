//! What goes into the audit: who, what, when and why; never content, subject or address.

use crate::chance::Chance;
use crate::clock::Moment;
use crate::ids::{AuditId, PersonId, ThreadId};
use crate::store::{StoreError, Tx, trail};

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
}

/// Writes a line into the same commit as the event.
pub async fn note(
    tx: &mut Tx,
    chance: &dyn Chance,
    at: Moment,
    actor: Option<PersonId>,
    action: Action,
    thread: Option<ThreadId>,
) -> Result<(), StoreError> {
    note_why(tx, chance, at, actor, action, thread, "").await
}

/// The same with a reason, cut at 200 characters.
pub async fn note_why(
    tx: &mut Tx,
    chance: &dyn Chance,
    at: Moment,
    actor: Option<PersonId>,
    action: Action,
    thread: Option<ThreadId>,
    why: &str,
) -> Result<(), StoreError> {
    let detail = why.chars().filter(|c| !c.is_control()).take(200).collect();
    let line = trail::Line { at, actor, action: action.word().to_owned(), thread, detail };
    trail::insert(tx, AuditId::draw(chance), &line).await
}

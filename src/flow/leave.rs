//! A mail leaves: claimed from the outbox, sent by a motor, ended or put off.
//!
//! Each step is a commit of its own, and between them, while the mail is on the network, nothing is open. Whoever
//! claimed a mail and then fell silent loses it to another after [`LEASE`]. So a mail may leave twice, under one
//! Message-ID, but it is never lost.

use std::time::Duration;

use super::letter_mail;
use super::receive::address_hash;
use super::session::kind;
use crate::address::MailAddress;
use crate::house::{Failure, House};
use crate::ids::OutboxId;
use crate::limits::LEASE;
use crate::seal::Damaged;
use crate::secret::{PlainBytes, PlainText};
use crate::store::outbox::{self, MailKind, Outgoing};
use crate::store::{delivery, letters, people, threads};

/// How often a claim that another node snatched is tried again.
const CLAIMS: usize = 16;

/// What a mail on its way holds.
pub struct Opened {
    /// To whom.
    pub recipient: MailAddress,
    /// The link in it.
    pub link: PlainText,
    /// Header lines and body of a reply's mail; `None` for mails that are written when they leave.
    pub message: Option<PlainBytes>,
}

/// Claims the next due mail; its try counts from here on.
pub async fn claim(house: &House) -> Result<Option<Outgoing>, Failure> {
    for _ in 0..CLAIMS {
        let now = house.now();
        let mut tx = house.db.begin().await?;
        if let Some(mail) = outbox::claim(&mut tx, now, now.plus(LEASE)).await? {
            tx.commit().await?;
            return Ok(Some(mail));
        }
        drop(tx);
        if next_due(house).await?.is_none_or(|due| due > now) {
            return Ok(None);
        }
    }
    Ok(None)
}

/// Opens what a mail holds.
pub fn open(house: &House, mail: &Outgoing) -> Result<Opened, Damaged> {
    let text = |sealed: &[u8]| {
        let bytes = house.keys.house.open(kind::OUTBOX, mail.id.bytes(), sealed)?;
        let text = std::str::from_utf8(bytes.reveal()).map_err(|_| Damaged::new("a mail in the outbox is no text"))?;
        Ok::<_, Damaged>(PlainText::from(text))
    };
    let recipient = MailAddress::parse(text(&mail.recipient_sealed)?.reveal());
    let link = text(&mail.link_sealed)?;
    if link.reveal().chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(Damaged::new("a link in the outbox has blanks"));
    }
    Ok(Opened {
        recipient: recipient.map_err(|_| Damaged::new("a mail in the outbox has no address"))?,
        link,
        message: None,
    })
}

/// Opens what a mail holds, the reply in it included. A reply's mail that is not wanted any more comes back without it.
pub async fn open_whole(house: &House, mail: &Outgoing) -> Result<Opened, Failure> {
    let mut opened = open(house, mail)?;
    if mail.kind == MailKind::Letter
        && let Some((row, message)) = letter_mail::message(house, mail.id).await?
    {
        let mut conn = house.db.read().await?;
        let letter = letters::find(&mut conn, row.letter).await?.ok_or(Failure::NotFound)?;
        let thread = threads::find(&mut conn, letter.thread).await?.ok_or(Failure::NotFound)?;
        if letter_mail::still_chosen(house, &mut conn, thread.client, &row).await? {
            opened.message = Some(message);
        }
    }
    Ok(opened)
}

/// Whether the client still wants a mail that may have waited for hours: a notification, unless they said "never" or
/// took the address back; a confirmation, unless its link is void by now.
pub async fn is_wanted(house: &House, mail: &Outgoing, opened: &Opened) -> Result<bool, Failure> {
    let mut conn = house.db.read().await?;
    match mail.kind {
        MailKind::Letter if opened.message.is_none() => Ok(false),
        MailKind::Notification | MailKind::Unreadable | MailKind::Letter => {
            Ok(people::count_wishes(&mut conn, &address_hash(house, &opened.recipient)).await? > 0)
        }
        MailKind::Confirmation => {
            let token = opened.link.reveal().rsplit('/').next().unwrap_or_default();
            let hash = house.keys.house.hash(kind::LINK_TOKEN, token);
            let found = people::find_notice_by_token(&mut conn, &hash).await?;
            Ok(found.is_some_and(|notice| notice.confirmed.is_none()))
        }
        MailKind::Canary => Ok(true),
    }
}

/// The mail is with the next server: address and link are forgotten.
pub async fn finish(house: &House, mail: OutboxId) -> Result<(), Failure> {
    end(house, mail, None).await
}

/// The mail will never arrive; the row stays with its reason, without address and link.
pub async fn give_up(house: &House, mail: OutboxId, reason: &str) -> Result<(), Failure> {
    end(house, mail, Some(reason)).await
}

async fn end(house: &House, mail: OutboxId, dead: Option<&str>) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    outbox::finish(&mut tx, mail, dead, house.now()).await?;
    delivery::delete_mail_of_outbox(&mut tx, mail).await?;
    Ok(tx.commit().await?)
}

/// The mail rests for a while.
pub async fn put_off(house: &House, mail: &Outgoing, rest: Duration, reason: &str) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    outbox::retry(&mut tx, mail.id, mail.tries, house.now().plus(rest), reason).await?;
    Ok(tx.commit().await?)
}

/// Nobody wants the mail any more: its row goes.
pub async fn withdraw(house: &House, mail: OutboxId) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    outbox::delete(&mut tx, mail).await?;
    delivery::delete_mail_of_outbox(&mut tx, mail).await?;
    Ok(tx.commit().await?)
}

/// When the next mail is due that nobody works on.
pub async fn next_due(house: &House) -> Result<Option<crate::clock::Moment>, Failure> {
    Ok(outbox::next_due(&mut house.db.read().await?, house.now()).await?)
}

//! A reply as a mail, by the client's choice: encrypted to their own key, or in clear after an explicit yes.
//!
//! The mail is written when the reply is handed in, because at its release nobody here can read the reply any more. Until
//! it leaves it lies sealed to the house key, and goes with the reply when that is taken back. Where the choice cannot be
//! kept (no usable key, an address that is not confirmed) there is no such mail, and the client is told as always.

use super::client_keys;
use super::session::{Reader, kind};
use super::write::FormFile;
use crate::address::MailAddress;
use crate::audit::{self, Action};
use crate::house::{Failure, House};
use crate::ids::{LetterId, OutboxId, PersonId, ThreadId, base32};
use crate::limits::REPLY_MAIL_FILES_BYTES_MAX;
use crate::mime;
use crate::role::Language;
use crate::seal::{self, HouseKey, ThreadToken};
use crate::secret::{PlainBytes, PlainText};
use crate::store::delivery::{self, Delivery, DeliveryMode, ReplyMail};
use crate::store::people::Notice;
use crate::store::threads::Thread;
use crate::store::{Conn, Tx, people};
use crate::texts::Texts;

/// The edition of the warning before the first letter in clear; a new text is a new edition, and asks again.
pub const WARNING_EDITION: &str = "2026-11";
/// Letters of one class look alike from outside.
const PAD_BYTES: usize = 2 * 1024;

/// A client's choice, and what keeps it from being carried out.
pub struct Choice {
    /// As stored.
    pub delivery: Delivery,
    /// Mails go out: an address is confirmed, and the wish is not "never".
    pub has_address: bool,
    /// A confirmed key can be encrypted to.
    pub has_key: bool,
}

/// The signed-in client's choice.
pub async fn choice(house: &House, reader: &Reader) -> Result<Choice, Failure> {
    let mut conn = house.db.read().await?;
    let me = reader.who.person;
    let delivery = delivery::find(&mut conn, me).await?;
    let has_address = people::find_notice(&mut conn, me).await?.is_some_and(|n| is_open(&n));
    let has_key = usable(house, &mut conn, me).await?.is_some();
    Ok(Choice { delivery, has_address, has_key })
}

/// Chooses how replies are mailed; in clear only with a yes to the present edition of the warning.
pub async fn choose(house: &House, reader: &Reader, mode: DeliveryMode, yes: bool) -> Result<(), Failure> {
    if mode == DeliveryMode::Clear && !yes {
        return Err(Failure::NotAllowed);
    }
    let (me, now) = (reader.who.person, house.now());
    let warning = if mode == DeliveryMode::Clear { WARNING_EDITION } else { "" };
    let mut tx = house.db.begin().await?;
    delivery::upsert(&mut tx, me, mode, warning, now).await?;
    let why = format!("{} {warning}", mode.word());
    audit::note_why(&mut tx, house, now, Some(me), Action::DeliveryChosen, None, why.trim()).await?;
    Ok(tx.commit().await?)
}

fn is_open(notice: &Notice) -> bool {
    notice.confirmed.is_some() && notice.mode != people::NoticeMode::Never
}

/// The key letters are encrypted to: of those that can be used, the one confirmed last.
async fn usable(house: &House, conn: &mut Conn, person: PersonId) -> Result<Option<client_keys::OwnKey>, Failure> {
    let keys = client_keys::load(house, conn, person).await?;
    Ok(keys.into_iter().find(|k| k.is_confirmed() && k.problem.is_none()))
}

/// What a client said yes to holds for this edition of the warning only.
fn holds(delivery: &Delivery) -> DeliveryMode {
    match delivery.mode {
        DeliveryMode::Clear if delivery.warning != WARNING_EDITION => DeliveryMode::Notification,
        mode => mode,
    }
}

/// The secret mail address of a thread.
pub(crate) fn thread_address(house: &House, thread: &Thread) -> Result<MailAddress, Failure> {
    let bytes = house.keys.house.open(kind::THREAD_TOKEN, thread.id.bytes(), &thread.token_sealed)?;
    let token = ThreadToken::from_bytes(bytes.reveal()).map_err(|_| Failure::NotFound)?;
    let address = house.rules.thread_address(&token.local_part(&house.keys.house));
    MailAddress::parse(&address).map_err(|_| Failure::NotFound)
}

/// Bytes of a Message-ID that no other mail has.
const NAME_BYTES: usize = 16;

/// The left half of the Message-ID of one of our mails: of its row, so that a mail sent twice is recognized as one.
pub(crate) fn message_name(key: &HouseKey, mail: OutboxId) -> String {
    base32(key.hash("message-id", mail.bytes()).first_chunk::<NAME_BYTES>().unwrap_or(&[0; NAME_BYTES]))
}

/// What a later mail that refers to this one is recognized by, where both are of one thread.
pub(crate) fn mail_hash(house: &House, thread: ThreadId, message_id: &str) -> [u8; 32] {
    house.keys.house.hash(kind::MESSAGE_ID, [thread.bytes(), message_id.as_bytes()].concat())
}

/// The same of one of our own mails.
pub(crate) fn own_mail_hash(house: &House, thread: ThreadId, mail: OutboxId) -> [u8; 32] {
    let id = format!("{}@{}", message_name(&house.keys.house, mail), house.rules.mail_domain);
    mail_hash(house, thread, &id)
}

/// A reply in the clear, between the form and the seal.
pub(crate) struct Draft<'a> {
    pub(crate) letter: LetterId,
    pub(crate) subject: &'a PlainText,
    pub(crate) text: &'a PlainText,
    pub(crate) files: &'a [FormFile],
}

/// Writes the mail of a reply, if the client wants one and it can be written.
pub(crate) async fn prepare(house: &House, thread: &Thread, draft: &Draft<'_>) -> Result<Option<ReplyMail>, Failure> {
    let mut conn = house.db.read().await?;
    let mode = holds(&delivery::find(&mut conn, thread.client).await?);
    let wanted = people::find_notice(&mut conn, thread.client).await?.is_some_and(|n| is_open(&n));
    if mode == DeliveryMode::Notification || !wanted {
        return Ok(None);
    }
    let client = people::find(&mut conn, thread.client).await?.ok_or(Failure::NotFound)?;
    let from = thread_address(house, thread)?;
    let (message, key_hash) = match mode {
        DeliveryMode::Pgp => {
            let Some(key) = usable(house, &mut conn, thread.client).await? else {
                return Ok(None);
            };
            drop(conn);
            let entity = PlainBytes::new(protected(house, &from, client.language, draft));
            let written = tokio::task::block_in_place(|| {
                seal::encrypt_mail(entity.reveal(), &key.cert, house.signer(), house.now())
            });
            // No usable key after all: never clear text instead.
            let Ok(armored) = written else { return Ok(None) };
            (encrypted(house, &from, &armored)?, key.row.key_hash)
        }
        _ => (in_clear(house, &from, client.language, draft), Vec::new()),
    };
    let message = PlainBytes::new(message);
    let body_sealed = house.keys.house.seal(kind::REPLY_MAIL, draft.letter.bytes(), message.reveal(), &*house.chance);
    Ok(Some(ReplyMail { letter: draft.letter, mode, key_hash, body_sealed }))
}

fn from_line(house: &House, from: &MailAddress) -> String {
    format!("From: {} <{}>\r\n", mime::words(house.rules.sender_name.trim()), from.text())
}

fn words(house: &House, language: Language, draft: &Draft<'_>, files_in: bool) -> Vec<u8> {
    let texts = Texts(language);
    let mut text = String::with_capacity(draft.text.reveal().len() * 2 + 1024);
    text.push_str(draft.text.reveal().trim_end());
    if !draft.files.is_empty() && !files_in {
        text.push_str("\n\n");
        text.push_str(&texts.t("letter-mail-files"));
    }
    text.push_str("\n\n-- \n");
    text.push_str(&texts.t("letter-mail-foot"));
    text.push_str(&format!("\n{}/sign-in\n", house.rules.public_url));
    text.replace('\n', "\r\n").into_bytes()
}

/// The entity inside the encryption (RFC 9788): the real subject, the text, the files; filled up with empty lines.
fn protected(house: &House, from: &MailAddress, language: Language, draft: &Draft<'_>) -> Vec<u8> {
    let size: usize = draft.files.iter().map(|f| f.bytes.reveal().len()).sum();
    let files_in = size <= REPLY_MAIL_FILES_BYTES_MAX;
    let text = PlainBytes::new(words(house, language, draft, files_in));
    let mut entities = vec![mime::text(text.reveal(), "utf-8")];
    if files_in {
        let file = |f: &FormFile| mime::file(f.bytes.reveal(), &f.media_type, f.name.reveal());
        entities.extend(draft.files.iter().map(file));
    }
    let slices: Vec<&[u8]> = entities.iter().map(Vec::as_slice).collect();
    let from = from_line(house, from);
    let mut out = format!("{from}Subject: {}\r\n", mime::words(draft.subject.reveal())).into_bytes();
    out.extend_from_slice(format!("HP-Outer: {from}HP-Outer: Subject: ...\r\n").as_bytes());
    out.extend(mime::several("multipart/mixed; protected-headers=\"v1\"; hp=\"cipher\"", &slices));
    let whole = out.len().next_multiple_of(PAD_BYTES);
    while out.len() < whole {
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// The mail around the encryption (RFC 3156, 4), without what is added when it leaves.
fn encrypted(house: &House, from: &MailAddress, armored: &[u8]) -> Result<Vec<u8>, Failure> {
    let own = house.keys.practice.for_address(from, house.now())?;
    let key = mime::base64_lines(&own, " ");
    let armored: String = String::from_utf8_lossy(armored).lines().flat_map(|l| [l, "\r\n"]).collect();
    let version = b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n";
    let body = [
        b"Content-Type: application/octet-stream; name=\"letter.asc\"\r\nContent-Disposition: inline; filename=\"letter.asc\"\r\n\r\n",
        armored.as_bytes(),
    ]
    .concat();
    let mut out = from_line(house, from).into_bytes();
    out.extend_from_slice(
        format!("Subject: ...\r\nAutocrypt: addr={}; prefer-encrypt=mutual; keydata=\r\n{key}", from.text()).as_bytes(),
    );
    out.extend(mime::several("multipart/encrypted;\r\n protocol=\"application/pgp-encrypted\"", &[version, &body]));
    Ok(out)
}

/// The mail in clear: the subject says as little as a notification's, the letter's own is the first line.
fn in_clear(house: &House, from: &MailAddress, language: Language, draft: &Draft<'_>) -> Vec<u8> {
    let text = PlainBytes::new(words(house, language, draft, false));
    let subject = draft.subject.reveal().trim();
    let lead = if subject.is_empty() { String::new() } else { format!("{subject}\r\n\r\n") };
    let whole = PlainBytes::new([lead.as_bytes(), text.reveal()].concat());
    let outside = mime::words(&Texts(language).t("mail-notification-subject"));
    let mut out = format!("{}Subject: {outside}\r\n", from_line(house, from)).into_bytes();
    out.extend(mime::text(whole.reveal(), "utf-8"));
    out
}

/// At the release: whether the mail of a reply may leave; if not, it is forgotten. The choice, the key and the address are
/// looked at once more.
pub(crate) async fn is_ready(
    house: &House,
    tx: &mut Tx,
    client: PersonId,
    notice: Option<&Notice>,
    letter: LetterId,
) -> Result<bool, Failure> {
    let Some(mail) = delivery::find_mail(tx, letter).await? else {
        return Ok(false);
    };
    let ready = notice.is_some_and(is_open) && still_chosen(house, tx, client, &mail).await?;
    if !ready {
        delivery::delete_mail(tx, letter).await?;
    }
    Ok(ready)
}

/// Whether a client still wants replies as this mail was written.
pub(crate) async fn still_chosen(
    house: &House,
    conn: &mut Conn,
    client: PersonId,
    mail: &ReplyMail,
) -> Result<bool, Failure> {
    if holds(&delivery::find(conn, client).await?) != mail.mode {
        return Ok(false);
    }
    let keys = client_keys::load(house, conn, client).await?;
    let known = keys.iter().any(|k| k.is_confirmed() && k.problem.is_none() && k.row.key_hash == mail.key_hash);
    Ok(mail.mode == DeliveryMode::Clear || known)
}

/// What a row of the outbox stands for: header lines and body.
pub(crate) async fn message(house: &House, outbox: OutboxId) -> Result<Option<(ReplyMail, PlainBytes)>, Failure> {
    let Some(mail) = delivery::find_mail_of_outbox(&mut house.db.read().await?, outbox).await? else {
        return Ok(None);
    };
    let plain = house.keys.house.open(kind::REPLY_MAIL, mail.letter.bytes(), &mail.body_sealed)?;
    Ok(Some((mail, plain)))
}

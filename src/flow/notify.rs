//! Telling a client that something waits, without saying what.
//!
//! Default: never. An address counts only after its own confirmation link was opened; until then nothing else is sent
//! there. A notification names no desk, no thread, no number: it says that there is a message and where to sign in.

use chrono::{Days, NaiveTime, TimeZone as _};

use super::hold;
use super::letter_mail;
use super::receive::address_hash;
use super::session::{Reader, kind};
use crate::address::MailAddress;
use crate::chance;
use crate::clock::Moment;
use crate::house::{Failure, House};
use crate::ids::{DeskId, JobId, OutboxId, PersonId, base32};
use crate::limits::LINK_VALID;
use crate::secret::PlainText;
use crate::store::letters::{self, Letter};
use crate::store::outbox::{self, MailKind, Outgoing};
use crate::store::people::{self, Notice, NoticeMode, Person};
use crate::store::{Tx, bounces, delivery, desks, jobs, threads};

/// The job that looks once a day whether something waits; its subject is the client.
pub const DAILY_JOB: &str = "daily";
/// Until a doubt is looked at again.
const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

/// A client's settings, opened for their own page.
pub struct Settings {
    /// When to send.
    pub mode: NoticeMode,
    /// The address, masked.
    pub address_masked: Option<PlainText>,
    /// Whether its link was opened.
    pub confirmed: bool,
    /// Mail there did not arrive, so none is sent any more.
    pub stopped: bool,
}

/// A client's settings.
pub async fn settings(house: &House, reader: &Reader) -> Result<Settings, Failure> {
    let found = people::find_notice(&mut house.db.read().await?, reader.who.person).await?;
    let Some(notice) = found else {
        return Ok(Settings { mode: NoticeMode::Never, address_masked: None, confirmed: false, stopped: false });
    };
    let address = open_address(house, &notice)?;
    Ok(Settings {
        mode: notice.mode,
        address_masked: address.map(|a| PlainText::new(a.masked())),
        confirmed: notice.confirmed.is_some(),
        stopped: notice.stopped.is_some(),
    })
}

fn open_address(house: &House, notice: &Notice) -> Result<Option<MailAddress>, Failure> {
    let bytes = house.keys.house.open(kind::ADDRESS, notice.person.bytes(), &notice.address_sealed)?;
    Ok(MailAddress::parse(&String::from_utf8_lossy(bytes.reveal())).ok())
}

/// Sets a new address and asks it for confirmation; nothing else goes there before.
pub async fn ask_address(
    house: &House,
    reader: &Reader,
    address: &MailAddress,
    mode: NoticeMode,
) -> Result<(), Failure> {
    let me = reader.who.person;
    let token = PlainText::new(base32(&chance::bytes::<20>(&*house.chance)));
    let now = house.now();
    let notice = Notice {
        person: me,
        mode,
        address_sealed: house.keys.house.seal(kind::ADDRESS, me.bytes(), address.text().as_bytes(), &*house.chance),
        address_hash: address_hash(house, address).to_vec(),
        token_hash: house.keys.house.hash(kind::LINK_TOKEN, token.reveal()).to_vec(),
        asked: now,
        confirmed: None,
        bounces: (0, 0),
        stopped: None,
    };
    let link = format!("{}/confirm/{}", house.rules.public_url, token.reveal());
    let mail = compose(house, MailKind::Confirmation, reader.who.language, address, &link);
    let mut tx = house.db.begin().await?;
    people::upsert_notice(&mut tx, &notice).await?;
    outbox::insert(&mut tx, &mail, now, now).await?;
    tx.commit().await?;
    house.bell.outbox.notify_one();
    Ok(())
}

/// Changes when to send; the address stays.
pub async fn set_mode(house: &House, reader: &Reader, mode: NoticeMode) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    if people::find_notice(&mut tx, reader.who.person).await?.is_some() {
        people::update_notice_mode(&mut tx, reader.who.person, mode).await?;
    }
    Ok(tx.commit().await?)
}

/// The client says that their address works (again).
pub async fn try_again(house: &House, reader: &Reader) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    bounces::forget_bounces(&mut tx, reader.who.person).await?;
    Ok(tx.commit().await?)
}

/// Forgets the address.
pub async fn forget_address(house: &House, reader: &Reader) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    people::delete_notice(&mut tx, reader.who.person).await?;
    Ok(tx.commit().await?)
}

/// Opens a confirmation link; false when it is unknown, used or too old.
pub async fn confirm(house: &House, token: &str) -> Result<bool, Failure> {
    let hash = house.keys.house.hash(kind::LINK_TOKEN, token);
    let now = house.now();
    let mut tx = house.db.begin().await?;
    let fits = people::confirm_notice(&mut tx, &hash, now, now.minus(LINK_VALID)).await?;
    tx.commit().await?;
    Ok(fits)
}

/// Whether mail may go there: it is confirmed, and what went there arrived.
const fn can_write(notice: &Notice) -> bool {
    notice.confirmed.is_some() && notice.stopped.is_none()
}

/// A reply was released: puts its mail or a notification into the outbox, or writes the job for the daily one, where the
/// client wants it. While somebody else may be writing for the client (`is_doubtful`) nothing is sent: they may be the one
/// who reads the client's mail. The daily job looks again. True: ring the outbox.
pub(crate) async fn announce(
    house: &House,
    tx: &mut Tx,
    client: &Person,
    desk: DeskId,
    letter: &Letter,
    is_doubtful: bool,
) -> Result<bool, Failure> {
    let notice = people::find_notice(tx, client.id).await?.filter(can_write);
    let safe = notice.as_ref().filter(|_| !is_doubtful);
    let is_full = letter_mail::is_ready(house, tx, client.id, safe, letter.id).await?;
    let Some(notice) = notice else {
        return Ok(false);
    };
    let now = house.now();
    let daily = match notice.mode {
        NoticeMode::Never => return Ok(false),
        NoticeMode::AtOnce if !is_doubtful => None,
        NoticeMode::AtOnce | NoticeMode::Daily => {
            let zone = desks::find(tx, desk).await?.map_or_else(|| "UTC".to_owned(), |d| d.zone);
            Some(next_local_hour(now, &zone, house.rules.daily_hour))
        }
    };
    match (is_full, daily) {
        (true, due) => {
            if let Some(mail) = write(house, tx, &notice, client, MailKind::Letter, due.unwrap_or(now)).await? {
                delivery::hand_over(tx, letter.id, mail).await?;
                let hash = letter_mail::own_mail_hash(house, letter.thread, mail);
                letters::update_mail(tx, letter.id, &hash).await?;
            }
        }
        (false, None) => {
            write(house, tx, &notice, client, MailKind::Notification, now).await?;
        }
        (false, Some(due)) => {
            jobs::insert(tx, JobId::draw(&*house.chance), DAILY_JOB, client.id.bytes(), due, now).await?;
        }
    }
    Ok(daily.is_none())
}

/// A letter of a client could not be opened: tells them how to send it again, where they want mails at all.
pub(crate) async fn unreadable(house: &House, client: PersonId) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    let notice = people::find_notice(&mut tx, client).await?;
    let notice = notice.filter(|n| can_write(n) && n.mode != NoticeMode::Never);
    let person = people::find(&mut tx, client).await?.filter(|p| p.disabled.is_none());
    if let (Some(notice), Some(person)) = (notice, person) {
        write(house, &mut tx, &notice, &person, MailKind::Unreadable, house.now()).await?;
    }
    tx.commit().await?;
    house.bell.outbox.notify_one();
    Ok(())
}

async fn write(
    house: &House,
    tx: &mut Tx,
    notice: &Notice,
    client: &Person,
    kind: MailKind,
    due: Moment,
) -> Result<Option<OutboxId>, Failure> {
    let Some(address) = open_address(house, notice)? else {
        return Ok(None);
    };
    let link = format!("{}/sign-in", house.rules.public_url);
    let mail = compose(house, kind, client.language, &address, &link);
    outbox::insert(tx, &mail, due, house.now()).await?;
    Ok(Some(mail.id))
}

/// The daily look: one notification if something is unread and the client still wants it.
///
/// The job goes in the same commit. A reply released before is seen here; one released after finds no job and adds its
/// own, where a job only ended later would have swallowed it.
pub async fn daily(house: &House, client: PersonId) -> Result<(), Failure> {
    let mut tx = house.db.begin().await?;
    jobs::cancel(&mut tx, DAILY_JOB, client.bytes()).await?;
    let notice = people::find_notice(&mut tx, client).await?;
    let notice = notice.filter(|n| can_write(n) && n.mode != NoticeMode::Never);
    let person = people::find(&mut tx, client).await?.filter(|p| p.disabled.is_none());
    if let (Some(notice), Some(person)) = (notice, person)
        && letters::count_unread_of_client(&mut tx, client).await? > 0
    {
        if is_doubtful(&mut tx, client).await? {
            let tomorrow = house.now().plus(DAY);
            jobs::insert(&mut tx, JobId::draw(&*house.chance), DAILY_JOB, client.bytes(), tomorrow, house.now())
                .await?;
            return Ok(tx.commit().await?);
        }
        write(house, &mut tx, &notice, &person, MailKind::Notification, house.now()).await?;
    }
    tx.commit().await?;
    house.bell.outbox.notify_one();
    Ok(())
}

async fn is_doubtful(tx: &mut Tx, client: PersonId) -> Result<bool, Failure> {
    for thread in threads::list_of_client(tx, client).await? {
        if hold::is_doubtful(tx, thread.id).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn compose(
    house: &House,
    kind: MailKind,
    language: crate::role::Language,
    address: &MailAddress,
    link: &str,
) -> Outgoing {
    let id = OutboxId::draw(&*house.chance);
    let seal = |plain: &str| house.keys.house.seal(self::kind::OUTBOX, id.bytes(), plain.as_bytes(), &*house.chance);
    let address_hash = address_hash(house, address).to_vec();
    Outgoing {
        id,
        kind,
        language,
        recipient_sealed: seal(&address.text()),
        link_sealed: seal(link),
        tries: 0,
        address_hash,
    }
}

/// The next time the clocks of a zone show `hour`:00 after `now`. In a skipped hour: the moment after it.
pub fn next_local_hour(now: Moment, zone: &str, hour: u32) -> Moment {
    let zone: chrono_tz::Tz = zone.parse().unwrap_or(chrono_tz::UTC);
    let today = now.utc().with_timezone(&zone).date_naive();
    let time = NaiveTime::from_hms_opt(hour.min(23), 0, 0).unwrap_or_default();
    (0..3)
        .filter_map(|days| {
            let local = today.checked_add_days(Days::new(days))?.and_time(time);
            let at = zone.from_local_datetime(&local).earliest();
            at.or_else(|| zone.from_local_datetime(&(local + chrono::TimeDelta::hours(1))).earliest())
        })
        .map(|at| Moment::from(at.to_utc()))
        .find(|at| *at > now)
        .unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(now: &str, zone: &str, expected: &str) {
        let read = |t: &str| Moment::from(chrono::DateTime::parse_from_rfc3339(t).unwrap().to_utc());
        assert_eq!(next_local_hour(read(now), zone, 8), read(expected), "{now} {zone}");
    }

    #[test]
    fn the_next_eight_o_clock() {
        check("2026-11-24T00:59:00Z", "Asia/Jakarta", "2026-11-24T01:00:00Z");
        check("2026-11-24T01:00:00Z", "Asia/Jakarta", "2026-11-25T01:00:00Z");
        check("2026-11-24T20:00:00Z", "Asia/Jayapura", "2026-11-24T23:00:00Z");
        check("2026-11-24T20:00:00Z", "Nowhere/Land", "2026-11-25T08:00:00Z");
    }

    #[test]
    fn a_skipped_hour_happens_once_after_the_change() {
        let now = Moment::from(chrono::DateTime::parse_from_rfc3339("2027-03-27T23:30:00Z").unwrap().to_utc());
        let at = next_local_hour(now, "Europe/Amsterdam", 2);
        assert_eq!(at.utc().to_rfc3339(), "2027-03-28T01:00:00+00:00", "02:00 does not exist that day: 03:00 CEST");
    }
}

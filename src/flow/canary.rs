//! Does the road still work? A canary walks it every hour: a mail is handed to a door, parsed, sealed and stored, put
//! into the outbox in the same commit, claimed and sent by its motor, and taken by a door again.
//!
//! It holds nothing and concerns nobody. Its addresses end in 128 random bits that only this house knows, and work
//! once.

use std::time::Duration;

use super::session::kind;
use crate::address::MailAddress;
use crate::clock::Moment;
use crate::house::{Failure, House};
use crate::ids::{CanaryId, OutboxId};
use crate::parse::{self, RawLetter};
use crate::role::Language;
use crate::seal::{BlobContext, Cert, SharedKey, seal_blob};
use crate::secret::PlainBytes;
use crate::store::canary::{self, Standing};
use crate::store::outbox::{self, MailKind, Outgoing};

/// One flies every hour; two missing ones in a row are an alarm.
pub const ALARM_AFTER: Duration = Duration::from_secs(2 * 3600 + 600);
/// They are remembered this long.
pub(super) const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Which half of the road.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leg {
    /// From a door into the store.
    Out,
    /// From the outbox to a door.
    Home,
}

impl Leg {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Out => "canary-out-",
            Self::Home => "canary-home-",
        }
    }
}

/// A canary at a door.
#[derive(Clone, Copy)]
pub struct Canary {
    id: CanaryId,
    leg: Leg,
}

/// A canary ready to be handed to a door.
pub struct Flight {
    /// Row; names the mail.
    pub id: CanaryId,
    /// Envelope sender.
    pub from: MailAddress,
    /// Where it goes.
    pub to: MailAddress,
    /// The mail.
    pub mail: PlainBytes,
}

/// In the form in which letters come to this house; where that grows too long, in the plain one, which its own doors
/// take as well.
fn address(house: &House, local: &str) -> Result<MailAddress, Failure> {
    let plain = || MailAddress::parse(&format!("{local}@{}", house.rules.mail_domain));
    MailAddress::parse(&house.rules.thread_address(local)).or_else(|_| plain()).map_err(|_| Failure::NotFound)
}

/// Sends a new one off; the caller hands it to a door.
pub async fn set_out(house: &House) -> Result<Flight, Failure> {
    let (id, now) = (CanaryId::draw(&*house.chance), house.now());
    let (from, to) = (address(house, "no-reply")?, address(house, &format!("{}{id}", Leg::Out.prefix()))?);
    let mail = format!(
        "From: <{}>\r\nTo: <{}>\r\nSubject: canary\r\nDate: {}\r\nMessage-ID: <{id}@{}>\r\nAuto-Submitted: auto-generated\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe road is open.\r\n",
        from.text(),
        to.text(),
        now.utc().format("%a, %d %b %Y %H:%M:%S +0000"),
        house.rules.mail_domain,
    );
    let mut tx = house.db.begin().await?;
    canary::insert(&mut tx, id, now).await?;
    canary::delete_old(&mut tx, now.minus(KEPT)).await?;
    tx.commit().await?;
    Ok(Flight { id, from, to, mail: PlainBytes::new(mail.into_bytes()) })
}

/// Reads the local part of an address: a canary that is on its way, or none.
pub async fn recognize(house: &House, local: &str) -> Result<Option<Canary>, Failure> {
    let found = [Leg::Out, Leg::Home].into_iter().find_map(|leg| Some((leg, local.strip_prefix(leg.prefix())?)));
    let Some((leg, id)) = found.and_then(|(leg, id)| Some((leg, id.parse::<CanaryId>().ok()?))) else {
        return Ok(None);
    };
    let is_ours = canary::is_on_its_way(&mut house.db.read().await?, id).await?;
    Ok(is_ours.then_some(Canary { id, leg }))
}

/// Takes one at a door.
pub async fn take(house: &House, canary: Canary, mail: PlainBytes) -> Result<(), Failure> {
    let now = house.now();
    if canary.leg == Leg::Home {
        let mut tx = house.db.begin().await?;
        canary::note_return(&mut tx, canary.id, now).await?;
        return Ok(tx.commit().await?);
    }
    let letter = parse::read(RawLetter::from_plain(mail)).map_err(|_| Failure::NotAllowed)?;
    let ids = [canary.id.bytes()];
    let context = BlobContext { kind: "canary", ids: &ids };
    // The steps a letter takes, to a key that nobody keeps.
    let (_, cert) = SharedKey::generate(now)?;
    let cert = Cert::parse(&cert)?;
    let body = seal_blob(letter.raw.into_plain(), &cert, house.signer(), now, &context)?;
    let home = way_home(house, canary.id)?;
    let mut tx = house.db.begin().await?;
    if canary::store(&mut tx, canary.id, &body, now).await? {
        outbox::insert(&mut tx, &home, now, now).await?;
    }
    tx.commit().await?;
    house.bell.outbox.notify_one();
    Ok(())
}

fn way_home(house: &House, canary: CanaryId) -> Result<Outgoing, Failure> {
    let to = address(house, &format!("{}{canary}", Leg::Home.prefix()))?;
    let id = OutboxId::draw(&*house.chance);
    let seal = |plain: &str| house.keys.house.seal(kind::OUTBOX, id.bytes(), plain.as_bytes(), &*house.chance);
    Ok(Outgoing {
        address_hash: Vec::new(),
        id,
        kind: MailKind::Canary,
        language: Language::English,
        recipient_sealed: seal(&to.text()),
        link_sealed: seal(""),
        tries: 0,
    })
}

/// How they fare.
pub async fn standing(house: &House) -> Result<Standing, Failure> {
    Ok(canary::standing(&mut house.db.read().await?).await?)
}

/// Whether the road seems closed: canaries have flown for a while and none came back lately.
pub fn is_overdue(standing: &Standing, now: Moment) -> bool {
    let since = standing.last_returned.or(standing.first_sent);
    since.is_some_and(|at| now.since(at) > ALARM_AFTER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_an_alarm() {
        let at = |hours: u64| Moment::from_micros(0).plus(Duration::from_secs(1 + hours * 3600));
        let check = |first: Option<u64>, last: Option<u64>, expected| {
            let standing = Standing { first_sent: first.map(at), last_returned: last.map(at) };
            assert_eq!(is_overdue(&standing, at(10)), expected, "{first:?} {last:?}");
        };
        check(None, None, false);
        check(Some(9), None, false);
        check(Some(7), None, true);
        check(Some(1), Some(8), false);
        check(Some(1), Some(7), true);
    }
}

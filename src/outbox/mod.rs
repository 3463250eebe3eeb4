//! Mails leave: the motor of the outbox.
//!
//! A mail is claimed by lease, its try is counted, it is written anew from its row, handed to the [`Transport`], and
//! its row ended or put off by the table in [`crate::motor`]. Several nodes may do this at once; each mail has one
//! worker.
//!
//! A mail leaves at least once. If this process dies after the relay said yes and before the row was ended, the mail
//! leaves again under the same Message-ID, by which mailboxes recognise it.
//!
//! What waited is looked at again before it leaves: a client who said "never" meanwhile, or took the address back, gets
//! nothing. Ended rows hold neither address nor link.
//!
//! - `compose`: what a mail looks like.
//! - `transport`: the relay or the folder; `relay_url` reads its address in the settings.

pub mod compose;
mod relay_url;
#[cfg(test)]
pub(crate) mod tests;
mod transport;

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use relay_url::{BadRelay, RelayUrl, Tls};
pub use transport::{Relay, Transport};

use crate::clock::Moment;
use crate::flow::leave;
use crate::house::{Failure, House};
use crate::motor::{self, Outcome, Reason, Work};
use crate::store::outbox::{MailKind, Outgoing};

/// Sends what is due until `stop`, then lets mails under way finish.
pub async fn run(house: Arc<House>, transport: Transport, stop: CancellationToken) {
    motor::drive(Arc::new(Outbox { house, transport }), stop).await;
}

/// Sends everything due now, one after another, and says how many mails were tried.
pub async fn run_due(house: &House, transport: &Transport) -> Result<usize, Failure> {
    let mut count = 0;
    while let Some(mail) = leave::claim(house).await? {
        let outcome = attempt(house, transport, &mail).await;
        record(house, &mail, outcome).await?;
        count += 1;
    }
    Ok(count)
}

struct Outbox {
    house: Arc<House>,
    transport: Transport,
}

impl Work for Outbox {
    type Piece = Outgoing;
    const NAME: &'static str = "outbox";
    const AT_ONCE: usize = 4;

    fn now(&self) -> Moment {
        self.house.now()
    }

    fn bell(&self) -> &Notify {
        &self.house.bell.outbox
    }

    async fn claim(&self) -> Result<Option<Outgoing>, Failure> {
        leave::claim(&self.house).await
    }

    async fn attempt(&self, mail: &Outgoing) -> Outcome {
        attempt(&self.house, &self.transport, mail).await
    }

    async fn record(&self, mail: &Outgoing, outcome: Outcome) -> Result<(), Failure> {
        record(&self.house, mail, outcome).await
    }

    async fn next_due(&self) -> Result<Option<Moment>, Failure> {
        leave::next_due(&self.house).await
    }
}

async fn attempt(house: &House, transport: &Transport, row: &Outgoing) -> Outcome {
    // The wrong key in `keys/` would otherwise end every mail at once.
    let opened = match leave::open_whole(house, row).await {
        Ok(opened) => opened,
        Err(Failure::Damaged(_)) => return Outcome::TryLater(Reason::word("damaged")),
        Err(failure) => return Outcome::TryLater(Reason::from(&failure)),
    };
    match leave::is_wanted(house, row, &opened).await {
        Ok(true) => {}
        Ok(false) => return Outcome::NotWanted,
        Err(failure) => return Outcome::TryLater(Reason::from(&failure)),
    }
    match compose::compose(&house.keys.house, &house.rules, row, &opened, house.now()) {
        Ok(mail) if row.kind == MailKind::Canary => match transport::loopback(house) {
            Some(door) => door.send(row.id, mail).await,
            None => Outcome::TryLater(Reason::word("no-door")),
        },
        Ok(mail) => transport.send(row.id, mail).await,
        Err(compose::BadDomain) => Outcome::TryLater(Reason::word("mail-domain")),
    }
}

async fn record(house: &House, row: &Outgoing, outcome: Outcome) -> Result<(), Failure> {
    let kind = row.kind.word();
    let reason = match (outcome, motor::rest(row.tries)) {
        (Outcome::Done, _) => {
            leave::finish(house, row.id).await?;
            metrics::counter!("merpati_outbox_sent_total", "kind" => kind).increment(1);
            return Ok(());
        }
        (Outcome::NotWanted, _) => return leave::withdraw(house, row.id).await,
        (Outcome::TryLater(reason), Some(rest)) => {
            leave::put_off(house, row, rest, &reason.to_string()).await?;
            metrics::counter!("merpati_outbox_failed_total", "kind" => kind).increment(1);
            tracing::warn!(mail = %row.id, kind, tries = row.tries, %reason, "a mail did not leave; it is tried again");
            return Ok(());
        }
        (Outcome::TryLater(reason), None) | (Outcome::GiveUp(reason), _) => reason,
    };
    leave::give_up(house, row.id, &reason.to_string()).await?;
    metrics::counter!("merpati_outbox_dead_total", "kind" => kind).increment(1);
    tracing::error!(mail = %row.id, kind, tries = row.tries, %reason, "a mail will never leave");
    Ok(())
}

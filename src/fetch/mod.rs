//! Fetches mail from a hosted mailbox, for practices that have no mail server of their own (IMAP, RFC 3501).
//!
//! A mail is stored before anything happens to it in the mailbox. Whoever dies in between repeats a step, and a mail that
//! comes twice is stored once. A mail that cannot be taken is tried again a few times and then left where it is; the next
//! ones do not wait for it. One node at a time works on a mailbox.
//!
//! - `wire`: connects, with TLS; `round`: takes what is new; `places`: where a mail belongs.
//! - async-imap is named in here and nowhere else.

mod places;
mod round;
mod settings;
mod wire;

pub use settings::Settings;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::chance;
use crate::flow::fetching::{Claim, Progress};
use crate::house::{Failure, House};
use crate::motor::Reason;

/// A lease is prolonged and the mailbox looked at least this often.
const LOOK_MAX: Duration = Duration::from_secs(50);
/// The first rest after a failure; it doubles.
const REST_FIRST: Duration = Duration::from_secs(10);
/// The longest rest.
const REST_MAX: Duration = Duration::from_secs(15 * 60);
/// Rest after a refused sign-in: providers lock an account that is tried too often.
const REST_REFUSED: Duration = Duration::from_secs(5 * 60);

/// How the connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// TLS from the first byte, usually port 993.
    Implicit,
    /// TLS after STARTTLS, usually port 143.
    StartTls,
    /// None: on this machine only.
    None,
}

/// What happens to a mail in the mailbox once it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Keep,
    /// It is marked as read.
    Seen,
    /// It goes to this folder.
    Move(String),
    /// It is deleted.
    Delete,
}

/// A hosted mailbox.
#[derive(Clone, Debug)]
pub struct Account {
    /// Server.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Who signs in.
    pub user: String,
    /// File that holds the password.
    pub password_file: PathBuf,
    /// The folder that is fetched.
    pub folder: String,
    /// TLS or not.
    pub protection: Protection,
    /// Authority to trust instead of the machine's; empty: the machine's.
    pub ca_file: Option<PathBuf>,
    /// What happens to stored mails.
    pub after: After,
    /// Pause between two looks where the server does not tell of new mail by itself.
    pub every: Duration,
}

impl Account {
    /// What the state in the database belongs to.
    fn claim(&self, house: &House, holder: [u8; 16]) -> Claim {
        Claim::new(house, &format!("{}\n{}\n{}", self.host, self.user, self.folder), holder)
    }

    /// How far it has been fetched, and how many of its mails could not be taken.
    pub async fn standing(&self, house: &House) -> Result<(Progress, i64), Failure> {
        let claim = self.claim(house, [0; 16]);
        Ok((claim.progress(house).await?, claim.count_trouble(house).await?))
    }

    /// Signs in and looks at the folder.
    pub async fn check(&self) -> Result<(), Reason> {
        let mut line = wire::open(self).await?;
        wire::select(&mut line, &self.folder).await.map(|_| ())
    }
}

/// Fetches until `stop`.
pub async fn run(house: Arc<House>, account: Account, stop: CancellationToken) {
    let claim = account.claim(&house, chance::bytes(&*house.chance));
    let mut failures = 0_u32;
    while !stop.is_cancelled() {
        let before = failures;
        let rest = match claim.hold(&house).await {
            Ok(true) => match work(&house, &account, &claim, &stop, &mut failures).await {
                Ok(()) => Duration::ZERO,
                Err(reason) => {
                    metrics::counter!("merpati_fetch_failures_total").increment(1);
                    tracing::warn!(%reason, failures = before, "the hosted mailbox cannot be fetched");
                    let _ = claim.failed(&house, &reason.to_string()).await;
                    let rest = REST_FIRST.saturating_mul(1 << failures.min(10)).min(REST_MAX);
                    failures = failures.saturating_add(1);
                    if reason == wire::REFUSED { rest.max(REST_REFUSED) } else { rest }
                }
            },
            // Another node's, or the database does not answer.
            Ok(false) | Err(_) => LOOK_MAX,
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
    let _ = claim.release(&house).await;
}

/// One connection, from sign-in to its end. Ends well only when told to stop.
async fn work(
    house: &Arc<House>,
    account: &Account,
    claim: &Claim,
    stop: &CancellationToken,
    failures: &mut u32,
) -> Result<(), Reason> {
    let mut line = tokio::select! {
        () = stop.cancelled() => return Ok(()),
        line = wire::open(account) => line?,
    };
    let mut rested = account.every;
    while !stop.is_cancelled() {
        // Where the server tells of new mail, every wake-up is worth a look.
        if line.tells || rested >= account.every {
            round::round(house, account, claim, &mut line, stop).await?;
            *failures = 0;
            rested = Duration::ZERO;
        }
        if !claim.hold(house).await.map_err(|f| Reason::from(&f))? {
            return Err(Reason::word("another-node"));
        }
        let pause = LOOK_MAX.min(account.every.saturating_sub(rested).max(Duration::from_millis(100)));
        line = tokio::select! {
            () = stop.cancelled() => return Ok(()),
            line = wire::rest(line, pause) => line?,
        };
        rested += pause;
    }
    Ok(())
}

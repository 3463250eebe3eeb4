//! How far a hosted mailbox has been fetched: taken under a lease, so that one node at a time works on it.
//!
//! A mail is stored first, by `receive`; only then is it marked or moved in the mailbox, and only then does the number
//! here move on. Whoever dies in between repeats a step: a mail that comes twice is stored once.

use super::session::kind;
use crate::clock::Moment;
use crate::house::{Failure, House};
use crate::limits::LEASE;
use crate::store::fetched;

pub use crate::store::fetched::Progress;

/// A mail that is refused this often stays in the mailbox for a person to look at.
pub const TRIES_MAX: i64 = 5;
/// Mails in trouble that are tried again in one look.
const TROUBLE_MAX: i64 = 100;

/// A mailbox and who works on it.
#[derive(Clone)]
pub struct Claim {
    account: [u8; 32],
    holder: [u8; 16],
}

impl Claim {
    /// `name`: server, user and folder. `holder`: random, one for each process.
    pub fn new(house: &House, name: &str, holder: [u8; 16]) -> Self {
        Self { account: house.keys.house.hash(kind::FETCH_ACCOUNT, name), holder }
    }

    /// Takes or prolongs the lease; false when another node holds it.
    pub async fn hold(&self, house: &House) -> Result<bool, Failure> {
        let now = house.now();
        let mut tx = house.db.begin().await?;
        let mine = fetched::claim(&mut tx, &self.account, &self.holder, now, now.plus(LEASE)).await?;
        tx.commit().await?;
        Ok(mine)
    }

    /// Gives the lease back, so that another node need not wait for its end.
    pub async fn release(&self, house: &House) -> Result<(), Failure> {
        let mut tx = house.db.begin().await?;
        fetched::release(&mut tx, &self.account, &self.holder).await?;
        Ok(tx.commit().await?)
    }

    /// What is known of the mailbox.
    pub async fn progress(&self, house: &House) -> Result<Progress, Failure> {
        Ok(fetched::progress(&mut house.db.read().await?, &self.account).await?.unwrap_or_default())
    }

    /// The server gave its mails new numbers: all are looked at again, and those that are here are recognized.
    pub async fn begin_anew(&self, house: &House, uid_validity: i64) -> Result<(), Failure> {
        let mut tx = house.db.begin().await?;
        fetched::end_all_trouble(&mut tx, &self.account).await?;
        self.advance(&mut tx, uid_validity, 0, house.now()).await?;
        Ok(tx.commit().await?)
    }

    /// A mail was taken, or is gone.
    pub async fn taken(&self, house: &House, uid_validity: i64, last_uid: i64, uid: i64) -> Result<(), Failure> {
        let mut tx = house.db.begin().await?;
        fetched::end_trouble(&mut tx, &self.account, uid).await?;
        self.advance(&mut tx, uid_validity, last_uid.max(uid), house.now()).await?;
        Ok(tx.commit().await?)
    }

    /// A mail could not be taken; the next ones do not wait for it.
    pub async fn stumbled(
        &self,
        house: &House,
        (uid_validity, last_uid): (i64, i64),
        uid: i64,
        tries: i64,
        reason: &str,
    ) -> Result<(), Failure> {
        let mut tx = house.db.begin().await?;
        fetched::add_trouble(&mut tx, &self.account, uid, tries, reason).await?;
        self.advance(&mut tx, uid_validity, last_uid.max(uid), house.now()).await?;
        Ok(tx.commit().await?)
    }

    async fn advance(
        &self,
        tx: &mut crate::store::Tx,
        uid_validity: i64,
        uid: i64,
        now: Moment,
    ) -> Result<(), Failure> {
        let lease = now.plus(LEASE);
        if fetched::advance(tx, &self.account, &self.holder, uid_validity, uid, lease).await? {
            Ok(())
        } else {
            Err(Failure::Changed)
        }
    }

    /// The mailbox was looked through to its end.
    pub async fn looked(&self, house: &House) -> Result<(), Failure> {
        let mut tx = house.db.begin().await?;
        fetched::looked(&mut tx, &self.account, house.now()).await?;
        Ok(tx.commit().await?)
    }

    /// The mailbox cannot be fetched at this moment.
    pub async fn failed(&self, house: &House, reason: &str) -> Result<(), Failure> {
        let mut tx = house.db.begin().await?;
        fetched::failed(&mut tx, &self.account, house.now(), reason).await?;
        Ok(tx.commit().await?)
    }

    /// The mails in trouble that are worth another try.
    pub async fn trouble(&self, house: &House) -> Result<Vec<i64>, Failure> {
        Ok(fetched::trouble(&mut house.db.read().await?, &self.account, TRIES_MAX, TROUBLE_MAX).await?)
    }

    /// How many mails are in trouble.
    pub async fn count_trouble(&self, house: &House) -> Result<i64, Failure> {
        Ok(fetched::count_trouble(&mut house.db.read().await?, &self.account).await?)
    }
}

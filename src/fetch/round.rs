//! One look at a hosted mailbox: what is new is taken, mail by mail, in the order it came.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use tokio_util::sync::CancellationToken;

use super::wire::{self, Line, answer};
use super::{Account, After, places};
use crate::flow::fetching::{Claim, TRIES_MAX};
use crate::flow::receive;
use crate::house::{Failure, House};
use crate::limits::MAIL_BYTES_MAX;
use crate::motor::Reason;
use crate::secret::PlainBytes;

/// A look under way.
struct Round<'a> {
    house: &'a Arc<House>,
    account: &'a Account,
    claim: &'a Claim,
    uid_validity: i64,
    last_uid: i64,
}

/// Takes what is new, and what was in trouble.
pub(super) async fn round(
    house: &Arc<House>,
    account: &Account,
    claim: &Claim,
    line: &mut Line,
    stop: &CancellationToken,
) -> Result<(), Reason> {
    let failed = |f: Failure| Reason::from(&f);
    let folder = wire::select(line, &account.folder).await?;
    let uid_validity = i64::from(folder.uid_validity.ok_or(Reason::word("no-uidvalidity"))?);
    let mut progress = claim.progress(house).await.map_err(failed)?;
    if progress.uid_validity != uid_validity {
        claim.begin_anew(house, uid_validity).await.map_err(failed)?;
        progress.last_uid = 0;
    }
    let mut round = Round { house, account, claim, uid_validity, last_uid: progress.last_uid };
    if folder.exists > 0 {
        for uid in claim.trouble(house).await.map_err(failed)? {
            round.take(line, uid, None).await?;
        }
        for (uid, size) in round.list(line).await? {
            if stop.is_cancelled() {
                return Ok(());
            }
            round.take(line, uid, Some(size)).await?;
        }
    }
    claim.looked(house).await.map_err(failed)
}

impl Round<'_> {
    /// Number and size of every mail after the last one, in order.
    async fn list(&self, line: &mut Line) -> Result<Vec<(i64, usize)>, Reason> {
        let range = format!("{}:*", self.last_uid + 1);
        let all: Vec<_> =
            answer(async { line.session.uid_fetch(range, "(UID RFC822.SIZE)").await?.try_collect().await }).await?;
        // A range that begins beyond the last mail still names that one (RFC 3501, 6.4.8).
        let mut list: Vec<_> = all
            .iter()
            .filter_map(|mail| Some((i64::from(mail.uid?), usize::try_from(mail.size.unwrap_or(0)).ok()?)))
            .filter(|(uid, _)| *uid > self.last_uid)
            .collect();
        list.sort_unstable();
        list.dedup_by_key(|(uid, _)| *uid);
        Ok(list)
    }

    /// Stores a mail, then does with it in the mailbox what is wished, then moves on.
    async fn take(&mut self, line: &mut Line, uid: i64, size: Option<usize>) -> Result<(), Reason> {
        let place = (self.uid_validity, self.last_uid);
        let stored = if size.is_some_and(|size| size > MAIL_BYTES_MAX) {
            Err(("too-large", TRIES_MAX))
        } else {
            match body(line, uid).await? {
                // Somebody deleted it meanwhile.
                None => Ok(false),
                Some(mail) => self.store(mail).await?.map(|()| true).map_err(|word| (word, 1)),
            }
        };
        let noted = match stored {
            Ok(here) => {
                if here {
                    self.settle(line, uid).await?;
                    metrics::counter!("merpati_fetch_mails_total").increment(1);
                }
                self.claim.taken(self.house, self.uid_validity, self.last_uid, uid).await
            }
            Err((word, tries)) => {
                metrics::counter!("merpati_fetch_mails_stuck_total").increment(1);
                tracing::warn!(reason = word, uid, "a mail of the hosted mailbox could not be taken; it stays there");
                self.claim.stumbled(self.house, place, uid, tries, word).await
            }
        };
        noted.map_err(|f| Reason::from(&f))?;
        self.last_uid = self.last_uid.max(uid);
        Ok(())
    }

    /// Outer error: the house cannot store anything at this moment. Inner one: it cannot store this mail.
    async fn store(&self, mail: PlainBytes) -> Result<Result<(), &'static str>, Reason> {
        let house = Arc::clone(self.house);
        // In a task of its own, so that a panic ends nothing else.
        let stored = tokio::spawn(async move {
            let (places, null_sender) = places::of(&house, mail.reveal()).await?;
            let provenance = house.witnesses.read(mail.reveal());
            for place in places {
                receive::by_mail(&house, &place, null_sender, &provenance, mail.clone()).await?;
            }
            Ok::<_, Failure>(())
        });
        match stored.await {
            Ok(Ok(())) => Ok(Ok(())),
            Ok(Err(failure @ (Failure::Store(_) | Failure::Busy))) => Err(Reason::from(&failure)),
            Ok(Err(Failure::NoUsableKey(_))) => Ok(Err("no-usable-key")),
            Ok(Err(Failure::NotFound)) => Ok(Err("nobody-to-read-it")),
            Ok(Err(_)) => Ok(Err("not-stored")),
            Err(_) => Ok(Err("fault")),
        }
    }

    /// What happens in the mailbox to a mail that is stored.
    async fn settle(&self, line: &mut Line, uid: i64) -> Result<(), Reason> {
        let uid = uid.to_string();
        match &self.account.after {
            After::Keep => Ok(()),
            After::Seen => flag(line, &uid, "+FLAGS.SILENT (\\Seen)").await,
            After::Move(folder) if line.moves => answer(line.session.uid_mv(&uid, folder)).await,
            After::Move(folder) => {
                answer(line.session.uid_copy(&uid, folder)).await?;
                remove(line, &uid).await
            }
            After::Delete => remove(line, &uid).await,
        }
    }
}

async fn body(line: &mut Line, uid: i64) -> Result<Option<PlainBytes>, Reason> {
    let all: Vec<_> =
        answer(async { line.session.uid_fetch(uid.to_string(), "(UID BODY.PEEK[])").await?.try_collect().await })
            .await?;
    let mail = all.iter().find(|mail| mail.uid.map(i64::from) == Some(uid));
    Ok(mail.and_then(|mail| mail.body()).map(|bytes| PlainBytes::new(bytes.to_vec())))
}

async fn flag(line: &mut Line, uid: &str, flags: &str) -> Result<(), Reason> {
    let _: Vec<_> = answer(async { line.session.uid_store(uid, flags).await?.try_collect().await }).await?;
    Ok(())
}

/// Marks as deleted, and removes it where the server can remove a single mail; EXPUNGE would remove other people's too.
async fn remove(line: &mut Line, uid: &str) -> Result<(), Reason> {
    flag(line, uid, "+FLAGS.SILENT (\\Deleted)").await?;
    if line.removes {
        let _: Vec<_> = answer(async { line.session.uid_expunge(uid).await?.try_collect().await }).await?;
    }
    Ok(())
}

//! Housekeeping: what is forgotten, and when.
//!
//! | what | forgotten |
//! | --- | --- |
//! | keys of a silent staff session | after the idle lock (5 minutes) |
//! | sessions | after 12 hours, or when silent for a day |
//! | held mail that was deleted or let in | when that can no longer be undone (10 minutes) |
//! | drafts and their files | 7 days after the last change |
//! | invitations | 3 days after they expired |
//! | wrong tries at a sign-in | a day after the first |
//! | sent mails and finished jobs | after 7 days; dead ones stay |

use std::time::Duration;

use crate::house::{Failure, House};
use crate::limits::{DRAFT_KEPT, LINK_VALID, SESSION_MAX, STAFF_IDLE, UNDO_FOR};
use crate::store::{attempts, decisions, drafts, jobs, outbox, people, sessions};

const DAY: Duration = Duration::from_secs(24 * 3600);
const DONE_KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Forgets what is due to be forgotten.
pub async fn sweep(house: &House) -> Result<(), Failure> {
    let now = house.now();
    let mut tx = house.db.begin().await?;
    sessions::lock_unseen(&mut tx, now.minus(STAFF_IDLE)).await?;
    sessions::delete_unseen(&mut tx, now.minus(DAY), now.minus(SESSION_MAX)).await?;
    decisions::delete_old(&mut tx, now.minus(UNDO_FOR)).await?;
    drafts::delete_old(&mut tx, now.minus(DRAFT_KEPT)).await?;
    people::delete_old_invitations(&mut tx, now.minus(LINK_VALID)).await?;
    attempts::delete_old(&mut tx, now.minus(DAY), now).await?;
    outbox::delete_sent(&mut tx, now.minus(DONE_KEPT)).await?;
    jobs::delete_done(&mut tx, now.minus(DONE_KEPT)).await?;
    Ok(tx.commit().await?)
}

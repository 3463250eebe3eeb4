//! What did not arrive at a client's address.

use super::{StoreError, Tx, on, statements};
use crate::clock::Moment;
use crate::ids::PersonId;

statements! {
    COUNT_BOUNCE = "UPDATE notice SET hard_bounces = hard_bounces + $2, soft_bounces = soft_bounces + $3, \
                    stopped_us = CASE WHEN stopped_us = 0 AND (hard_bounces + $2 >= $4 OR soft_bounces + $3 >= $5) THEN $6 ELSE stopped_us END \
                    WHERE address_hash = $1";
    FORGET_BOUNCES = "UPDATE notice SET hard_bounces = 0, soft_bounces = 0, stopped_us = 0 WHERE person_id = $1";
}

/// A mail to an address did not arrive: counts it, and stops mail there after so many hard or soft ones.
pub async fn count_bounce(
    tx: &mut Tx,
    address_hash: &[u8],
    is_hard: bool,
    limits: (i64, i64),
    now: Moment,
) -> Result<u64, StoreError> {
    Ok(on!(tx, |c| sqlx::query(COUNT_BOUNCE)
        .bind(address_hash)
        .bind(i64::from(is_hard))
        .bind(i64::from(!is_hard))
        .bind(limits.0)
        .bind(limits.1)
        .bind(now.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?)
}

/// The address is tried again.
pub async fn forget_bounces(tx: &mut Tx, person_id: PersonId) -> Result<(), StoreError> {
    on!(tx, |c| sqlx::query(FORGET_BOUNCES).bind(person_id.bytes()).execute(c).await.map(|_| ()))?;
    Ok(())
}

//! A client begins another thread, at another desk, or replaces the secret address of one.

use super::enter;
use super::session::{Reader, kind};
use crate::audit::{self, Action};
use crate::house::{Failure, House, Owner};
use crate::ids::{DeskId, ThreadId};
use crate::limits::RETIRED_ADDRESSES_MAX;
use crate::seal::ThreadToken;
use crate::store::desks::{self, Desk};
use crate::store::threads::{self, Thread};
use crate::store::{StoreError, people, retired};

/// Desks where the client could begin a thread: they are open, and the client has none there.
pub async fn other_desks(house: &House, reader: &Reader) -> Result<Vec<Desk>, Failure> {
    let mut conn = house.db.read().await?;
    let mine = threads::list_of_client(&mut conn, reader.who.person).await?;
    let mut all = desks::list(&mut conn).await?;
    all.retain(|d| d.is_open && !d.cert.is_empty() && mine.iter().all(|t| t.desk != d.id));
    Ok(all)
}

/// Begins a thread at a desk: a key and an address of its own, granted to the client and to the desk like the first. Where
/// the client has one there already, that is the answer.
pub async fn open(house: &House, reader: &Reader, desk: DeskId) -> Result<ThreadId, Failure> {
    let (me, now) = (reader.who.person, house.now());
    let desk = desks::find(&mut house.db.read().await?, desk).await?.ok_or(Failure::NotFound)?;
    if !desk.is_open || desk.cert.is_empty() {
        return Err(Failure::Changed);
    }
    let desk_cert = house.cert(Owner::Desk(desk.id.bytes()), &desk.cert)?;
    let new = enter::new_thread(house, desk.id, &desk_cert, me, &reader.who.cert)?;
    let mut tx = house.db.begin().await?;
    // This write lets two presses of one client wait for each other, so that the second sees what the first did.
    people::update_seen(&mut tx, me, now).await?;
    let mine = threads::list_of_client(&mut tx, me).await?;
    if let Some(there) = mine.into_iter().find(|t| t.desk == desk.id) {
        return Ok(there.id);
    }
    new.insert(&mut tx).await?;
    audit::note(&mut tx, house, now, Some(me), Action::ThreadOpened, Some(new.thread.id)).await?;
    tx.commit().await?;
    Ok(new.thread.id)
}

/// Replaces the secret address of a thread. Of the old one only its hash is kept, so that mail to it is recognized.
pub async fn replace_address(house: &House, reader: &Reader, thread: &Thread) -> Result<(), Failure> {
    if thread.client != reader.who.person {
        return Err(Failure::NotFound);
    }
    let token = ThreadToken::draw(&*house.chance);
    let hash = house.keys.house.hash(kind::THREAD_TOKEN, token.bytes());
    let sealed = house.keys.house.seal(kind::THREAD_TOKEN, thread.id.bytes(), token.bytes(), &*house.chance);
    let now = house.now();
    let mut tx = house.db.begin().await?;
    // Of two presses at once the second finds the address retired.
    retired::insert(&mut tx, &thread.token_hash, thread.id, now).await.map_err(|e| match e {
        StoreError::Taken(_) => Failure::Changed,
        other => other.into(),
    })?;
    retired::delete_surplus(&mut tx, thread.id, RETIRED_ADDRESSES_MAX).await?;
    threads::update_token(&mut tx, thread.id, &hash, &sealed).await?;
    let me = Some(reader.who.person);
    audit::note(&mut tx, house, now, me, Action::AddressChanged, Some(thread.id)).await?;
    Ok(tx.commit().await?)
}

//! From a signed-in reader to the keys of a thread's periods.
//!
//! A reader holds a grant of their own (the client; a counselor who took the thread or was handed it) or reaches the
//! epoch through their desk's key. One grant on the present epoch is enough: each epoch holds its predecessor's key.

use std::collections::HashMap;

use super::session::Reader;
use crate::house::{Failure, House, Owner};
use crate::ids::{DeskId, EpochId};
use crate::seal::{Cert, GrantContext, Held, SharedKey};
use crate::store::threads::{Epoch, Thread};
use crate::store::{Conn, desks, threads};

/// The keys of a thread that a reader may use, by epoch.
pub struct ThreadKeys(HashMap<EpochId, SharedKey>);

impl ThreadKeys {
    /// The key of a period; [`Failure::NotFound`] where this reader's history does not reach.
    pub fn get(&self, epoch: EpochId) -> Result<&SharedKey, Failure> {
        self.0.get(&epoch).ok_or(Failure::NotFound)
    }
}

/// Opens the desk's key for somebody who sits there.
pub async fn desk_key(conn: &mut Conn, reader: &Reader, desk: DeskId) -> Result<SharedKey, Failure> {
    let grant = desks::find_grant(conn, desk, reader.who.person).await?.ok_or(Failure::NotFound)?;
    if grant.is_empty() {
        return Err(Failure::NotAllowed);
    }
    Ok(reader.keys.open_grant(&grant, &GrantContext { held: Held::Desk(desk), reader: reader.who.person.bytes() })?)
}

/// Opens the key of the thread's present epoch.
pub async fn present_key(conn: &mut Conn, reader: &Reader, thread: &Thread) -> Result<SharedKey, Failure> {
    let held = Held::Epoch(thread.epoch);
    let me = reader.who.person;
    if let Some(own) = threads::find_grant(conn, thread.epoch, me.bytes()).await? {
        return Ok(reader.keys.open_grant(&own, &GrantContext { held, reader: me.bytes() })?);
    }
    let grant = threads::find_grant(conn, thread.epoch, thread.desk.bytes()).await?.ok_or(Failure::NotFound)?;
    let desk = desk_key(conn, reader, thread.desk).await?;
    Ok(desk.open_grant(&grant, &GrantContext { held, reader: thread.desk.bytes() })?)
}

/// Opens the keys of all periods this reader's history reaches.
pub async fn open(conn: &mut Conn, reader: &Reader, thread: &Thread) -> Result<ThreadKeys, Failure> {
    let mut keys = HashMap::new();
    let epochs = threads::list_epochs(conn, thread.id).await?;
    let mut key = present_key(conn, reader, thread).await?;
    let mut later: Option<&Epoch> = None;
    for epoch in &epochs {
        if let Some(later) = later {
            let context = GrantContext { held: Held::Epoch(epoch.id), reader: later.id.bytes() };
            if later.previous_sealed.is_empty() {
                break;
            }
            let next = key.open_grant(&later.previous_sealed, &context)?;
            keys.insert(later.id, key);
            key = next;
        }
        later = Some(epoch);
    }
    if let Some(last) = later {
        keys.insert(last.id, key);
    }
    Ok(ThreadKeys(keys))
}

/// The certificate to which new letters of a thread are encrypted.
pub async fn epoch_cert(house: &House, conn: &mut Conn, epoch: EpochId) -> Result<Cert, Failure> {
    let row = threads::find_epoch(conn, epoch).await?.ok_or(Failure::NotFound)?;
    Ok(house.cert(Owner::Epoch(epoch.bytes()), &row.cert)?)
}

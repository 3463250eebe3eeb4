//! Our keys for whoever wants to write: a Web Key Directory (draft-koch-openpgp-webkey-service).
//!
//! One certificate opens all our mail. For each address it is given out under that address alone: mail programs take a key
//! only for the address they asked for, and no address tells of another.

use super::receive::{self, NoDestination};
use crate::address::MailAddress;
use crate::house::{Failure, House};
use crate::seal::directory_name;
use crate::store::desks;

/// A name in a directory, in characters.
const NAME_CHARS: usize = 32;

/// The key behind a name of the directory. `local` is the local part that the asking program says it hashed: only with it
/// a thread's address is found, because nobody can find it from its hash. Whatever is not there is `None` alike.
pub async fn find(house: &House, domain: &str, name: &str, local: Option<&str>) -> Result<Option<Vec<u8>>, Failure> {
    if !domain.eq_ignore_ascii_case(&house.rules.mail_domain) || name.len() != NAME_CHARS {
        return Ok(None);
    }
    let local = match local {
        Some(local) if directory_name(local) == name => local.to_ascii_lowercase(),
        Some(_) => return Ok(None),
        None => match guess(house, name).await? {
            Some(local) => local,
            None => return Ok(None),
        },
    };
    match receive::destination(house, &local, &house.rules.mail_domain).await {
        Ok(_) => {}
        Err(NoDestination::Failure(failure)) => return Err(failure),
        Err(_) => return Ok(None),
    }
    let Ok(address) = MailAddress::parse(&format!("{local}@{}", house.rules.mail_domain)) else {
        return Ok(None);
    };
    Ok(Some(house.keys.practice.for_address(&address, house.now())?))
}

/// One of the addresses anybody may know.
async fn guess(house: &House, name: &str) -> Result<Option<String>, Failure> {
    let desks = desks::list(&mut house.db.read().await?).await?;
    let known = desks.into_iter().map(|d| d.slug).chain(["postmaster".to_owned()]);
    Ok(known.into_iter().find(|local| directory_name(local) == name))
}

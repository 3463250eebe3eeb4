//! Our keys for whoever wants to write: a Web Key Directory (draft-koch-openpgp-webkey-service).
//!
//! One certificate opens all our mail. For each address it is given out under that address alone: mail programs take a key
//! only for the address they asked for, and no address tells of another.

use super::receive::{self, Destination, NoDestination};
use crate::address::MailAddress;
use crate::house::{Failure, House};
use crate::seal::directory_name;
use crate::store::desks;

/// A name in a directory, in characters.
const NAME_CHARS: usize = 32;
/// Reaches the first desk.
const POSTMASTER: &str = "postmaster";

/// The key behind a name of the directory. `domain` is the one asked for, where the question says it: the directory of a
/// domain's own host leaves it out. `local` is the local part that the asking program says it hashed: only with it a
/// thread's address is found, because nobody can find it from its hash. Whatever is not there is `None` alike.
pub async fn find(
    house: &House,
    domain: Option<&str>,
    name: &str,
    local: Option<&str>,
) -> Result<Option<Vec<u8>>, Failure> {
    let fits = |d: &&str| domain.is_none_or(|asked| asked.eq_ignore_ascii_case(d));
    if name.len() != NAME_CHARS || local.is_some_and(|local| directory_name(local) != name) {
        return Ok(None);
    }
    let locals = match local {
        Some(local) => vec![local.to_ascii_lowercase()],
        None => known(house).await?.into_iter().filter(|local| directory_name(local) == name).collect(),
    };
    for domain in domains(house).into_iter().filter(fits) {
        for address in locals.iter().filter_map(|local| MailAddress::parse(&format!("{local}@{domain}")).ok()) {
            if takes_mail(house, &address).await? {
                return Ok(Some(house.keys.practice.for_address(&address, house.now())?));
            }
        }
    }
    Ok(None)
}

/// The domains of our addresses.
pub fn domains(house: &House) -> Vec<&str> {
    let hosted = house.rules.plus_address.as_ref().map(|base| base.base().domain());
    let mut all = vec![house.rules.mail_domain.as_str()];
    all.extend(hosted.filter(|d| *d != house.rules.mail_domain));
    all
}

/// The local parts anybody may know.
async fn known(house: &House) -> Result<Vec<String>, Failure> {
    let desks = desks::list(&mut house.db.read().await?).await?;
    let mut names: Vec<String> = desks.into_iter().map(|d| d.slug).chain([POSTMASTER.to_owned()]).collect();
    if let Some(base) = &house.rules.plus_address {
        let local = base.base().local().to_ascii_lowercase();
        names.extend(names.iter().map(|name| format!("{local}+{name}")).collect::<Vec<_>>());
        names.push(local);
    }
    Ok(names)
}

/// Whether people read what is sent to an address. In the domain of a hosted mailbox other addresses are other people's.
async fn takes_mail(house: &House, address: &MailAddress) -> Result<bool, Failure> {
    if let Some(hosted) = &house.rules.plus_address {
        let is_theirs = hosted.base().domain() == address.domain();
        if is_theirs && hosted.detail(address).is_none() {
            return Ok(hosted.base().folded() == address.folded());
        }
    }
    match receive::destination(house, address.local(), address.domain()).await {
        Ok(Destination::Thread(_) | Destination::Desk { .. }) => Ok(true),
        Err(NoDestination::Failure(failure)) => Err(failure),
        Ok(Destination::Bounce(_) | Destination::Canary(_)) | Err(_) => Ok(false),
    }
}

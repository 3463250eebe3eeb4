//! Return addresses of our own mails: each mail has its own, and only this house can make one.
//!
//! A report that comes back to such an address is about that mail. Anybody can send something that looks like a report;
//! without an address we gave out it is about nothing.

use subtle::ConstantTimeEq as _;

use super::house::HouseKey;
use crate::ids::{OutboxId, base32, from_base32};

const PREFIX: &str = "b-";
const ID_BYTES: usize = 16;
const CHECK_BYTES: usize = 10;

/// The part before the `@` of a mail's return address: `b-` and 42 characters.
pub fn bounce_local(mail: OutboxId, house: &HouseKey) -> String {
    let mut bytes = mail.bytes().to_vec();
    bytes.extend_from_slice(&check(&bytes, house));
    format!("{PREFIX}{}", base32(&bytes))
}

/// The mail a return address belongs to, in upper or lower case; `None` when we never gave it out.
pub fn read_bounce_local(local: &str, house: &HouseKey) -> Option<OutboxId> {
    let bytes = from_base32(local.to_ascii_lowercase().strip_prefix(PREFIX)?)?;
    let (id, given) = bytes.split_at_checked(ID_BYTES)?;
    let fits: bool = check(id, house).ct_eq(given).into();
    let id: [u8; ID_BYTES] = id.try_into().ok()?;
    fits.then(|| OutboxId::from(id))
}

fn check(id: &[u8], house: &HouseKey) -> Vec<u8> {
    house.hash("bounce", id).get(..CHECK_BYTES).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chance::SeededChance;

    proptest! {
        #[test]
        fn only_the_house_makes_return_addresses(id: [u8; 16], at in 2usize..44, other in "[a-z2-7]") {
            let house = HouseKey::draw(&SeededChance::new(1));
            let mail = OutboxId::from(id);
            let local = bounce_local(mail, &house);
            prop_assert!(local.len() <= 64);
            prop_assert_eq!(read_bounce_local(&local.to_uppercase(), &house), Some(mail));
            prop_assert_eq!(read_bounce_local(&local, &HouseKey::draw(&SeededChance::new(2))), None);
            let mut forged = local.clone();
            forged.replace_range(at..=at, &other);
            // The last character carries spare bits: only what decodes to the same bytes is the same address.
            prop_assert!(forged == local || read_bounce_local(&forged, &house).is_none_or(|m| m == mail));
        }
    }

    #[test]
    fn other_names_are_no_return_addresses() {
        let house = HouseKey::draw(&SeededChance::new(1));
        for local in ["b-", "b", "", "bk", "b-aaaa", "no-reply"] {
            assert_eq!(read_bounce_local(local, &house), None, "{local}");
        }
    }
}

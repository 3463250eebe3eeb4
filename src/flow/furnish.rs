//! The operator furnishes the house: desks, invitations, and who may come in.

use super::session::{Realm, folded_name, kind};
use crate::audit::{self, Action};
use crate::chance;
use crate::commitments::week::{Week, WeekError};
use crate::house::{Failure, House};
use crate::ids::{DeskId, PersonId, base32};
use crate::limits::LINK_VALID;
use crate::role::{Role, Roles};
use crate::secret::PlainText;
use crate::store::desks::{self, Desk};
use crate::store::people::{self, Invitation};
use crate::store::{StoreError, sessions};

/// What the operator says of a desk.
#[derive(Clone, Default)]
pub struct DeskForm {
    /// Part of its address: lower-case letters, digits and dashes.
    pub slug: String,
    /// Public name.
    pub name: String,
    /// Public text in Indonesian.
    pub about_id: String,
    /// Public text in English.
    pub about_en: String,
    /// IANA zone.
    pub zone: String,
    /// Weekly hours.
    pub hours: String,
    /// How often letters are looked at on a working day, 1 to 24.
    pub reads_per_day: i64,
}

/// What is wrong with a desk's form.
#[derive(Debug, thiserror::Error)]
pub enum DeskProblem {
    /// The short name does not fit.
    #[error("the short name needs 2 to 30 lower-case letters, digits or dashes, and is not one of the reserved words")]
    Slug,
    /// Another desk has it.
    #[error("another desk has this short name")]
    SlugTaken,
    /// The name is empty or over 80 characters.
    #[error("the name needs 1 to 80 characters")]
    Name,
    /// Not a zone.
    #[error("the zone is not in the zone database: write for example Asia/Jakarta")]
    Zone,
    /// Not hours.
    #[error(transparent)]
    Hours(#[from] WeekError),
    /// Not 1 to 24.
    #[error("letters are read 1 to 24 times a working day")]
    Reads,
    /// Something else.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Local parts of our own that no desk may have.
pub const RESERVED: [&str; 6] = ["no-reply", "noreply", "postmaster", "abuse", "mailer-daemon", "hostmaster"];

impl DeskForm {
    fn check(&self) -> Result<(), DeskProblem> {
        let slug_fits = (2..=30).contains(&self.slug.len())
            && self.slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            && !self.slug.starts_with('-')
            // Twenty characters of our alphabet could be taken for a thread's address.
            && !(self.slug.len() == 20 && crate::ids::from_base32(&self.slug).is_some())
            && !RESERVED.contains(&self.slug.as_str());
        if !slug_fits {
            return Err(DeskProblem::Slug);
        }
        if self.name.trim().is_empty() || self.name.chars().count() > 80 {
            return Err(DeskProblem::Name);
        }
        self.zone.parse::<chrono_tz::Tz>().map_err(|_| DeskProblem::Zone)?;
        self.hours.parse::<Week>()?;
        if (1..=24).contains(&self.reads_per_day) { Ok(()) } else { Err(DeskProblem::Reads) }
    }
}

/// Makes a desk. It opens to clients once its first counselor sits down.
pub async fn add_desk(house: &House, form: &DeskForm) -> Result<DeskId, DeskProblem> {
    form.check()?;
    let desk = Desk {
        id: DeskId::draw(&*house.chance),
        slug: form.slug.clone(),
        name: form.name.trim().to_owned(),
        about_id: form.about_id.trim().to_owned(),
        about_en: form.about_en.trim().to_owned(),
        zone: form.zone.clone(),
        hours: form.hours.clone(),
        reads_per_day: form.reads_per_day,
        is_open: true,
        cert: Vec::new(),
        created: house.now(),
    };
    let write = async {
        let mut tx = house.db.begin().await?;
        desks::insert(&mut tx, &desk).await?;
        tx.commit().await
    };
    match write.await {
        Ok(()) => Ok(desk.id),
        Err(StoreError::Taken(_)) => Err(DeskProblem::SlugTaken),
        Err(other) => Err(Failure::from(other).into()),
    }
}

/// Changes what a desk's public page says.
pub async fn change_desk(house: &House, desk: DeskId, form: &DeskForm, is_open: bool) -> Result<(), DeskProblem> {
    let found = desks::find(&mut house.db.read().await.map_err(Failure::from)?, desk).await.map_err(Failure::from)?;
    let mut found = found.ok_or(Failure::NotFound)?;
    DeskForm { slug: found.slug.clone(), ..form.clone() }.check()?;
    found.name = form.name.trim().to_owned();
    found.about_id = form.about_id.trim().to_owned();
    found.about_en = form.about_en.trim().to_owned();
    found.zone.clone_from(&form.zone);
    found.hours.clone_from(&form.hours);
    found.reads_per_day = form.reads_per_day;
    found.is_open = is_open;
    let write = async {
        let mut tx = house.db.begin().await?;
        desks::update(&mut tx, &found).await?;
        tx.commit().await
    };
    Ok(write.await.map_err(Failure::from)?)
}

/// Makes an invitation; the link is shown once and can be used once, within three days.
pub async fn invite(house: &House, roles: Roles, desk: Option<DeskId>) -> Result<PlainText, Failure> {
    if roles.has(Role::Client) || !roles.is_staff() {
        return Err(Failure::NotAllowed);
    }
    let token = base32(&chance::bytes::<20>(&*house.chance));
    let now = house.now();
    let invitation = Invitation {
        token_hash: house.keys.house.hash(kind::LINK_TOKEN, &token).to_vec(),
        roles,
        desk,
        created: now,
        expires: now.plus(LINK_VALID),
        used: None,
    };
    let mut tx = house.db.begin().await?;
    people::insert_invitation(&mut tx, &invitation).await?;
    tx.commit().await?;
    Ok(PlainText::new(format!("{}/invitation/{token}", house.rules.public_url)))
}

/// Shuts a colleague out or lets them back in; never oneself, so that the house keeps an operator. Shutting out ends all
/// their sessions in the same commit. Their threads stay theirs until a colleague of the desk takes them over.
pub async fn set_disabled(house: &House, operator: PersonId, person: PersonId, disabled: bool) -> Result<(), Failure> {
    if person == operator {
        return Err(Failure::NotAllowed);
    }
    let found = people::find(&mut house.db.read().await?, person)
        .await?
        .filter(|p| p.roles.is_staff())
        .ok_or(Failure::NotFound)?;
    if found.disabled.is_some() == disabled {
        return Ok(());
    }
    let now = house.now();
    let action = if disabled { Action::ShutOut } else { Action::LetBackIn };
    let mut tx = house.db.begin().await?;
    people::update_disabled(&mut tx, person, disabled.then_some(now)).await?;
    if disabled {
        sessions::delete_of_person(&mut tx, person).await?;
    }
    audit::note_why(&mut tx, house, now, Some(operator), action, None, &person.to_string()).await?;
    Ok(tx.commit().await?)
}

/// Seats a colleague who is there already at another desk. A counselor there has to let them read.
pub async fn seat(house: &House, name: &str, desk: DeskId) -> Result<(), Failure> {
    let hash = house.keys.house.hash(Realm::Staff.name_kind(), folded_name(name));
    let mut tx = house.db.begin().await?;
    let person = people::find_by_name(&mut tx, &hash).await?.ok_or(Failure::NotFound)?;
    desks::insert_member(&mut tx, desk, person.id, &[], house.now()).await?;
    Ok(tx.commit().await?)
}

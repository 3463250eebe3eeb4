//! What the operator and the scheduler see of the house: desks, colleagues, numbers. Never a letter, never a client's name.

use std::time::Duration;

use super::session::{Realm, open_name};
use crate::clock::Moment;
use crate::house::{Failure, House};
use crate::ids::PersonId;
use crate::role::{Role, Roles};
use crate::secret::PlainText;
use crate::store::desks::{self, Desk};
use crate::store::outbox::{self, Standing};
use crate::store::{Conn, canary, jobs, people, queue};

/// A desk and who sits there.
pub struct DeskSeats {
    /// The desk.
    pub desk: Desk,
    /// Counselors who can read.
    pub seated: Vec<PlainText>,
    /// Counselors who wait until a colleague hands them the desk's key.
    pub waiting_for_key: Vec<PlainText>,
    /// Others who belong to it.
    pub others: Vec<PlainText>,
}

/// A colleague.
pub struct Colleague {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: PlainText,
    /// What they may do.
    pub roles: Roles,
    /// Names of their desks.
    pub desks: Vec<String>,
    /// Their last sign-in.
    pub seen: Option<Moment>,
    /// Shut out since.
    pub disabled: Option<Moment>,
}

/// The whole house, as the operator sees it.
pub struct Overview {
    /// Desks, oldest first.
    pub desks: Vec<DeskSeats>,
    /// Everybody who works here, longest first.
    pub staff: Vec<Colleague>,
    /// Mails waiting to leave.
    pub outbox: Standing,
    /// Jobs that gave up.
    pub dead_jobs: i64,
    /// How the canaries fare.
    pub canaries: canary::Standing,
}

/// A desk in numbers, as the scheduler sees it.
pub struct DeskLoad {
    /// The desk and who sits there.
    pub seats: DeskSeats,
    /// Threads waiting for an answer, up to the cap.
    pub waiting: i64,
    /// Receipt of the oldest unanswered letter.
    pub oldest: Option<Moment>,
    /// Mails that wait for a decision, up to the cap.
    pub held: i64,
}

/// Opens the operator's page.
pub async fn overview(house: &House) -> Result<Overview, Failure> {
    let mut conn = house.db.read().await?;
    let mut all = Vec::new();
    for desk in desks::list(&mut conn).await? {
        all.push(seats(house, &mut conn, desk).await?);
    }
    let mut staff = Vec::new();
    for person in people::list_staff(&mut conn).await? {
        staff.push(Colleague {
            person: person.id,
            name: open_name(house, Realm::Staff, person.id, &person.name_sealed)?,
            roles: person.roles,
            desks: desks::list_of_person(&mut conn, person.id).await?.into_iter().map(|d| d.name).collect(),
            seen: person.seen,
            disabled: person.disabled,
        });
    }
    let outbox = outbox::standing(&mut conn).await?;
    let dead_jobs = jobs::count_dead(&mut conn).await?;
    let canaries = canary::standing(&mut conn).await?;
    Ok(Overview { desks: all, staff, outbox, dead_jobs, canaries })
}

/// Whether mail works, as ages.
pub struct Ages {
    /// How long the oldest mail waits to leave; zero when none waits.
    pub outbox: Duration,
    /// How long ago a canary came back, or the first one set out; `None` while none has flown.
    pub canary: Option<Duration>,
}

/// Looks whether mail works.
pub async fn ages(house: &House) -> Result<Ages, Failure> {
    let mut conn = house.db.read().await?;
    let now = house.now();
    let outbox = outbox::standing(&mut conn).await?;
    let canaries = canary::standing(&mut conn).await?;
    Ok(Ages {
        outbox: outbox.oldest.map(|at| now.since(at)).unwrap_or_default(),
        canary: canaries.last_returned.or(canaries.first_sent).map(|at| now.since(at)),
    })
}

/// Opens the scheduler's page.
pub async fn loads(house: &House) -> Result<Vec<DeskLoad>, Failure> {
    let mut conn = house.db.read().await?;
    let mut all = Vec::new();
    for desk in desks::list(&mut conn).await? {
        let (waiting, oldest) = queue::load(&mut conn, desk.id).await?;
        let held = queue::count_held(&mut conn, desk.id).await?;
        all.push(DeskLoad { seats: seats(house, &mut conn, desk).await?, waiting, oldest, held });
    }
    Ok(all)
}

async fn seats(house: &House, conn: &mut Conn, desk: Desk) -> Result<DeskSeats, Failure> {
    let members = desks::list_members(conn, desk.id).await?;
    let mut out = DeskSeats { desk, seated: Vec::new(), waiting_for_key: Vec::new(), others: Vec::new() };
    for member in members.iter().filter(|m| !m.disabled) {
        let name = open_name(house, Realm::Staff, member.person, &member.name_sealed)?;
        match (member.roles.has(Role::Counselor), member.desk_grant.is_empty()) {
            (true, false) => out.seated.push(name),
            (true, true) => out.waiting_for_key.push(name),
            (false, _) => out.others.push(name),
        }
    }
    Ok(out)
}

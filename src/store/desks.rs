//! Desks and who sits at them.

use super::{Conn, StoreError, Tx, id, on, one, statements, word};
use crate::clock::Moment;
use crate::ids::{DeskId, PersonId};
use crate::role::Roles;

/// A desk as stored.
#[derive(Clone)]
pub struct Desk {
    /// Row.
    pub id: DeskId,
    /// Part of its address and of its URL.
    pub slug: String,
    /// Its public name.
    pub name: String,
    /// Public text in Indonesian.
    pub about_id: String,
    /// Public text in English.
    pub about_en: String,
    /// IANA zone of its hours.
    pub zone: String,
    /// Weekly hours, see `commitments::week`.
    pub hours: String,
    /// How often letters are looked at on a working day.
    pub reads_per_day: i64,
    /// Whether new mailboxes can be opened.
    pub is_open: bool,
    /// Public certificate of the desk's key; empty until the first counselor sits down.
    pub cert: Vec<u8>,
    /// Since when.
    pub created: Moment,
}

/// Somebody at a desk.
pub struct Member {
    /// Who.
    pub person: PersonId,
    /// What they may do.
    pub roles: Roles,
    /// Their name, sealed to the house key.
    pub name_sealed: Vec<u8>,
    /// Their public certificate.
    pub cert: Vec<u8>,
    /// The desk's key encrypted to them; empty when they cannot read.
    pub desk_grant: Vec<u8>,
    /// Whether they are shut out.
    pub disabled: bool,
}

statements! {
    INSERT = "INSERT INTO desk (id, slug, name, about_id, about_en, zone, hours, reads_per_day, is_open, cert, created_us) \
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    UPDATE = "UPDATE desk SET name = $2, about_id = $3, about_en = $4, zone = $5, hours = $6, reads_per_day = $7, is_open = $8 WHERE id = $1";
    UPDATE_CERT = "UPDATE desk SET cert = $2 WHERE id = $1 AND cert = $3";
    FIND = "SELECT id, slug, name, about_id, about_en, zone, hours, reads_per_day, is_open, cert, created_us FROM desk WHERE id = $1";
    FIND_BY_SLUG = "SELECT id, slug, name, about_id, about_en, zone, hours, reads_per_day, is_open, cert, created_us FROM desk WHERE slug = $1";
    LIST = "SELECT id, slug, name, about_id, about_en, zone, hours, reads_per_day, is_open, cert, created_us FROM desk ORDER BY created_us, id";
    LIST_OF_PERSON = "SELECT d.id, d.slug, d.name, d.about_id, d.about_en, d.zone, d.hours, d.reads_per_day, d.is_open, d.cert, d.created_us \
                      FROM desk d JOIN member m ON m.desk_id = d.id WHERE m.person_id = $1 ORDER BY d.created_us, d.id";
    INSERT_MEMBER = "INSERT INTO member (desk_id, person_id, desk_grant, since_us) VALUES ($1, $2, $3, $4)";
    UPDATE_MEMBER = "UPDATE member SET desk_grant = $3 WHERE desk_id = $1 AND person_id = $2";
    DELETE_MEMBER = "DELETE FROM member WHERE desk_id = $1 AND person_id = $2";
    FIND_GRANT = "SELECT desk_grant FROM member WHERE desk_id = $1 AND person_id = $2";
    LIST_MEMBERS = "SELECT m.person_id, p.roles, p.name_sealed, p.cert, m.desk_grant, p.disabled_us \
                    FROM member m JOIN person p ON p.id = m.person_id WHERE m.desk_id = $1 ORDER BY m.since_us, m.person_id";
}

type Row = (Vec<u8>, String, String, String, String, String, String, i64, i64, Vec<u8>, i64);
type MemberRow = (Vec<u8>, String, Vec<u8>, Vec<u8>, Vec<u8>, i64);

fn desk(row: Row) -> Result<Desk, StoreError> {
    Ok(Desk {
        id: id(&row.0, "desk.id")?,
        slug: row.1,
        name: row.2,
        about_id: row.3,
        about_en: row.4,
        zone: row.5,
        hours: row.6,
        reads_per_day: row.7,
        is_open: row.8 == 1,
        cert: row.9,
        created: Moment::from_micros(row.10),
    })
}

/// Adds a desk; [`StoreError::Taken`] when the slug is in use.
pub async fn insert(tx: &mut Tx, d: &Desk) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(INSERT)
        .bind(d.id.bytes())
        .bind(&d.slug)
        .bind(&d.name)
        .bind(&d.about_id)
        .bind(&d.about_en)
        .bind(&d.zone)
        .bind(&d.hours)
        .bind(d.reads_per_day)
        .bind(i64::from(d.is_open))
        .bind(&d.cert)
        .bind(d.created.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "desk")
}

/// Changes what the public page says.
pub async fn update(tx: &mut Tx, d: &Desk) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPDATE)
        .bind(d.id.bytes())
        .bind(&d.name)
        .bind(&d.about_id)
        .bind(&d.about_en)
        .bind(&d.zone)
        .bind(&d.hours)
        .bind(d.reads_per_day)
        .bind(i64::from(d.is_open))
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "desk")
}

/// Gives a desk its first key; [`StoreError::Gone`] when it has one already.
pub async fn update_cert(tx: &mut Tx, desk_id: DeskId, cert: &[u8]) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPDATE_CERT)
        .bind(desk_id.bytes())
        .bind(cert)
        .bind(super::NOTHING)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "desk without a key")
}

/// By id.
pub async fn find(conn: &mut Conn, desk_id: DeskId) -> Result<Option<Desk>, StoreError> {
    let row: Option<Row> = on!(conn, |c| sqlx::query_as(FIND).bind(desk_id.bytes()).fetch_optional(c).await)?;
    row.map(desk).transpose()
}

/// By the word in its address.
pub async fn find_by_slug(conn: &mut Conn, slug: &str) -> Result<Option<Desk>, StoreError> {
    let row: Option<Row> = on!(conn, |c| sqlx::query_as(FIND_BY_SLUG).bind(slug).fetch_optional(c).await)?;
    row.map(desk).transpose()
}

/// All desks, oldest first.
pub async fn list(conn: &mut Conn) -> Result<Vec<Desk>, StoreError> {
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(LIST).fetch_all(c).await)?;
    rows.into_iter().map(desk).collect()
}

/// The desks somebody sits at.
pub async fn list_of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<Desk>, StoreError> {
    let rows: Vec<Row> = on!(conn, |c| sqlx::query_as(LIST_OF_PERSON).bind(person.bytes()).fetch_all(c).await)?;
    rows.into_iter().map(desk).collect()
}

/// Seats somebody; `desk_grant` may be empty.
pub async fn insert_member(
    tx: &mut Tx,
    desk_id: DeskId,
    person: PersonId,
    desk_grant: &[u8],
    now: Moment,
) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(INSERT_MEMBER)
        .bind(desk_id.bytes())
        .bind(person.bytes())
        .bind(desk_grant)
        .bind(now.micros())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "member")
}

/// Hands the desk's key to somebody who sits there.
pub async fn update_member(
    tx: &mut Tx,
    desk_id: DeskId,
    person: PersonId,
    desk_grant: &[u8],
) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(UPDATE_MEMBER)
        .bind(desk_id.bytes())
        .bind(person.bytes())
        .bind(desk_grant)
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "member")
}

/// Takes somebody's seat and grant away.
pub async fn delete_member(tx: &mut Tx, desk_id: DeskId, person: PersonId) -> Result<(), StoreError> {
    let done = on!(tx, |c| sqlx::query(DELETE_MEMBER)
        .bind(desk_id.bytes())
        .bind(person.bytes())
        .execute(c)
        .await
        .map(|d| d.rows_affected()))?;
    one(done, "member")
}

/// The desk's key encrypted to this person: `None` when they do not sit there, empty when they may not read.
pub async fn find_grant(conn: &mut Conn, desk_id: DeskId, person: PersonId) -> Result<Option<Vec<u8>>, StoreError> {
    let row: Option<(Vec<u8>,)> =
        on!(conn, |c| sqlx::query_as(FIND_GRANT).bind(desk_id.bytes()).bind(person.bytes()).fetch_optional(c).await)?;
    Ok(row.map(|r| r.0))
}

/// Who sits at a desk, longest first.
pub async fn list_members(conn: &mut Conn, desk_id: DeskId) -> Result<Vec<Member>, StoreError> {
    let rows: Vec<MemberRow> = on!(conn, |c| sqlx::query_as(LIST_MEMBERS).bind(desk_id.bytes()).fetch_all(c).await)?;
    rows.into_iter()
        .map(|row| {
            Ok(Member {
                person: id(&row.0, "member.person_id")?,
                roles: word(&row.1, "person.roles", &row.0)?,
                name_sealed: row.2,
                cert: row.3,
                desk_grant: row.4,
                disabled: row.5 != 0,
            })
        })
        .collect()
}

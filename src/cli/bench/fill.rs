//! Very many threads: rows like a real one's, with ids of their own and its sealed bytes.

use super::scene::Scene;
use super::stuck;
use crate::chance;
use crate::cli::Ended;
use crate::clock::Moment;
use crate::flow::session::kind;
use crate::ids::PersonId;
use crate::store::{TABLES, Table, Value};

/// Rows of one statement.
const ROWS: usize = 200;
/// Statements of one table in one transaction.
const ROUNDS: usize = 10;
const TABLE_NAMES: [&str; 5] = ["person", "thread", "epoch", "epoch_grant", "letter"];

/// One real row of each table.
pub(super) struct Stencil {
    rows: Vec<(&'static Table, Vec<Value>)>,
    /// Who answers the threads that are somebody's.
    answerer: PersonId,
    made: usize,
}

fn id(bytes: &[u8]) -> Value {
    Value::Bytes(Some(bytes.to_vec()))
}

fn table(name: &str) -> Result<&'static Table, Ended> {
    TABLES.iter().find(|t| t.name == name).ok_or_else(|| stuck("no such table"))
}

fn set(table: &Table, row: &mut [Value], column: &str, value: Value) {
    let cells = table.columns.iter().zip(row);
    for (_, cell) in cells.filter(|(c, _)| c.name() == column) {
        *cell = value.clone();
    }
}

fn get<'a>(table: &Table, row: &'a [Value], column: &str) -> Option<&'a Value> {
    table.columns.iter().zip(row).find(|(c, _)| c.name() == column).map(|(_, cell)| cell)
}

impl Stencil {
    /// Takes the rows of the scene's only client; its thread has a letter.
    pub(super) async fn cut(scene: &Scene, client: PersonId, answerer: PersonId) -> Result<Self, Ended> {
        let mut rows = Vec::new();
        for name in TABLE_NAMES {
            let table = table(name)?;
            let mut found = None;
            let mut conn = scene.house.db.snapshot().await?;
            table
                .each(&mut conn, |row| {
                    // The grant of the client is the desk's in another hand: both are one packet of one size.
                    let fits = name != "person" || get(table, &row, "id") == Some(&id(client.bytes()));
                    if fits {
                        found = Some(row);
                    }
                    Ok::<_, Ended>(())
                })
                .await?;
            rows.push((table, found.ok_or_else(|| stuck(format!("no row of {name}")))?));
        }
        Ok(Self { rows, answerer, made: 0 })
    }

    /// Adds threads until there are that many.
    pub(super) async fn fill(&mut self, scene: &Scene, threads: usize) -> Result<(), Ended> {
        while self.made < threads {
            let mut tx = scene.house.db.begin().await?;
            for _ in 0..ROUNDS {
                let count = ROWS.min(threads - self.made);
                let many: Vec<Vec<Vec<Value>>> = (0..count).map(|n| self.thread(scene, self.made + n)).collect();
                for (n, (table, _)) in self.rows.iter().enumerate() {
                    let rows: Vec<_> = many.iter().filter_map(|one| one.get(n).cloned()).collect();
                    table.write_many(&mut tx, &rows).await?;
                }
                self.made += count;
            }
            tx.commit().await?;
        }
        Ok(scene.house.db.refresh_statistics().await?)
    }

    /// The rows of one more thread, in the order of the tables.
    fn thread(&self, scene: &Scene, n: usize) -> Vec<Vec<Value>> {
        let house = &scene.house;
        let draw = || chance::bytes::<16>(&*house.chance);
        let (person, thread, epoch) = (draw(), draw(), draw());
        let unique = || id(&chance::bytes::<32>(&*house.chance));
        let since =
            Moment::from_micros(house.now().micros() - i64::from(chance::below(&*house.chance, 432_000)) * 1_000_000);
        let (state, assignee) = match n % 10 {
            0..=5 => ("waiting", None),
            6 | 7 => ("waiting", Some(self.answerer.bytes().to_vec())),
            _ => ("answered", Some(self.answerer.bytes().to_vec())),
        };
        let waiting = if state == "waiting" { since.micros() } else { 0 };
        let mut rows = Vec::with_capacity(self.rows.len());
        for (table, stencil) in &self.rows {
            let mut row = stencil.clone();
            let mut put = |column: &str, value: Value| set(table, &mut row, column, value);
            match table.name {
                "person" => {
                    let name = house.keys.house.seal(
                        kind::CLIENT_NAME,
                        &person,
                        format!("client {n}").as_bytes(),
                        &*house.chance,
                    );
                    put("id", id(&person));
                    put("name_hash", unique());
                    put("name_sealed", id(&name));
                }
                "thread" => {
                    put("id", id(&thread));
                    put("client_id", id(&person));
                    put("epoch_id", id(&epoch));
                    put("token_hash", unique());
                    put("state", Value::Text(state.to_owned()));
                    put("urgent", Value::Int(i64::from(n.is_multiple_of(20) && waiting != 0)));
                    put("assignee_id", Value::Bytes(assignee.clone()));
                    put("waiting_us", Value::Int(waiting));
                    put("last_us", Value::Int(since.micros()));
                }
                "epoch" => {
                    put("id", id(&epoch));
                    put("thread_id", id(&thread));
                }
                "epoch_grant" => put("epoch_id", id(&epoch)),
                _ => {
                    put("id", id(&draw()));
                    put("thread_id", id(&thread));
                    put("epoch_id", id(&epoch));
                    put("received_us", Value::Int(since.micros()));
                    put("dedup", unique());
                }
            }
            rows.push(row);
        }
        rows
    }

    /// More letters for the thread the stencil was cut from.
    pub(super) async fn lengthen(scene: &Scene, thread: &[u8], letters: usize) -> Result<(), Ended> {
        let table = table("letter")?;
        let mut found = None;
        let mut conn = scene.house.db.snapshot().await?;
        table
            .each(&mut conn, |row| {
                if get(table, &row, "thread_id") == Some(&id(thread)) {
                    found = Some(row);
                }
                Ok::<_, Ended>(())
            })
            .await?;
        drop(conn);
        let stencil = found.ok_or_else(|| stuck("no letter to repeat"))?;
        let mut left = letters;
        while left > 0 {
            let count = ROWS.min(left);
            let rows: Vec<_> = (0..count)
                .map(|_| {
                    let mut row = stencil.clone();
                    set(table, &mut row, "id", id(&chance::bytes::<16>(&*scene.house.chance)));
                    set(table, &mut row, "dedup", id(&chance::bytes::<32>(&*scene.house.chance)));
                    row
                })
                .collect();
            let mut tx = scene.house.db.begin().await?;
            table.write_many(&mut tx, &rows).await?;
            tx.commit().await?;
            left -= count;
        }
        Ok(())
    }
}

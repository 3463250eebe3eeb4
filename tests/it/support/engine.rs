//! One test, both engines.
//!
//! `both_engines!(name, ...)` turns functions of the module into the tests `sqlite::name` and `postgres::name`. Each gets
//! a fresh database; a function that is not in the list is dead code, which the compiler reports.

use std::ops::Deref;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use merpati::store::Db;

use super::postgres::server;

/// Connections of each database opened for a test.
const CONNECTIONS: u32 = 12;
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// A fresh database.
#[derive(Clone)]
pub(crate) struct Scratch {
    db: Db,
    /// What [`Db::open`] opened: for a second node, or for looking from outside.
    pub(crate) url: String,
}

impl Deref for Scratch {
    type Target = Db;
    fn deref(&self) -> &Db {
        &self.db
    }
}

impl Scratch {
    pub(crate) async fn open(url: &str) -> Self {
        Self { db: Db::open(url, CONNECTIONS).await.unwrap(), url: url.to_owned() }
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        self.engine() == "SQLite"
    }
}

/// Runs a test on SQLite.
pub(crate) fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(Scratch) -> F) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("merpati.db").display());
    run(&url, test, || ());
}

/// Runs a test on PostgreSQL.
pub(crate) fn on_postgres<F: Future<Output = ()>>(test: impl FnOnce(Scratch) -> F) {
    let server = server();
    let name = server.make_database();
    run(&server.url(&name), test, || server.drop_database(&name));
}

fn run<F: Future<Output = ()>>(url: &str, test: impl FnOnce(Scratch) -> F, clean: impl FnOnce()) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let scratch = runtime.block_on(Scratch::open(url));
    let outcome = catch_unwind(AssertUnwindSafe(|| runtime.block_on(test(scratch.clone()))));
    // A test that failed may have left a connection stuck; what follows takes it away by force.
    let closing = async { tokio::time::timeout(CLOSE_TIMEOUT, scratch.close()).await };
    let closed = runtime.block_on(closing);
    runtime.shutdown_background();
    clean();
    if let Err(failure) = outcome {
        resume_unwind(failure);
    }
    closed.expect("nothing holds a connection when a test is over");
}

macro_rules! both_engines {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $name() { $crate::support::engine::on_sqlite(super::$name); })+
        }
        mod postgres {
            $(#[test] fn $name() { $crate::support::engine::on_postgres(super::$name); })+
        }
    };
}
pub(crate) use both_engines;

//! A house to measure: made by the same stories as a real one, in a scratch folder.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::stuck;
use crate::address::MailAddress;
use crate::chance::{self, OsChance};
use crate::cli::Ended;
use crate::clock::{Clock as _, SystemClock};
use crate::config::{self, Settings};
use crate::custody;
use crate::flow::furnish::{self, DeskForm};
use crate::flow::receive::address_hash;
use crate::flow::session::{self, Cookie, Reader, Realm, Visit, kind};
use crate::flow::throttle::Source;
use crate::flow::write::{self, FormLetter};
use crate::flow::{enter, read};
use crate::house::{Failure, House};
use crate::ids::{DeskId, LetterId, PersonId, ThreadId, base32};
use crate::role::{Language, Role, Roles};
use crate::seal::Cost;
use crate::secret::PlainText;
use crate::store::people::{self, Notice, NoticeMode};
use crate::store::threads::{self, Thread};
use crate::store::{Db, TABLES};
use crate::web::six_words;

/// A folder that goes with this value.
pub(super) struct Scratch(PathBuf);

impl Scratch {
    pub(super) fn new() -> Result<Self, Ended> {
        let name = format!("merpati-bench-{}", base32(&chance::bytes::<8>(&OsChance)));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Somebody with a way to sign in.
pub(super) struct Signed {
    pub(super) realm: Realm,
    pub(super) name: String,
    pub(super) secret: PlainText,
    pub(super) person: PersonId,
}

/// A house without doors, its home and its settings.
pub(super) struct Scene {
    pub(super) house: House,
    pub(super) settings: Settings,
    pub(super) home: Scratch,
}

/// An address on loopback that was free a moment ago.
pub(super) fn free_address() -> Result<SocketAddr, Ended> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

impl Scene {
    /// Makes keys and tables. A PostgreSQL database must be empty: nobody's letters are mixed with ours.
    pub(super) async fn build(postgres: Option<&str>) -> Result<Self, Ended> {
        let home = Scratch::new()?;
        let mut settings = Settings::default();
        settings.web.listen = free_address()?;
        settings.web.public_url = format!("http://{}", settings.web.listen);
        settings.mail.smtp = String::new();
        settings.mail.lmtp = free_address()?.to_string();
        settings.practice.recall_minutes = 0;
        settings.store.url = postgres.unwrap_or_default().to_owned();
        let text = toml::to_string(&settings).map_err(stuck)?;
        std::fs::write(home.path().join(config::FILE), text)?;
        custody::make(home.path(), &settings, &OsChance, SystemClock.now()).map_err(stuck)?;
        let keys = custody::load(home.path(), &settings).map_err(stuck)?;
        let db = Db::open(&settings.store_url(home.path()), settings.store.connections).await?;
        for table in TABLES.iter().filter(|t| t.name == "desk" || t.name == "person") {
            if !table.is_empty(&mut db.read().await?).await? {
                return Err(stuck("this database is in use; name an empty one"));
            }
        }
        let mut rules = settings.rules(home.path());
        // What locking costs is not what is measured.
        rules.cost = Cost::CHEAP;
        let house = House::new(db, Arc::new(SystemClock), Arc::new(OsChance), keys, rules).map_err(stuck)?;
        Ok(Self { house, settings, home })
    }

    /// The engine's name, for a title.
    pub(super) const fn engine(&self) -> &'static str {
        self.house.db.engine()
    }

    pub(super) async fn desk(&self) -> Result<DeskId, Ended> {
        let form = DeskForm {
            slug: "bench".to_owned(),
            name: "Bench".to_owned(),
            zone: "Asia/Jakarta".to_owned(),
            hours: "mon-sun 00:00-24:00".to_owned(),
            reads_per_day: 2,
            ..DeskForm::default()
        };
        furnish::add_desk(&self.house, &form).await.map_err(stuck)
    }

    /// A counselor who sits at the desk.
    pub(super) async fn counselor(&self, desk: DeskId, name: &str) -> Result<Signed, Ended> {
        let link = furnish::invite(&self.house, Roles::of(&[Role::Counselor]), Some(desk)).await?;
        let token = link.reveal().rsplit('/').next().unwrap_or_default().to_owned();
        let secret = six_words(&self.house, Language::English);
        let entered = enter::accept_invitation(&self.house, &token, name, secret.reveal(), Language::English).await;
        let person = entered.map_err(stuck)?.person;
        Ok(Signed { realm: Realm::Staff, name: name.to_owned(), secret, person })
    }

    /// A client with a mailbox at the desk.
    pub(super) async fn client(&self, desk: DeskId, name: &str) -> Result<(Signed, Thread), Ended> {
        let secret = six_words(&self.house, Language::English);
        let entered = enter::open_mailbox(&self.house, desk, name, secret.reveal(), Language::English).await;
        let person = entered.map_err(stuck)?.person;
        let own = threads::list_of_client(&mut self.house.db.read().await?, person).await?;
        let thread = own.into_iter().next().ok_or(Failure::NotFound)?;
        Ok((Signed { realm: Realm::Clients, name: name.to_owned(), secret, person }, thread))
    }

    /// A mail address of the client that counts as confirmed, so that mail from it enters its thread.
    pub(super) async fn confirm_sender(&self, client: PersonId, address: &str) -> Result<(), Ended> {
        let house = &self.house;
        let address = MailAddress::parse(address).map_err(|_| stuck("not an address"))?;
        let notice = Notice {
            bounces: (0, 0),
            stopped: None,
            person: client,
            mode: NoticeMode::Never,
            address_sealed: house.keys.house.seal(
                kind::ADDRESS,
                client.bytes(),
                address.text().as_bytes(),
                &*house.chance,
            ),
            address_hash: address_hash(house, &address).to_vec(),
            token_hash: chance::bytes::<32>(&*house.chance).to_vec(),
            asked: house.now(),
            confirmed: Some(house.now()),
        };
        let mut tx = house.db.begin().await?;
        people::upsert_notice(&mut tx, &notice).await?;
        Ok(tx.commit().await?)
    }

    /// Signs in: a session lives a few minutes only.
    pub(super) async fn sign_in(&self, signed: &Signed) -> Result<Cookie, Ended> {
        let (cookie, ..) =
            session::sign_in(&self.house, signed.realm, &signed.name, signed.secret.reveal(), Source::UNKNOWN).await?;
        Ok(cookie)
    }

    /// Signs in and opens the keys.
    pub(super) async fn reader(&self, signed: &Signed) -> Result<Reader, Ended> {
        match session::visit(&self.house, &self.sign_in(signed).await?).await? {
            Visit::Open(reader) => Ok(reader),
            Visit::Stranger | Visit::Locked(_) => Err(stuck("nobody is signed in")),
        }
    }

    /// The secret mail address of a client's only thread.
    pub(super) async fn address(&self, client: &Signed) -> Result<String, Ended> {
        let reader = self.reader(client).await?;
        let own = read::own_addresses(&self.house, &reader).await?;
        own.into_iter().next().map(|(_, _, address)| address.reveal().clone()).ok_or_else(|| stuck("no address"))
    }

    /// A client writes a short letter in a form.
    pub(super) async fn write_letter(&self, client: &Signed, thread: ThreadId) -> Result<(), Ended> {
        let reader = self.reader(client).await?;
        let thread = read::own_thread(&self.house, &reader, thread).await?;
        let letter = FormLetter {
            subject: "Bench".into(),
            text: "A letter of a few words.\n\nIt asks nothing.".into(),
            files: Vec::new(),
            urgent: false,
            form_id: LetterId::draw(&*self.house.chance),
        };
        write::by_form(&self.house, &reader, &thread, letter).await?;
        Ok(())
    }
}

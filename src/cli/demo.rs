//! `demo`: a sample desk with people and synthetic letters, made by the same stories as the real thing, on a clock that
//! walks from five days ago to now.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::{Ended, Place, exit, say};
use crate::app;
use crate::chance::OsChance;
use crate::clock::{Clock as _, Moment, SystemClock, TestClock};
use crate::custody;
use crate::flow::answer::{self, Reply};
use crate::flow::furnish::{self, DeskForm};
use crate::flow::receive::{self, Destination};
use crate::flow::session::{self, Cookie, Reader, Visit};
use crate::flow::throttle::Source;
use crate::flow::write::{self, FormLetter};
use crate::flow::{enter, read, work};
use crate::house::{Failure, House};
use crate::ids::{DeskId, LetterId, ThreadId};
use crate::provenance::Provenance;
use crate::role::{Language, Roles};
use crate::seal::Cost;
use crate::secret::{PlainBytes, PlainText};
use crate::store::{Db, desks, threads};
use crate::web::six_words;

const SAMPLE: &str = include_str!("../../templates/demo.toml");
/// Older than any letter of the sample.
const BEGIN_HOURS: u64 = 130;

#[derive(Deserialize)]
struct Sample {
    desk: SampleDesk,
    staff: Vec<SampleStaff>,
    thread: Vec<SampleThread>,
    held: Vec<SampleHeld>,
}

#[derive(Deserialize)]
struct SampleDesk {
    slug: String,
    name: String,
    about_id: String,
    about_en: String,
    zone: String,
    hours: String,
    reads_per_day: i64,
}

#[derive(Deserialize)]
struct SampleStaff {
    name: String,
    roles: String,
}

#[derive(Deserialize)]
struct SampleThread {
    name: String,
    language: String,
    #[serde(default)]
    counselor: Option<String>,
    #[serde(default = "yes")]
    safe: bool,
    #[serde(default)]
    show: bool,
    letters: Vec<SampleLetter>,
}

const fn yes() -> bool {
    true
}

#[derive(Deserialize)]
struct SampleLetter {
    who: String,
    hours: u64,
    subject: String,
    text: String,
}

#[derive(Deserialize)]
struct SampleHeld {
    to: String,
    mail: String,
}

/// Somebody of the sample with their sign-in.
struct Signed {
    name: String,
    secret: PlainText,
    cookie: Cookie,
}

/// A house whose clock we move.
struct Stage {
    house: House,
    clock: Arc<TestClock>,
    end: Moment,
}

impl Stage {
    /// Moves the clock forward to that many hours before the end; it never goes back.
    fn at(&self, hours: u64) {
        let target = self.end.minus(Duration::from_secs(hours * 3600));
        self.clock.advance(target.since(self.clock.now()));
    }

    async fn reader(&self, signed: &Signed) -> Result<Reader, Ended> {
        match session::visit(&self.house, &signed.cookie).await? {
            Visit::Open(reader) => Ok(reader),
            // The walk of days ended the session: sign in anew.
            _ => self.sign_in_again(signed).await,
        }
    }

    async fn sign_in_again(&self, signed: &Signed) -> Result<Reader, Ended> {
        for realm in [session::Realm::Staff, session::Realm::Clients] {
            let Ok((cookie, ..)) =
                session::sign_in(&self.house, realm, &signed.name, signed.secret.reveal(), Source::UNKNOWN).await
            else {
                continue;
            };
            if let Visit::Open(reader) = session::visit(&self.house, &cookie).await? {
                return Ok(reader);
            }
        }
        Err(Ended::new(exit::UNAVAILABLE, "the sample's people cannot sign in"))
    }
}

pub(super) async fn run(place: &Place) -> Result<(), Ended> {
    if custody::exist(&place.home) {
        let text = format!("{} is in use; a sample is only put into a new home", place.home.display());
        return Err(Ended::new(exit::DATA, text));
    }
    let sample: Sample = toml::from_str(SAMPLE).map_err(|e| Ended::new(exit::UNAVAILABLE, e))?;
    let end = SystemClock.now();
    let begin = end.minus(Duration::from_secs(BEGIN_HOURS * 3600));
    // The practice key is as old as the sample: no key vouches for letters older than itself.
    app::make_keys_once(&place.home, &place.settings, begin).await?;
    let stage = stage(place, begin, end).await?;
    let (desk, staff) = furnish_sample(&stage, &sample).await?;
    let clients = write_letters(&stage, &sample, desk, &staff).await?;
    put_on_shelf(&stage, &sample, desk).await?;
    say::line("A sample desk is ready. Everything in it is made up. Sign-ins:");
    for person in &staff {
        say::line(format!("  staff    {:<14} {}", person.name, person.secret.reveal()));
    }
    for (client, _) in clients.iter().zip(&sample.thread).filter(|(_, t)| t.show) {
        say::line(format!("  client   {:<14} {}", client.name, client.secret.reveal()));
    }
    stage.house.db.close().await;
    Ok(())
}

async fn stage(place: &Place, begin: Moment, end: Moment) -> Result<Stage, Ended> {
    let keys = custody::load(&place.home, &place.settings).map_err(app::StartError::from)?;
    let db = Db::open(&place.settings.store_url(&place.home), place.settings.store.connections).await?;
    let clock = Arc::new(TestClock::at(begin));
    let mut rules = place.settings.rules(&place.home);
    // A sample guards nothing, and a dozen real locks would take a while.
    rules.cost = Cost::CHEAP;
    let house = House::new(db, clock.clone(), Arc::new(OsChance), keys, rules).map_err(app::StartError::from)?;
    Ok(Stage { house, clock, end })
}

async fn furnish_sample(stage: &Stage, sample: &Sample) -> Result<(DeskId, Vec<Signed>), Ended> {
    let d = &sample.desk;
    let form = DeskForm {
        slug: d.slug.clone(),
        name: d.name.clone(),
        about_id: d.about_id.clone(),
        about_en: d.about_en.clone(),
        zone: d.zone.clone(),
        hours: d.hours.clone(),
        reads_per_day: d.reads_per_day,
    };
    let house = &stage.house;
    let desk = furnish::add_desk(house, &form).await.map_err(|e| Ended::new(exit::UNAVAILABLE, e))?;
    let mut staff: Vec<Signed> = Vec::new();
    for person in &sample.staff {
        let roles: Roles = person.roles.parse().map_err(|_| Ended::new(exit::UNAVAILABLE, "a role of the sample"))?;
        let link = furnish::invite(house, roles, Some(desk)).await?;
        let token = link.reveal().rsplit('/').next().unwrap_or_default().to_owned();
        let secret = six_words(house, Language::Indonesian);
        let entered =
            enter::accept_invitation(house, &token, &person.name, secret.reveal(), Language::Indonesian).await;
        let entered = entered.map_err(|e| Ended::new(exit::UNAVAILABLE, e))?;
        staff.push(Signed { name: person.name.clone(), secret, cookie: entered.cookie });
    }
    admit_newcomers(stage, desk, &staff).await?;
    Ok((desk, staff))
}

/// The first counselor lets the second one read.
async fn admit_newcomers(stage: &Stage, desk: DeskId, staff: &[Signed]) -> Result<(), Ended> {
    for signed in staff {
        let reader = stage.reader(signed).await?;
        let Ok(page) = work::queue(&stage.house, &reader, work::Tab::Unassigned, None, None).await else {
            continue;
        };
        for (_, person, _) in page.newcomers {
            work::admit(&stage.house, &reader, desk, person).await?;
        }
    }
    Ok(())
}

/// Writes all letters in the order of their times; the answers are in the order of the sample's threads.
async fn write_letters(stage: &Stage, sample: &Sample, desk: DeskId, staff: &[Signed]) -> Result<Vec<Signed>, Ended> {
    let house = &stage.house;
    let mut clients = Vec::new();
    let mut mailboxes = Vec::new();
    for thread in &sample.thread {
        let language: Language = thread.language.parse().unwrap_or_default();
        let secret = six_words(house, language);
        let entered = enter::open_mailbox(house, desk, &thread.name, secret.reveal(), language).await;
        let entered = entered.map_err(|e| Ended::new(exit::UNAVAILABLE, e))?;
        let own = threads::list_of_client(&mut house.db.read().await?, entered.person).await?;
        mailboxes.push(own.first().map(|t| t.id).ok_or(Failure::NotFound)?);
        clients.push(Signed { name: thread.name.clone(), secret, cookie: entered.cookie });
    }
    let mut events: Vec<(u64, usize, usize)> = Vec::new();
    for (t, thread) in sample.thread.iter().enumerate() {
        events.extend(thread.letters.iter().enumerate().map(|(l, letter)| (letter.hours, t, l)));
    }
    events.sort_by_key(|e| std::cmp::Reverse(e.0));
    for (hours, t, l) in events {
        stage.at(hours);
        let (Some(thread), Some(client), Some(id)) = (sample.thread.get(t), clients.get(t), mailboxes.get(t)) else {
            continue;
        };
        let Some(letter) = thread.letters.get(l) else { continue };
        if letter.who == "client" {
            client_writes(stage, client, *id, letter, thread.safe).await?;
        } else if let Some(counselor) = staff.iter().find(|s| Some(&s.name) == thread.counselor.as_ref()) {
            counselor_answers(stage, counselor, *id, letter).await?;
        }
    }
    for (thread, id) in sample.thread.iter().zip(&mailboxes) {
        if let Some(counselor) = staff.iter().find(|s| Some(&s.name) == thread.counselor.as_ref()) {
            taken(stage, counselor, *id).await?;
        }
    }
    stage.at(0);
    Ok(clients)
}

async fn client_writes(
    stage: &Stage,
    client: &Signed,
    thread: ThreadId,
    letter: &SampleLetter,
    safe: bool,
) -> Result<(), Ended> {
    let house = &stage.house;
    let reader = stage.reader(client).await?;
    let thread = read::own_thread(house, &reader, thread).await?;
    let form = FormLetter {
        subject: letter.subject.as_str().into(),
        text: letter.text.as_str().into(),
        files: Vec::new(),
        urgent: !safe,
        form_id: LetterId::draw(&*house.chance),
    };
    write::by_form(house, &reader, &thread, form).await?;
    Ok(())
}

async fn taken(stage: &Stage, counselor: &Signed, thread: ThreadId) -> Result<Reader, Ended> {
    let reader = stage.reader(counselor).await?;
    let (thread, _) = read::staff_thread(&stage.house, &reader, thread).await?;
    if thread.assignee.is_none() {
        work::take(&stage.house, &reader, &thread).await?;
    }
    Ok(reader)
}

async fn counselor_answers(
    stage: &Stage,
    counselor: &Signed,
    thread: ThreadId,
    letter: &SampleLetter,
) -> Result<(), Ended> {
    let house = &stage.house;
    let reader = taken(stage, counselor, thread).await?;
    let (thread, _) = read::staff_thread(house, &reader, thread).await?;
    let reply = Reply {
        passed: None,
        subject: letter.subject.as_str().into(),
        text: letter.text.as_str().into(),
        covers: house.now(),
        form_id: LetterId::draw(&*house.chance),
    };
    let letter = answer::hand_in(house, &reader, &thread, reply).await?;
    stage.clock.advance(house.rules.recall + Duration::from_secs(1));
    // A sample may be written on a Sunday, whatever the desk's hours say.
    answer::release(house, letter).await?;
    Ok(())
}

async fn put_on_shelf(stage: &Stage, sample: &Sample, desk: DeskId) -> Result<(), Ended> {
    let house = &stage.house;
    for held in &sample.held {
        let to = if held.to == "desk" {
            let row = desks::find(&mut house.db.read().await?, desk).await?.ok_or(Failure::NotFound)?;
            Destination::Desk { id: desk, cert: row.cert }
        } else {
            receive::destination_of_mailbox(house, &held.to).await?
        };
        let mail = held.mail.replace('\n', "\r\n").into_bytes();
        receive::by_mail(house, &to, false, &Provenance::default(), PlainBytes::new(mail)).await?;
    }
    Ok(())
}

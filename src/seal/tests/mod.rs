//! Stories of the whole module: who opens what, and what is refused.

mod gates;
mod letters;
mod outside;
mod people;

use std::sync::LazyLock;

use super::*;
use crate::chance::SeededChance;
use crate::ids::{AttachmentId, EpochId, LetterId, ThreadId};
use crate::secret::PlainBytes;

/// A word that must never be seen outside the seal.
const MARKER: &str = "kembang-sepatu-7431";

fn noon() -> Moment {
    Moment::from_micros(1_795_000_000_123_456)
}

fn later() -> Moment {
    noon().plus(Duration::from_secs(3600))
}

/// Keys are made once: only what is done with them is under test.
struct Cast {
    counselor: PersonKey,
    session: SessionKeys,
    stranger: PersonKey,
    epoch: SharedKey,
    epoch_cert: Cert,
    other: SharedKey,
    other_cert: Cert,
}

static CAST: LazyLock<Cast> = LazyLock::new(|| {
    let person = || PersonKey::generate(noon()).unwrap();
    let shared = || SharedKey::generate(noon()).unwrap();
    let (counselor, stranger) = (person(), person());
    let ((epoch, epoch_public), (other, other_public)) = (shared(), shared());
    let session = counselor.session().unwrap();
    Cast {
        counselor,
        session,
        stranger,
        epoch,
        epoch_cert: Cert::parse(&epoch_public).unwrap(),
        other,
        other_cert: Cert::parse(&other_public).unwrap(),
    }
});

fn signer() -> Signer {
    CAST.session.signer().unwrap()
}

fn signers() -> Vec<Cert> {
    vec![CAST.stranger.cert(), CAST.counselor.cert()]
}

fn expected() -> Expected {
    Expected { thread: ThreadId::from([1; 16]), letter: LetterId::from([2; 16]), received: later() }
}

fn letter(subject: &str, content: Content) -> Entity {
    let Expected { thread, letter, received } = expected();
    Entity { thread, letter, received, author: Author::Client, subject: subject.into(), content, wrap: None }
}

fn text(text: &str) -> Content {
    Content::Text { text: text.into(), attachments: Vec::new() }
}

fn mail(bytes: &[u8]) -> Content {
    Content::Mail { original: PlainBytes::new(bytes.to_vec()) }
}

fn sealed(letter: Entity) -> Vec<u8> {
    seal_letter(letter, &CAST.epoch_cert, &signer()).unwrap().into_bytes()
}

fn opened(stored: &[u8]) -> Result<Entity, Damaged> {
    open_letter(stored, &CAST.epoch, &signers(), &expected())
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|w| w == word.as_bytes())
}

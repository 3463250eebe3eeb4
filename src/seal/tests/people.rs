//! Keys are locked, sealed, granted and handed on.

use super::*;
use crate::chance;
use crate::ids::DeskId;

fn grant_place(reader: &[u8]) -> GrantContext<'_> {
    GrantContext { held: Held::Epoch(EpochId::from([3; 16])), reader }
}

#[test]
fn a_person_key_unlocks_with_its_secret_only() {
    let (chance, secret) = (SeededChance::new(1), Secret::words("satu dua tiga empat"));
    let locked = CAST.counselor.lock(&secret, b"person", Cost::CHEAP, &chance).unwrap();
    let again = PersonKey::unlock(&locked, &secret, b"person").unwrap();
    assert_eq!(again.public().unwrap(), CAST.counselor.public().unwrap());
    assert_eq!(again.session().unwrap().fingerprint(), CAST.session.fingerprint());
    let tried = |secret: &str, context: &[u8]| PersonKey::unlock(&locked, &Secret::words(secret), context).err();
    assert_eq!(tried("satu dua tiga lima", b"person"), Some(UnlockError::WrongSecret));
    assert_eq!(tried("satu dua tiga empat", b"another"), Some(UnlockError::Damaged));
}

#[test]
fn a_recovery_code_opens_the_second_copy() {
    let chance = SeededChance::new(4);
    let code = recovery_code(&chance);
    let locked = CAST.counselor.lock(&Secret::code(code.reveal()), b"recovery", Cost::CHEAP, &chance).unwrap();
    let typed = code.reveal().to_uppercase().replace('-', " ");
    assert!(PersonKey::unlock(&locked, &Secret::code(&typed), b"recovery").is_ok());
}

#[test]
fn a_public_certificate_holds_no_secret() {
    let public = CAST.counselor.public().unwrap();
    assert!(PersonKey::unlock(&public, &Secret::words(""), b"").is_err());
    let cert = Cert::parse(&public).unwrap();
    assert_eq!(cert.fingerprint().len(), 64, "version 6");
    assert_eq!(cert.encryption_fingerprint(), Some(CAST.session.fingerprint()));
    assert!(cert.encryption_key_id().is_some_and(|id| id.len() == 16));
}

#[test]
fn a_session_opens_with_its_own_secret_only() {
    let chance = SeededChance::new(2);
    let key: [u8; 32] = chance::bytes(&chance);
    let mut stored = CAST.session.seal(&key, b"session 1", &chance);
    let open = |stored: &[u8], key: &[u8; 32], context: &[u8]| {
        SessionKeys::open(stored, key, context).ok().map(|s| s.fingerprint())
    };
    assert_eq!(open(&stored, &key, b"session 1"), Some(CAST.session.fingerprint()));
    assert_eq!(open(&stored, &key, b"session 2"), None);
    assert_eq!(open(&stored, &chance::bytes(&chance), b"session 1"), None);
    assert_eq!(open(&stored[..40], &key, b"session 1"), None);
    stored[30] ^= 1;
    assert_eq!(open(&stored, &key, b"session 1"), None);
}

#[test]
fn a_session_reads_and_signs() {
    let chance = SeededChance::new(2);
    let key: [u8; 32] = chance::bytes(&chance);
    let session = SessionKeys::open(&CAST.session.seal(&key, b"s", &chance), &key, b"s").unwrap();
    let grant = CAST.epoch.grant(&CAST.counselor.cert(), &grant_place(b"counselor")).unwrap();
    let epoch = session.open_grant(&grant, &grant_place(b"counselor")).unwrap();
    let stored = seal_letter(letter("s", text("x")), &CAST.epoch_cert, &session.signer().unwrap()).unwrap();
    assert!(open_letter(stored.bytes(), &epoch, &signers(), &expected()).is_ok());
}

#[test]
fn a_grant_belongs_to_one_reader_and_one_key() {
    let grant = CAST.epoch.grant(&CAST.counselor.cert(), &grant_place(b"counselor")).unwrap();
    assert_eq!(readers(&grant).unwrap(), [CAST.session.fingerprint()]);
    let elsewhere = [
        grant_place(b"client"),
        GrantContext { held: Held::Epoch(EpochId::from([4; 16])), reader: b"counselor" },
        GrantContext { held: Held::Desk(DeskId::from([3; 16])), reader: b"counselor" },
    ];
    for place in elsewhere {
        assert!(CAST.session.open_grant(&grant, &place).is_err(), "{place:?}");
    }
    assert!(CAST.stranger.session().unwrap().open_grant(&grant, &grant_place(b"counselor")).is_err());
    for at in (0..grant.len()).step_by(37) {
        let mut edited = grant.clone();
        edited[at] ^= 4;
        assert!(CAST.session.open_grant(&edited, &grant_place(b"counselor")).is_err());
    }
}

#[test]
fn one_grant_reads_the_whole_history() {
    // desk -> newest epoch -> the epoch before it -> its letter
    let (desk, desk_public) = SharedKey::generate(noon()).unwrap();
    let desk_place = GrantContext { held: Held::Desk(DeskId::from([8; 16])), reader: b"counselor" };
    let to_counselor = desk.grant(&CAST.counselor.cert(), &desk_place).unwrap();
    let to_desk = CAST.other.grant(&Cert::parse(&desk_public).unwrap(), &grant_place(b"desk")).unwrap();
    let to_next = CAST.epoch.grant(&CAST.other_cert, &grant_place(b"next")).unwrap();
    let stored = sealed(letter("s", text("x")));

    let desk = CAST.session.open_grant(&to_counselor, &desk_place).unwrap();
    let next = desk.open_grant(&to_desk, &grant_place(b"desk")).unwrap();
    let first = next.open_grant(&to_next, &grant_place(b"next")).unwrap();
    assert!(open_letter(&stored, &first, &signers(), &expected()).is_ok());
    assert!(open_letter(&stored, &next, &signers(), &expected()).is_err());
}

#[test]
fn drafts_and_notes_open_for_their_author_in_their_place() {
    let ids: [&[u8]; 1] = [&[5; 16]];
    let place = BlobContext { kind: "draft", ids: &ids };
    let draft = PlainBytes::new(MARKER.as_bytes().to_vec());
    let stored = seal_to(&CAST.counselor.cert(), &place, &draft).unwrap();
    assert!(!contains(stored.bytes(), MARKER));
    assert_eq!(readers(stored.bytes()).unwrap(), [CAST.session.fingerprint()]);
    assert_eq!(CAST.session.open_sealed(stored.bytes(), &place).unwrap().reveal(), draft.reveal());
    assert!(CAST.session.open_sealed(stored.bytes(), &BlobContext { kind: "note", ids: &ids }).is_err());
    assert!(CAST.stranger.session().unwrap().open_sealed(stored.bytes(), &place).is_err());
}

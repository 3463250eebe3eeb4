//! Letters come back as they were, and from nowhere else.

use proptest::prelude::*;

use super::*;

#[test]
fn a_letter_comes_back_with_its_files() {
    let attachments = vec![AttachmentInfo {
        id: AttachmentId::from([9; 16]),
        name: "foto \r\nBcc: x.jpg".into(),
        media_type: "image/jpeg".into(),
        bytes: 70_000,
    }];
    let subject = "Halo \r\nMerpati-Thread: x — 日本";
    let stored = sealed(letter(subject, Content::Text { text: "Aku tidak tahu lagi.\n\r\n.\r\n".into(), attachments }));
    let found = opened(&stored).unwrap();
    assert_eq!(found.subject.reveal(), subject);
    assert_eq!((found.author, found.thread, found.received), (Author::Client, expected().thread, later()));
    let Content::Text { text, attachments } = found.content else { panic!("a text went in") };
    assert_eq!(text.reveal(), "Aku tidak tahu lagi.\n\r\n.\r\n");
    let [file] = &attachments[..] else { panic!("one file went in") };
    assert_eq!(
        (file.name.reveal().as_str(), file.media_type.as_str(), file.bytes),
        ("foto \r\nBcc: x.jpg", "image/jpeg", 70_000)
    );
    assert_eq!(file.id, AttachmentId::from([9; 16]));
}

#[test]
fn a_mail_comes_back_byte_for_byte() {
    let original: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    let Content::Mail { original: found } = opened(&sealed(letter("", mail(&original)))).unwrap().content else {
        panic!("a mail went in")
    };
    assert_eq!(found.reveal(), &original);
}

#[test]
fn exactly_the_epoch_key_is_named_and_opens() {
    let stored = sealed(letter("s", text(MARKER)));
    assert_eq!(readers(&stored).unwrap(), [CAST.epoch.fingerprint()]);
    assert_eq!(CAST.epoch_cert.encryption_fingerprint(), Some(CAST.epoch.fingerprint()));
    assert_ne!(CAST.epoch.fingerprint(), CAST.other.fingerprint());
    assert!(open_letter(&stored, &CAST.other, &signers(), &expected()).is_err());
}

#[test]
fn nothing_of_the_letter_shows_outside() {
    let attachments = vec![AttachmentInfo {
        id: AttachmentId::from([9; 16]),
        name: MARKER.into(),
        media_type: MARKER.into(),
        bytes: 1,
    }];
    let stored = sealed(letter(MARKER, Content::Text { text: MARKER.into(), attachments }));
    assert!(!contains(&stored, MARKER) && !contains(&stored, "Merpati"));
}

#[test]
fn a_row_that_was_swapped_is_damaged() {
    let stored = sealed(letter("s", text("x")));
    let other = [
        Expected { thread: ThreadId::from([7; 16]), ..expected() },
        Expected { letter: LetterId::from([7; 16]), ..expected() },
        Expected { received: later().plus(Duration::from_micros(1)), ..expected() },
        Expected { received: later().plus(Duration::from_secs(1)), ..expected() },
        Expected { received: later().minus(Duration::from_secs(1)), ..expected() },
    ];
    assert!(opened(&stored).is_ok());
    for place in other {
        assert!(open_letter(&stored, &CAST.epoch, &signers(), &place).is_err(), "{place:?}");
    }
}

#[test]
fn a_letter_signed_by_somebody_else_is_damaged() {
    let stored = sealed(letter("s", text("x")));
    assert!(open_letter(&stored, &CAST.epoch, &[CAST.stranger.cert()], &expected()).is_err());
    assert!(open_letter(&stored, &CAST.epoch, &[], &expected()).is_err());
}

#[test]
fn an_unsigned_letter_is_damaged_even_with_all_ids_right() {
    let letter = letter("s", text("x"));
    let head = super::super::entity::head(&letter);
    let unsigned = message::seal(&[&head, letter.content.body()], &CAST.epoch_cert, None).unwrap();
    assert!(opened(&unsigned).is_err());
    let signed = message::seal(&[&head, letter.content.body()], &CAST.epoch_cert, Some((&signer(), later()))).unwrap();
    assert!(opened(&signed).is_ok());
}

#[test]
fn letters_of_one_class_have_one_size() {
    let size = |n: usize| sealed(letter("s", text(&"x".repeat(n)))).len();
    assert_eq!(size(1), size(900), "short letters all look alike");
    let sizes: Vec<usize> = (4000..4256).step_by(8).map(size).collect();
    assert!(sizes.is_sorted());
    let mut classes = sizes.clone();
    classes.dedup();
    assert!(classes.len() <= 3, "{classes:?}");
}

#[test]
fn blobs_open_in_their_own_place_only() {
    let ids: [&[u8]; 2] = [&[1; 16], &[2; 16]];
    let place = BlobContext { kind: "attachment", ids: &ids };
    let plain = || PlainBytes::new(format!("{MARKER} bytes").into_bytes());
    let stored = seal_blob(plain(), &CAST.epoch_cert, &signer(), later(), &place).unwrap();
    let open = |place: &BlobContext<'_>, at: Moment| open_blob(stored.bytes(), &CAST.epoch, &signers(), at, place);
    assert_eq!(open(&place, later()).unwrap().reveal(), plain().reveal());
    assert!(open(&BlobContext { kind: "held", ids: &ids }, later()).is_err());
    assert!(open(&BlobContext { kind: "attachment", ids: &ids[..1] }, later()).is_err());
    assert!(open(&place, noon()).is_err());
    assert!(opened(stored.bytes()).is_err(), "a blob is no letter");
    assert!(
        open_blob(&sealed(letter("s", text("x"))), &CAST.epoch, &signers(), later(), &place).is_err(),
        "a letter is no blob"
    );
    assert!(!contains(stored.bytes(), MARKER));
    assert_eq!(readers(stored.bytes()).unwrap(), [CAST.epoch.fingerprint()]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_text_comes_back(subject: String, body: String) {
        let found = opened(&sealed(letter(&subject, text(&body)))).unwrap();
        prop_assert_eq!(found.subject.reveal(), &subject);
        let Content::Text { text, .. } = found.content else { panic!("a text went in") };
        prop_assert_eq!(text.reveal(), &body);
    }

    #[test]
    fn any_edited_or_missing_byte_is_damage(at: prop::sample::Index, bit in 0u8..8) {
        let mut stored = sealed(letter("s", text("x")));
        let i = at.index(stored.len());
        prop_assert!(opened(&stored[..i]).is_err());
        stored[i] ^= 1 << bit;
        prop_assert!(opened(&stored).is_err());
    }

    #[test]
    fn no_bytes_make_it_stumble(bytes: Vec<u8>) {
        prop_assert!(opened(&bytes).is_err());
        let _ = (readers(&bytes), Cert::parse(&bytes), super::super::entity::parse(&bytes));
    }
}

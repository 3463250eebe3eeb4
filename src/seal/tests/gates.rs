//! Well-formed OpenPGP that we never store is refused.

use std::io::Write as _;

use sequoia_openpgp as openpgp;

use openpgp::serialize::stream::{Compressor, Encryptor, LiteralWriter, Message, Recipient, Signer as SigningWriter};
use openpgp::types::{CompressionAlgorithm, Features};

use super::*;

/// A rightly signed, rightly addressed letter in a form we do not write.
fn foreign(features: Features, compressed: bool, readers: &[&Cert]) -> Vec<u8> {
    let letter = letter("s", text("x"));
    let mut out = Vec::new();
    let recipients = readers
        .iter()
        .map(|c| c.stored_encryption().unwrap())
        .map(|k| Recipient::new(features.clone(), k.key_handle(), k));
    let mut message = Encryptor::for_recipients(Message::new(&mut out), recipients).build().unwrap();
    if compressed {
        message = Compressor::new(message).algo(CompressionAlgorithm::Zip).build().unwrap();
    }
    let message = SigningWriter::new(message, signer()).unwrap().creation_time(pgp_time(later())).build().unwrap();
    let mut message = LiteralWriter::new(message).build().unwrap();
    message.write_all(&super::super::entity::head(&letter)).unwrap();
    message.write_all(letter.content.body()).unwrap();
    message.finalize().unwrap();
    out
}

#[test]
fn compressed_data_is_not_even_unpacked() {
    let v2 = || Features::empty().set_seipdv2();
    assert!(opened(&foreign(v2(), false, &[&CAST.epoch_cert])).is_ok(), "the form itself is right");
    assert!(opened(&foreign(v2(), true, &[&CAST.epoch_cert])).is_err());
}

#[test]
fn the_older_encryption_is_refused() {
    let stored = foreign(Features::empty().set_seipdv1(), false, &[&CAST.epoch_cert]);
    assert!(opened(&stored).is_err());
    assert!(readers(&stored).is_err());
}

#[test]
fn a_second_reader_is_seen() {
    let stored = foreign(Features::empty().set_seipdv2(), false, &[&CAST.epoch_cert, &CAST.other_cert]);
    assert_eq!(readers(&stored).unwrap(), [CAST.epoch.fingerprint(), CAST.other.fingerprint()]);
}

#[test]
fn anything_before_or_after_is_refused() {
    let stored = sealed(letter("s", text("x")));
    let twice = [&stored[..], &stored[..]].concat();
    assert!(opened(&twice).is_err());
    assert!(readers(&twice).is_err());
    let trailed = [&stored[..], b"trailing"].concat();
    assert!(opened(&trailed).is_err());
    assert!(readers(&trailed).is_err());
}

#[test]
fn a_certificate_without_an_encryption_key_seals_nothing() {
    let (cert, _) = openpgp::cert::CertBuilder::new()
        .set_profile(openpgp::Profile::RFC9580)
        .unwrap()
        .set_creation_time(pgp_time(noon()))
        .add_signing_subkey()
        .generate()
        .unwrap();
    let cert = Cert::from_pgp(cert);
    assert!(cert.encryption_fingerprint().is_none());
    assert!(seal_letter(letter("s", text("x")), &cert, &signer()).is_err());
    assert!(
        CAST.epoch.grant(&cert, &GrantContext { held: Held::Epoch(EpochId::from([3; 16])), reader: b"r" }).is_err()
    );
}

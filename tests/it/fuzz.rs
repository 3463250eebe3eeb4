//! The walks of the fuzz targets without the fuzzer: everything that once broke them, mails of the corpus, and a few random
//! inputs. `scripts/fuzz` searches further.

#[path = "../fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "a library of its own in tests/fuzz")]
mod walks;

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use walks::{WALKS, Walk};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut all: Vec<_> = entries.map(|e| e.unwrap().path()).filter(|p| p.is_file()).collect();
    all.sort();
    all
}

fn run(walk: Walk, files: &[PathBuf]) {
    for path in files {
        let bytes = std::fs::read(path).unwrap();
        if std::panic::catch_unwind(|| walk(&bytes)).is_err() {
            panic!("{} breaks what must hold", path.display());
        }
    }
}

#[test]
fn what_once_broke_a_walk_does_so_no_more() {
    for (name, walk) in WALKS {
        run(walk, &files(&folder("fuzz/seeds/regressions").join(name)));
    }
}

#[test]
fn every_walk_bears_its_seeds() {
    run(walks::smtp::walk, &files(&folder("fuzz/seeds/smtp")));
    run(walks::parse::walk, &files(&folder("corpus/malformed")));
    run(walks::classify::walk, &files(&folder("corpus/bounce-mdsbp"))[..10]);
    run(walks::pgp::walk, &files(&folder("corpus/pgp-protected-headers/protected-headers")));
}

/// A walk that puts mails together is worth something only if it puts all of their pieces in.
#[test]
fn composed_mails_have_every_piece() {
    let mut seen = [0; 5];
    for seed in 0_u32..500 {
        let byte = |n: u32| seed.wrapping_mul(2_654_435_761).wrapping_mul(n).to_le_bytes()[2];
        let bytes: Vec<u8> = (1..60).map(byte).collect();
        let made = walks::compose::compose(&mut walks::choices::Choices::new(&bytes));
        let text = String::from_utf8(made.mail).unwrap();
        let found = [made.own.len() > 3, made.forwarded, !made.reported.is_empty(), !made.human, text.contains("\n> ")];
        seen.iter_mut().zip(found).for_each(|(count, is)| *count += usize::from(is));
    }
    assert!(seen.iter().all(|count| *count > 10), "{seen:?}");
}

/// Bytes, and now and then a piece of what the dictionaries hold.
fn input() -> impl Strategy<Value = Vec<u8>> {
    let words = ["\r\n", "EHLO a\r\n", "MAIL FROM:<>\r\n", "RCPT TO:<surat@example.org>\r\n", "DATA\r\n", "\r\n.\r\n"];
    let word = proptest::sample::select(words.to_vec()).prop_map(|w| w.as_bytes().to_vec());
    let piece = prop_oneof![word, proptest::collection::vec(any::<u8>(), 1..40)];
    proptest::collection::vec(piece, 1..20).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn random_inputs_hold(bytes in input()) {
        for (_, walk) in WALKS {
            walk(&bytes);
        }
    }
}

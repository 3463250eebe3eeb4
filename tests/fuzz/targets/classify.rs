//! Fuzzes `classify`: see `src/classify.rs` for what must hold.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| merpati_fuzz::classify::walk(bytes));

//! Fuzzes `smtp`: see `src/smtp.rs` for what must hold.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| merpati_fuzz::smtp::walk(bytes));

//! The program `merpati`.

fn main() {}

//! The program `merpati`: reads the command line, starts the runtime, sets the exit code.

fn main() {}

//! The program `merpati`: reads the command line, starts the runtime, sets the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    merpati::cli::main()
}

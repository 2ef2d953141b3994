//! Which mode, then the exit code.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use driftguard::cli::Cli;
use driftguard::commands;

/// Scans are made of small allocations on many threads; with the allocator of the system they take a quarter longer.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::read() {
        Ok(cli) => cli,
        Err(error) => {
            // clap's own exit code for a wrong flag is 2, which here means drift.
            let code = if error.use_stderr() { 1 } else { 0 };
            return if error.print().is_ok() { ExitCode::from(code) } else { ExitCode::FAILURE };
        }
    };
    ExitCode::from(commands::run(cli))
}

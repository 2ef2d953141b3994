//! One file per subcommand.

mod accounts;
mod archived;
mod audit;
mod aws;
mod aws_types;
mod bench;
mod codify;
mod config;
mod connect;
mod copy;
mod demo;
mod diff;
mod estimate;
mod eval;
mod import;
mod incident;
mod info;
mod inventory;
mod keeper;
mod keys;
mod knowledge;
mod login;
mod man;
mod mark;
mod migrate;
mod model;
mod narrative;
mod output;
mod policing;
mod policy;
mod reload;
mod report;
mod rules;
mod scan;
mod screens;
mod screenshots;
mod serve;
mod session;
mod state;
mod stats;
mod store;
mod times;
mod told;
mod triage;
mod triage_plain;
mod who;
mod worker;

use std::io::{self, Write};
use std::time::Instant;

use clap::CommandFactory;

use crate::cli::{Cli, Command};
use crate::safety::sanitise;
use session::Session;

/// Runs the command and gives the exit code; an error is printed, never lost.
pub fn run(cli: Cli) -> u8 {
    quiet_panics();
    match dispatch(cli) {
        Ok(code) => code,
        // `driftguard scan | head`: whoever reads has had enough.
        Err(error) if is_broken_pipe(&error) => 0,
        Err(error) => {
            complain(&told::told(&error));
            1
        }
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<u8> {
    if let Some(Command::Completions { shell }) = cli.command {
        // It panics where it cannot write.
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "driftguard", &mut script);
        io::stdout().write_all(&script)?;
        return Ok(0);
    }
    let session = Session::new(&cli)?;
    match journaled(&cli.command) {
        Some(name) => logged(&session, name, || perform(&session, cli)),
        None => perform(&session, cli),
    }
}

/// Commands that work on the world, the store or the accounts, and have no log of their own making.
fn journaled(command: &Option<Command>) -> Option<&'static str> {
    Some(match command {
        Some(Command::Scan(_)) => "scan",
        Some(Command::Export { .. }) => "export",
        Some(Command::Import { .. }) => "import",
        Some(Command::Store(_)) => "store",
        Some(Command::Accounts(_)) => "accounts",
        Some(Command::Incident(_)) => "incident",
        Some(Command::Audit(_)) => "audit",
        Some(Command::Model(_)) => "model",
        Some(Command::Report(_)) => "report",
        Some(Command::Who(_)) => "who",
        Some(Command::Narrative(_)) => "narrative",
        Some(Command::Mark(_)) => "mark",
        Some(Command::Codify(_)) => "codify",
        Some(Command::Login(_)) => "login",
        Some(Command::Logout(_)) => "logout",
        _ => return None,
    })
}

/// With a line when it begins and one when it has ended. Its words are not written down: they may name what is nobody's business.
fn logged(session: &Session, command: &str, perform: impl FnOnce() -> anyhow::Result<u8>) -> anyhow::Result<u8> {
    let _log = session.log().inspect_err(|error| complain(&error.to_string()));
    let began = Instant::now();
    tracing::info!(command, pid = std::process::id(), "the command begins");
    let ended = perform();
    let ms = began.elapsed().as_secs_f64() * 1000.0;
    match &ended {
        Ok(code) => tracing::info!(command, code, ms, "the command has ended"),
        Err(error) => tracing::error!(command, error = format!("{error:#}"), ms, "the command failed"),
    }
    ended
}

fn perform(session: &Session, cli: Cli) -> anyhow::Result<u8> {
    match cli.command {
        Some(Command::Man { directory }) => man::run(directory.as_deref()),
        None => triage::run(session, &cli.triage),
        Some(Command::Triage(args)) => triage::run(session, &args),
        Some(Command::Scan(args)) => scan::run(session, &args),
        Some(Command::Diff(args)) => diff::run(session, &args),
        Some(Command::Bench(args)) => bench::run(&args),
        Some(Command::Eval(args)) => eval::run(&args),
        Some(Command::Knowledge(command)) => knowledge::run(&command),
        Some(Command::Demo(args)) => demo::run(session, &args),
        Some(Command::Config(command)) => config::run(session, &command),
        Some(Command::Export { file }) => store::export(session, file.as_deref()),
        Some(Command::Import { file, until }) => import::run(session, &file, until.as_deref()),
        Some(Command::Store(command)) => store::run(session, &command),
        Some(Command::Audit(command)) => audit::run(session, &command),
        Some(Command::Model(args)) => model::run(session, &args),
        Some(Command::Report(args)) => report::run(session, &args),
        Some(Command::Rules { format }) => rules::run(session, format),
        Some(Command::Codify(args)) => codify::run(session, &args),
        Some(Command::Policy(command)) => policy::run(session, &command),
        Some(Command::Aws(command)) => aws::run(session, &command),
        Some(Command::Inventory(args)) => inventory::run(session, &args),
        Some(Command::State(command)) => state::run(session, &command),
        Some(Command::Serve(args)) => serve::run(session, &args),
        Some(Command::Worker(_)) => worker::run(session),
        Some(Command::Connect(args)) => connect::run(session, &args),
        Some(Command::Login(args)) => login::run(session, &args),
        Some(Command::Logout(args)) => login::logout(session, &args),
        Some(Command::Accounts(args)) => accounts::run(session, &args),
        Some(Command::Keys) => keys::run(session),
        Some(Command::Incident(args)) => incident::run(session, &args),
        Some(Command::Narrative(args)) => narrative::run(session, &args),
        Some(Command::Who(args)) => who::run(session, &args),
        Some(Command::Mark(args)) => mark::run(session, &args),
        Some(Command::Stats(args)) => stats::run(session, &args),
        Some(Command::Info) => info::run(session),
        Some(Command::Screenshots(args)) => screenshots::run(&args),
        Some(Command::Completions { .. }) => Ok(0),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().filter_map(|e| e.downcast_ref::<io::Error>()).any(|e| e.kind() == io::ErrorKind::BrokenPipe)
}

/// A panic's words may hold text from outside. A scan's workers say nothing: what they break on is an error of the report.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        if !crate::panics::is_caught() {
            complain(&format!("broke down: {info}"));
        }
    }));
}

/// One line on standard error. Nobody is left to tell when that fails too.
fn complain(message: &str) {
    let lines = sanitise::multiline(message);
    let _ = writeln!(io::stderr(), "driftguard: {}", lines.join("\n  "));
}

//! `driftguard serve`: the configured environments for a team.

use std::future::Future;
use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};

use super::Session;
use super::keeper::Keeper;
use crate::accounts::{self, Accounts, Desk, SECRET_VARIABLE, ServerSecret, Tokens};
use crate::cli::Serve;
use crate::server::{self, Certificate, Gatekeeper, Hooks, Houses, Limits, Options};
use crate::telemetry;
use crate::vault;

/// Opens `/metrics` to those who are not on this machine.
const METRICS_TOKEN: &str = "DRIFTGUARD_METRICS_TOKEN";
/// Who made a token.
const ISSUER: &str = "driftguard";

pub(super) fn run(session: &Session, args: &Serve) -> anyhow::Result<u8> {
    if args.openapi {
        return Ok(writeln!(io::stdout(), "{:#}", server::document()).map(|()| 0)?);
    }
    session.refuse_problems()?;
    let _log = session.log()?;
    let secret = std::env::var(SECRET_VARIABLE).ok();
    let secret = ServerSecret::load(secret.as_deref(), args.secret_file.as_deref(), args.dev)?;
    let accounts = accounts::open(&accounts::beside(&session.settings().store.value), false)?;
    let desk = Desk::new(Arc::clone(&accounts), Tokens::new(&secret, ISSUER));
    let gatekeeper = Arc::new(desk.clone());
    let certificate = args.tls_cert.clone().zip(args.tls_key.clone()).map(|(chain, key)| Certificate { chain, key });
    let metrics_token = std::env::var(METRICS_TOKEN).ok().filter(|token| !token.is_empty());
    let metrics_token = metrics_token.map(|token| vault::resolve(&token)).transpose().context(METRICS_TOKEN)?;
    let limits = Limits { metrics_token, ..session.config.server.clone() };
    let hooks = Hooks::ready(&session.config.hooks, &session.settings().organization.value);
    let hooks = hooks.map_err(anyhow::Error::msg)?;
    let options = Options { listen: args.listen, certificate, limits, hooks };
    let runtime = tokio::runtime::Runtime::new().context("no threads for the background work")?;
    runtime.spawn(desk.tend());
    let served = runtime.block_on(serve(session, &options, gatekeeper, accounts, !args.no_scans));
    runtime.shutdown_background();
    served.map(|()| 0)
}

async fn serve(
    session: &Session,
    options: &Options,
    gatekeeper: Arc<dyn Gatekeeper>,
    accounts: Arc<dyn Accounts>,
    scans: bool,
) -> anyhow::Result<()> {
    let ended = terminated()?;
    let houses = Houses::default();
    let mut keeper = Keeper::new(session, accounts, houses.clone(), scans).sending()?;
    keeper.begin().await?;
    let serving = server::serve(options, gatekeeper, houses).await?;
    let scheme = if options.certificate.is_some() { "https" } else { "http" };
    writeln!(io::stdout(), "driftguard serves {scheme}://{}", serving.address)?;
    let served = tokio::select! {
        served = serving.run(ended) => served,
        () = keeper.follow() => Ok(()),
        never = levels(session) => never,
    };
    // What was acknowledged is finished before the process ends.
    keeper.close().await;
    Ok(served?)
}

/// The log level is read again from the configuration at each SIGHUP. Never ends.
pub(super) async fn levels<T>(session: &Session) -> T {
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return std::future::pending().await };
    loop {
        if hangups.recv().await.is_none() {
            return std::future::pending().await;
        }
        let new = session.again();
        let problem = new.config.problems.first().map(ToString::to_string);
        let switched = match &problem {
            Some(why) => Err(format!("the configuration has mistakes: {why}")),
            None => telemetry::switch(&new.settings().log_level.value).map_err(|error| error.to_string()),
        };
        if let Err(why) = switched {
            tracing::warn!(why, "SIGHUP: the log level stays as it was");
        }
    }
}

/// Ready when somebody wants the process to end.
pub(super) fn terminated() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut terminated = signal(SignalKind::terminate()).context("no signals")?;
    Ok(async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    })
}

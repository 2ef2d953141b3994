//! `driftguard serve`: the configured environments for a team.

use std::io::{self, Write};
use std::sync::Arc;

use anyhow::Context;
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

use super::Session;
use super::session::open_store;
use crate::accounts::{self, Desk, SECRET_VARIABLE, ServerSecret, Tokens};
use crate::cli::{Paths, Serve};
use crate::drift::Slug;
use crate::server::{self, Certificate, Gatekeeper, Houses, Limits, Options};
use crate::service::{DriftService, LocalService};
use crate::telemetry;

/// Opens `/metrics` to those who are not on this machine.
const METRICS_TOKEN: &str = "DRIFTGUARD_METRICS_TOKEN";
/// Who made a token.
const ISSUER: &str = "driftguard";

pub(super) fn run(session: &Session, args: &Serve) -> anyhow::Result<u8> {
    session.refuse_problems()?;
    let _log = telemetry::init(&session.paths.state_dir, &session.settings().log_level.value)?;
    let organisation = Slug::new(&args.organization).context("--organization")?;
    let secret = std::env::var(SECRET_VARIABLE).ok();
    let secret = ServerSecret::load(secret.as_deref(), args.secret_file.as_deref(), args.dev)?;
    let accounts = accounts::open(&accounts::beside(&session.settings().store.value), false)?;
    let desk = Desk::new(accounts, Tokens::new(&secret, ISSUER));
    let gatekeeper = Arc::new(desk.clone());
    let specs = session.environments(&Paths::default())?;
    let opened = open_store(&session.settings().store.value, session.settings().store_options())?;
    opened.notices.iter().for_each(|notice| super::complain(notice));
    let certificate = args.tls_cert.clone().zip(args.tls_key.clone()).map(|(chain, key)| Certificate { chain, key });
    let metrics_token = std::env::var(METRICS_TOKEN).ok().filter(|token| !token.is_empty());
    let limits = Limits { metrics_token, ..session.config.server.clone() };
    let options = Options { listen: args.listen, certificate, limits };
    let runtime = tokio::runtime::Runtime::new().context("no threads for the background work")?;
    runtime.spawn(desk.tend());
    let served = runtime.block_on(async {
        let service = LocalService::start_guarded(opened.store, specs, session.guard(), Handle::current());
        let mut houses = Houses::default();
        houses.open(organisation, Arc::clone(&service) as Arc<dyn DriftService>);
        let served = serve(&options, gatekeeper, houses).await;
        // What was acknowledged is finished before the process ends.
        service.shutdown().await;
        served
    });
    runtime.shutdown_background();
    served.map(|()| 0)
}

async fn serve(options: &Options, gatekeeper: Arc<dyn Gatekeeper>, houses: Houses) -> anyhow::Result<()> {
    let serving = server::serve(options, gatekeeper, houses).await?;
    let scheme = if options.certificate.is_some() { "https" } else { "http" };
    writeln!(io::stdout(), "driftguard serves {scheme}://{}", serving.address)?;
    let mut terminated = signal(SignalKind::terminate()).context("no signals")?;
    let ended = async move {
        tokio::select! {
            _ = terminated.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    Ok(serving.run(ended).await?)
}

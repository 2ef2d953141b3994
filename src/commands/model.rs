//! `driftguard model`: what is learned from operators, here or on a server.

use std::io::{self, Write};

use anyhow::Context;
use tokio::runtime::Runtime;

use super::session::open_store;
use super::{Session, connect, store};
use crate::cli::{ModelArgs, ModelCommand, ModelFormat};
use crate::drift::{Lessons, MlModel, ModelMetrics, ModelStep};
use crate::report::models;
use crate::service::{self, CAUSE_MODEL};
use crate::store::Opened;

pub(super) fn run(session: &Session, args: &ModelArgs) -> anyhow::Result<u8> {
    match &args.server {
        Some(server) => there(session, server, &args.command),
        None => here(session, &args.command),
    }
}

fn here(session: &Session, command: &ModelCommand) -> anyhow::Result<u8> {
    match command {
        ModelCommand::List { format } => {
            let Opened { store, .. } = store::open_to_read(session)?;
            list(&store.models()?, &service::lessons(store.as_ref())?, *format)
        }
        ModelCommand::Train { activate, format } => {
            let Opened { store, .. } = writable(session)?;
            let by = activate.then(|| session.settings().actor.value.clone());
            show(&service::train_model(store.as_ref(), CAUSE_MODEL, by.as_ref())?, *format)
        }
        ModelCommand::Evaluate { version, format } => {
            let Opened { store, .. } = writable(session)?;
            show(&service::evaluate_model(store.as_ref(), CAUSE_MODEL, *version)?, *format)
        }
        ModelCommand::Activate(to) => step(session, ModelStep::To(to.version)),
        ModelCommand::Rollback => step(session, ModelStep::Back),
    }
}

fn there(session: &Session, server: &str, command: &ModelCommand) -> anyhow::Result<u8> {
    let runtime = Runtime::new().context("no threads for the background work")?;
    let service = runtime.block_on(connect::service(session, server))?;
    // The server knows who is logged in.
    let by = session.settings().actor.value.clone();
    runtime.block_on(async {
        match command {
            ModelCommand::List { format } => list(&service.models().await?, &service.lessons().await?, *format),
            ModelCommand::Train { activate, format } => show(&service.train_model(*activate, by).await?, *format),
            ModelCommand::Evaluate { version, format } => show(&service.evaluate_model(*version).await?, *format),
            ModelCommand::Activate(to) => in_use(&service.activate_model(ModelStep::To(to.version), by).await?),
            ModelCommand::Rollback => in_use(&service.activate_model(ModelStep::Back, by).await?),
        }
    })
}

fn writable(session: &Session) -> anyhow::Result<Opened> {
    Ok(open_store(&session.settings().store.value, session.settings().store_options())?)
}

fn step(session: &Session, to: ModelStep) -> anyhow::Result<u8> {
    let Opened { store, .. } = writable(session)?;
    in_use(&service::activate_model(store.as_ref(), CAUSE_MODEL, to, &session.settings().actor.value)?)
}

fn in_use(model: &MlModel) -> anyhow::Result<u8> {
    writeln!(io::stdout().lock(), "{} version {} is in use", model.name, model.version)?;
    Ok(0)
}

fn list(all: &[MlModel], lessons: &Lessons, format: ModelFormat) -> anyhow::Result<u8> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match format {
        ModelFormat::Text => models::write_text(all, lessons, &mut out)?,
        ModelFormat::Json => models::write_json(all, lessons, &mut out)?,
    }
    out.flush()?;
    Ok(0)
}

/// With the figures that were measured last.
fn show(model: &MlModel, format: ModelFormat) -> anyhow::Result<u8> {
    let metrics: &ModelMetrics = model.evaluations.last().unwrap_or(&model.metrics);
    let mut out = io::BufWriter::new(io::stdout().lock());
    match format {
        ModelFormat::Text => models::write_one(model, metrics, &mut out)?,
        ModelFormat::Json => writeln!(out, "{:#}", serde_json::to_value(model)?)?,
    }
    out.flush()?;
    Ok(0)
}

//! `driftguard model`: what is learned from operators.

use std::io::{self, Write};

use super::session::open_store;
use super::{Session, store};
use crate::cli::{ModelCommand, ModelFormat};
use crate::drift::{MlModel, ModelMetrics, ModelStep};
use crate::report::models;
use crate::service::{self, CAUSE_MODEL};
use crate::store::Opened;

pub(super) fn run(session: &Session, command: &ModelCommand) -> anyhow::Result<u8> {
    match command {
        ModelCommand::List { format } => list(session, *format),
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

fn writable(session: &Session) -> anyhow::Result<Opened> {
    Ok(open_store(&session.settings().store.value, session.settings().store_options())?)
}

fn step(session: &Session, to: ModelStep) -> anyhow::Result<u8> {
    let Opened { store, .. } = writable(session)?;
    let model = service::activate_model(store.as_ref(), CAUSE_MODEL, to, &session.settings().actor.value)?;
    writeln!(io::stdout().lock(), "{} version {} is in use", model.name, model.version)?;
    Ok(0)
}

fn list(session: &Session, format: ModelFormat) -> anyhow::Result<u8> {
    let Opened { store, .. } = store::open_to_read(session)?;
    let (all, lessons) = (store.models()?, service::lessons(store.as_ref())?);
    let mut out = io::BufWriter::new(io::stdout().lock());
    match format {
        ModelFormat::Text => models::write_text(&all, &lessons, &mut out)?,
        ModelFormat::Json => models::write_json(&all, &lessons, &mut out)?,
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

//! `driftguard codify`: the edit of the code that follows from a drift, shown, and made when somebody says so.

use std::io::{self, Write};

use anyhow::{anyhow, bail};
use jiff::Timestamp;

use super::accounts::ask;
use super::{Session, store, who};
use crate::cli::Codify;
use crate::codify::{Patch, write};
use crate::drift::{Direction, DriftDetail, DriftType, Prediction, RemediationKind, Slug};
use crate::recommend::{Code, Outlook, import};
use crate::safety::{Redactor, Tainted, sanitise};

/// Something would still differ.
const LEFT: u8 = 2;
/// There is no edit.
const NONE: u8 = 3;

pub(super) fn run(session: &Session, args: &Codify) -> anyhow::Result<u8> {
    let store = store::open_to_read(session)?.store;
    let environments = args.env.iter().map(|name| Slug::new(name).map_err(|why| anyhow!("--env {name}: {why}")));
    let event = who::find(store.as_ref(), &args.drift, environments.collect::<Result<_, _>>()?)?;
    let refusal = RemediationKind::CodifyIac.refusal(&event, Timestamp::now());
    if args.write {
        may_write(session, &event.environment)?;
        if let Some(why) = &refusal {
            bail!("{}: {why}; nothing is written", event.resource.resource_id.line());
        }
    }
    let detail = store.drift(event.id)?;
    let mut out = io::stdout().lock();
    if detail.event.drift_type == DriftType::Added {
        return to_import(&detail, refusal.as_deref(), &mut out);
    }
    let redactor = Redactor::new(store.redaction_key());
    let code = Code::asking();
    let parts = (&code, &redactor, &session.config.knowledge);
    let (patch, predicted) = Outlook::of_kept(&detail, parts, |outlook| match outlook.patch() {
        Ok(patch) => (Ok(patch.clone()), outlook.codified(Some(&patch))),
        Err(why) => (Err(why), None),
    });
    let patch = match patch {
        Ok(patch) => patch,
        Err(why) => bail!("{}: there is no edit: {why}", detail.event.resource.resource_id.line()),
    };
    show(&patch, predicted.as_ref(), &redactor, &mut out)?;
    if detail.event.analysis.direction == Direction::Loosening && !patch.is_empty() {
        let class = detail.event.severity_class();
        writeln!(out, "note: it loosens ({}): once the code says so, no scan tells of it any more", class.as_str())?;
    }
    if let Some(why) = refusal {
        writeln!(out, "note: {why}; --write is refused")?;
    }
    if patch.is_empty() {
        return Ok(if patch.left.is_empty() { 0 } else { NONE });
    }
    if args.write {
        if !args.yes && !is_meant(&patch)? {
            writeln!(out, "nothing was written")?;
            return Ok(LEFT);
        }
        write(&patch)?;
        writeln!(out, "{} is written: have it reviewed, apply it, and scan again", sanitise::line(&patch.shown()))?;
    }
    Ok(if predicted.is_some_and(|predicted| predicted.left.is_empty()) { 0 } else { LEFT })
}

/// Before anything is shown.
fn may_write(session: &Session, environment: &Slug) -> anyhow::Result<()> {
    let guard = session.guard();
    if let Some(why) = guard.read_only {
        bail!("nothing is written in a read-only session ({why})");
    }
    if guard.protected.contains(environment) {
        bail!("{environment} is protected (`protect = true`): leave --write out, and make the edit by hand");
    }
    Ok(())
}

fn is_meant(patch: &Patch) -> anyhow::Result<bool> {
    let files: Vec<String> = patch.files().map(|one| sanitise::line(&one.file.to_string_lossy())).collect();
    let question = format!("Write this to {}? [y/N] ", files.join(" and "));
    let answer = ask::shown(&question, "--yes")?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn show(patch: &Patch, predicted: Option<&Prediction>, redactor: &Redactor, out: &mut dyn Write) -> io::Result<()> {
    let file = sanitise::line(&patch.shown());
    match (patch.is_empty(), patch.left.is_empty()) {
        (true, true) => writeln!(out, "{file} says it already: apply it, and scan again")?,
        (true, false) => writeln!(out, "nothing of it can be edited in {file}")?,
        _ => {}
    }
    for line in patch.diff(redactor).multiline() {
        writeln!(out, "{line}")?;
    }
    for note in &patch.notes {
        writeln!(out, "note: {}", sanitise::line(note))?;
    }
    for left in &patch.left {
        writeln!(out, "not written: {}: {}", left.path.0.line(), sanitise::line(&left.why))?;
    }
    for line in predicted.iter().flat_map(|predicted| predicted.lines()) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// No code is there to be edited: it is brought in.
fn to_import(detail: &DriftDetail, refusal: Option<&str>, out: &mut dyn Write) -> anyhow::Result<u8> {
    let event = &detail.event;
    match import::block(&event.resource, &event.tags, detail.actual_state.as_ref()) {
        Ok(block) => {
            Tainted::from(block).multiline().iter().try_for_each(|line| writeln!(out, "{line}"))?;
            writeln!(out, "# then: terraform plan -generate-config-out=imported.tf")?;
            // It can be imported, so nothing stays.
            Prediction::default().lines().iter().try_for_each(|line| writeln!(out, "# {line}"))?;
            refusal.iter().try_for_each(|why| writeln!(out, "# note: {why}"))?;
            Ok(LEFT)
        }
        Err(why) => bail!("{}: there is no import block: {why}", event.resource.resource_id.line()),
    }
}

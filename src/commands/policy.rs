//! `driftguard policy`: what rules about advice say, and what they would do.

use std::io::{self, Write};
use std::path::PathBuf;

use jiff::Timestamp;

use super::{Session, complain, store, who};
use crate::analysis::Facts;
use crate::cli::PolicyCommand;
use crate::config::policy_text;
use crate::drift::{DriftEvent, Environment, Recommendation, State};
use crate::recommend::{Case, Code, Policies, advise};
use crate::safety::sanitise;
use crate::store::{Direction, DriftFilter, PageRequest, Store};

/// Drifts per call.
const PAGE: usize = 500;

pub(super) fn run(session: &Session, command: &PolicyCommand) -> anyhow::Result<u8> {
    match command {
        PolicyCommand::Check { file } => check(session, file),
        PolicyCommand::Test { file, drift } => test(session, file, drift.as_deref()),
    }
}

fn check(session: &Session, files: &[PathBuf]) -> anyhow::Result<u8> {
    let Some(policies) = policies(session, files) else { return Ok(1) };
    let mut out = io::stdout().lock();
    if policies.rules().is_empty() {
        let directory = session.paths.config_dir.join("policies");
        writeln!(out, "no rules; they stand in {}/*.toml", sanitise::line(&directory.to_string_lossy()))?;
    }
    for rule in policies.rules() {
        let when = match rule.condition() {
            always if always.is_empty() => "always".to_owned(),
            when => format!("when {when}"),
        };
        writeln!(out, "{} ({})", rule.name.line(), sanitise::line(&rule.place))?;
        writeln!(out, "  {}", sanitise::line(&when))?;
        writeln!(out, "  {}", sanitise::line(&rule.words()))?;
    }
    Ok(0)
}

/// `None`: there are mistakes, and they are told.
fn policies(session: &Session, files: &[PathBuf]) -> Option<Policies> {
    if files.is_empty() {
        session.config.problems.iter().for_each(|problem| complain(&problem.to_string()));
        return session.config.problems.is_empty().then(|| session.config.recommend.policies.clone());
    }
    let mut policies = session.config.recommend.policies.without_rules();
    let mut is_right = true;
    for file in files {
        let name = file.to_string_lossy();
        let told = match policy_text(file) {
            Ok(text) => policies.add(&name, &text).err().into_iter().flatten().map(|e| e.to_string()).collect(),
            Err(why) => vec![format!("{name}: {why}")],
        };
        is_right &= told.is_empty();
        told.iter().for_each(|one| complain(one));
    }
    is_right.then_some(policies)
}

fn test(session: &Session, files: &[PathBuf], drift: Option<&str>) -> anyhow::Result<u8> {
    let Some(policies) = policies(session, files) else { return Ok(1) };
    let store = store::open_to_read(session)?.store;
    let (environments, code, mut out) = (store.environments()?, Code::default(), io::stdout().lock());
    let (mut looked_at, mut touched) = (0, 0);
    let mut look = |event: &DriftEvent, out: &mut dyn Write| -> anyhow::Result<()> {
        looked_at += 1;
        if let Some(environment) = environments.iter().find(|one| one.slug == event.environment) {
            touched += usize::from(tell(event, environment, &policies, &code, out)?);
        }
        Ok(())
    };
    match drift {
        Some(name) => look(&who::find(store.as_ref(), name, vec![])?, &mut out)?,
        None => each(store.as_ref(), |event| look(event, &mut out))?,
    }
    writeln!(out, "rules are about {touched} of {looked_at} drifts that wait for somebody")?;
    Ok(0)
}

fn each(store: &dyn Store, mut look: impl FnMut(&DriftEvent) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let filter = DriftFilter { states: vec![State::Open, State::Acknowledged], ..DriftFilter::default() };
    let mut request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: PAGE };
    loop {
        let page = store.page(&request)?;
        page.data.iter().try_for_each(&mut look)?;
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(()),
        }
    }
}

/// Whether any rule is about it.
fn tell(
    event: &DriftEvent,
    environment: &Environment,
    policies: &Policies,
    code: &Code,
    out: &mut dyn Write,
) -> anyhow::Result<bool> {
    let (resource, drift_type, now) = (&event.resource, event.drift_type, Timestamp::now());
    let facts = Facts { environment, resource, drift_type, changes: &event.changes, now };
    let case = Case { facts: &facts, analysis: &event.analysis, tags: &event.tags, code: Some(code) };
    let about: Vec<String> =
        policies.about(&case).map(|rule| format!("{} ({})", rule.name.line(), sanitise::line(&rule.place))).collect();
    if about.is_empty() {
        return Ok(false);
    }
    let brief = |advice: &[Recommendation]| advice.iter().map(words).collect::<Vec<_>>().join("; ");
    writeln!(out, "{} {}", event.environment, resource.resource_id.line())?;
    writeln!(out, "  rules    {}", about.join(", "))?;
    writeln!(out, "  without  {}", brief(&advise(&case, &Policies::default())))?;
    writeln!(out, "  with     {}", brief(&advise(&case, policies)))?;
    Ok(true)
}

fn words(advice: &Recommendation) -> String {
    let kind = advice.recommendation_type.as_str();
    match &advice.vetoed {
        None => format!("{kind} ({})", advice.priority.as_str()),
        Some(veto) => format!("{kind} vetoed by {}: {}", veto.policy.line(), veto.reason.line()),
    }
}

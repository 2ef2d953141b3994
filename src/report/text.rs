//! The report for a terminal or a log: no colours, no control characters.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{EnvironmentReport, Report, SHOWN, import, not_shown, rules, sentence};
use crate::drift::{Change, Decision, Known, ResolutionType, ResourceRef, SettledChange, Sighting, State};
use crate::safety::{Masked, sanitise};

/// Columns a single value may take.
const VALUE_WIDTH: usize = 60;
/// Unverified resources that are named for one reason.
const NAMED: usize = 3;

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for (index, e) in report.environments.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}  {}", e.environment.slug, sentence(e))?;
        if let Some(coverage) = e.summary.counts.coverage.sentence() {
            writeln!(out, "  {coverage}")?;
        }
        let open = e.drifts.open();
        for drift in e.drifts.iter()?.take(SHOWN.min(usize::try_from(open).unwrap_or(SHOWN))) {
            writeln!(out)?;
            write_drift(e, &drift?, out)?;
        }
        if let Some(rest) = not_shown(open) {
            writeln!(out, "\n  {rest}")?;
        }
        write_settled(e, out)?;
        write_unverified(e, out)?;
        for error in &e.errors {
            writeln!(out, "\n  error: {}: {}\n    {}", error.source.line(), error.message.line(), error.help.line())?;
        }
        for (source, words) in e.notices() {
            writeln!(out, "\n  note: {}: {}", source.line(), words.line())?;
        }
        if let Some(usage) = usage(e) {
            writeln!(out, "\n  {usage}")?;
        }
    }
    let unused = rules::unused_lines(report.rules_unused.as_deref().unwrap_or_default());
    if !unused.is_empty() {
        writeln!(out, "\nignore rules that hide nothing any more (`driftguard rules` lists all):")?;
    }
    unused.iter().try_for_each(|line| writeln!(out, "  {line}"))
}

/// What reading the cloud took: `AWS: 23 calls, 2 retries, 0 failed`.
fn usage(e: &EnvironmentReport) -> Option<String> {
    let (used, reused) = (&e.usage, e.usage.reused);
    let unchanged =
        if reused > 0 { format!("; {reused} resources unchanged since an earlier scan") } else { String::new() };
    let told =
        || format!("AWS: {} calls, {} retries, {} failed{unchanged}", used.calls(), used.retries(), used.failed());
    (used.calls() > 0).then(told)
}

/// One line for all resources that could not be compared for the same reason.
fn write_unverified(e: &EnvironmentReport, out: &mut dyn Write) -> io::Result<()> {
    let (groups, rest) = unverified(e);
    if !groups.is_empty() {
        writeln!(out, "\n  unverified:")?;
    }
    for (detail, named) in &groups {
        writeln!(out, "    ? {detail}\n        {named}")?;
    }
    if rest > 0 { writeln!(out, "    … and {rest} more") } else { Ok(()) }
}

/// Why resources could not be compared, each with the first of them by name; and how many are not listed.
pub(super) fn unverified(e: &EnvironmentReport) -> (Vec<(String, String)>, u64) {
    let mut groups: BTreeMap<&str, Vec<&ResourceRef>> = BTreeMap::new();
    for (resource, unverified) in &e.summary.unverified {
        groups.entry(unverified.detail.raw()).or_default().push(resource);
    }
    let named = |resources: &[&ResourceRef]| {
        let names: Vec<String> = resources.iter().take(NAMED).map(|r| r.resource_id.line()).collect();
        let more = resources.len() - names.len();
        names.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
    };
    let groups = groups.iter().map(|(detail, resources)| (sanitise::line(detail), named(resources))).collect();
    (groups, e.summary.counts.unverified.saturating_sub(e.summary.unverified.len() as u64))
}

/// One line each: somebody has looked at them.
fn write_settled(e: &EnvironmentReport, out: &mut dyn Write) -> io::Result<()> {
    if e.settled() == 0 {
        return Ok(());
    }
    writeln!(out, "\n  settled:")?;
    let is_settled = |d: &io::Result<Sighting>| d.as_ref().map_or(true, Sighting::is_settled);
    for drift in e.drifts.iter()?.filter(is_settled).take(SHOWN) {
        writeln!(out, "    {}", headline(&drift?))?;
    }
    not_shown(e.settled()).map_or(Ok(()), |rest| writeln!(out, "    {rest}"))
}

fn write_drift(e: &EnvironmentReport, drift: &Sighting, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {}", headline(drift))?;
    let finding = &drift.finding;
    if let Some(previous) = &finding.resource.previous_address {
        writeln!(out, "    moved from {}", previous.line())?;
    }
    if let Some(by) = e.actor(drift) {
        let class = by.class.map_or(String::new(), |class| format!(" ({})", class.words()));
        let sure = if by.is_certain() { "by" } else { "probably by" };
        writeln!(out, "    {sure} {}{class}: {}, {}", by.actor.line(), by.event.line(), second(by.at))?;
    }
    let settled =
        |change| drift.settled_change(change).map(|one| format!("  ({})", settled_words(one))).unwrap_or_default();
    finding.changes.iter().try_for_each(|change| writeln!(out, "    {}{}", change_line(change), settled(change)))?;
    match import::of(finding) {
        Some(Ok(block)) => block.lines().try_for_each(|line| writeln!(out, "    {line}")),
        Some(Err(why)) => writeln!(out, "    no import block: {}", sanitise::line(&why)),
        None => Ok(()),
    }
}

fn headline(drift: &Sighting) -> String {
    let finding = &drift.finding;
    let known = drift.known.as_ref().map(|known| format!("  ({})", standing(known))).unwrap_or_default();
    format!(
        "{:<8}  {:<8}  {}{known}",
        finding.analysis.severity.class().as_str(),
        finding.drift_type.as_str(),
        finding.resource.resource_id.line()
    )
}

/// "snoozed until 2026-03-01T09:00:00Z by alice, since 2026-02-01T09:00:00Z, 01J…"
pub(super) fn standing(known: &Known) -> String {
    let mut text = known.state.as_str().to_owned();
    if let Some(decision) = &known.decision {
        if let Some(resolution) = decision.resolution_type {
            text.push_str(&format!(" as {}", resolution.as_str()));
        }
        text.push_str(&until_and_by(decision));
    } else if known.state == State::Resolved {
        text.push_str(" change by change");
    }
    if known.regressions > 0 {
        text.push_str(", come back");
    }
    if let Some(id) = known.id {
        text.push_str(&format!(", since {}, {id}", second(known.first_seen)));
    }
    text
}

/// "accepted until 2026-03-01T09:00:00Z by alice"
pub(super) fn settled_words(one: &SettledChange) -> String {
    let what = one.decision.resolution_type.map_or("settled", ResolutionType::as_str);
    format!("{what}{}", until_and_by(&one.decision))
}

fn until_and_by(decision: &Decision) -> String {
    let until = decision.until.map(|until| format!(" until {}", second(until))).unwrap_or_default();
    format!("{until} by {}", decision.by.line())
}

pub(super) fn second(at: jiff::Timestamp) -> impl std::fmt::Display {
    at.strftime("%Y-%m-%dT%H:%M:%SZ")
}

/// `~ ! path: declared → live  (what memory says)`; `!` marks what touches security.
pub(super) fn change_line(change: &Change) -> String {
    let show = |value: &Option<Masked>| value.as_ref().map_or_else(|| "(absent)".to_owned(), |v| v.inline(VALUE_WIDTH));
    let critical = if change.is_security_critical { "! " } else { "" };
    let path = change.path.0.line();
    let memory = change.memory(|at| second(at).to_string()).map(|words| format!("  ({words})")).unwrap_or_default();
    let (declared, live) = (show(&change.declared), show(&change.actual));
    format!("{} {critical}{path}: {declared} → {live}{memory}", change.change_type.sign())
}

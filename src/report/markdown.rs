//! The report for a ticket, a pull request or a chat.

use std::io::{self, Write};

use super::text::{second, settled_words, standing, unverified};
use super::{Report, SHOWN, import, not_shown, sentence};
use crate::drift::{Change, SettledChange, Sighting};
use crate::safety::{Masked, escape};

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Drift report")?;
    for e in &report.environments {
        writeln!(out, "\n## {}\n\n{}", e.environment.slug, sentence(e))?;
        if let Some(coverage) = e.summary.counts.coverage.sentence() {
            writeln!(out, "\n{}", escape::markdown(&coverage))?;
        }
        for drift in e.drifts.iter()?.take(SHOWN) {
            write_drift(&drift?, out)?;
        }
        if let Some(rest) = not_shown(e.drifts.open() + e.settled()) {
            writeln!(out, "\n{rest}")?;
        }
        let (unverified, rest) = unverified(e);
        for (detail, named) in &unverified {
            writeln!(out, "\n**unverified** {}: {}", escape::markdown(detail), escape::markdown(named))?;
        }
        if rest > 0 {
            writeln!(out, "\n… and {rest} more could not be compared")?;
        }
        for error in &e.errors {
            let [source, message, help] =
                [&error.source, &error.message, &error.help].map(|t| escape::markdown(t.raw()));
            writeln!(out, "\n**error** {source}: {message} {help}")?;
        }
        for (source, words) in e.notices() {
            writeln!(out, "\n**note** {}: {}", escape::markdown(source.raw()), escape::markdown(words.raw()))?;
        }
    }
    Ok(())
}

fn write_drift(drift: &Sighting, out: &mut dyn Write) -> io::Result<()> {
    let finding = &drift.finding;
    writeln!(
        out,
        "\n### {} {}: {}\n",
        finding.analysis.severity.class().as_str(),
        finding.drift_type.as_str(),
        escape::markdown(finding.resource.resource_id.raw())
    )?;
    if let Some(known) = &drift.known {
        writeln!(out, "{}\n", escape::markdown(&standing(known)))?;
    }
    if !finding.changes.is_empty() {
        writeln!(out, "| | property | declared | live |\n|---|---|---|---|")?;
    }
    finding.changes.iter().try_for_each(|change| writeln!(out, "{}", row(change, drift.settled_change(change))))?;
    match import::of(finding) {
        // Every line of it begins with its own words: none of them ends the fence.
        Some(Ok(block)) => writeln!(out, "\n```hcl\n{block}\n```")?,
        Some(Err(why)) => writeln!(out, "\nno import block: {}", escape::markdown(&why))?,
        None => {}
    }
    for recommendation in &finding.recommendations {
        let kind = recommendation.recommendation_type.as_str();
        match (&recommendation.vetoed, recommendation.dismissal()) {
            (None, Some(dismissed)) => writeln!(out, "\n{kind}, {}", escape::markdown(&dismissed))?,
            (None, None) => {
                writeln!(out, "\n{kind}: {}", escape::markdown(recommendation.rationale.raw()))?;
                if let Some(veto) = &recommendation.objection {
                    writeln!(out, "\n{}", escape::markdown(&veto.objection()))?;
                }
            }
            (Some(veto), _) => {
                let [policy, reason] = [&veto.policy, &veto.reason].map(|text| escape::markdown(text.raw()));
                writeln!(out, "\n{kind}, vetoed: the policy {policy} forbids it: {reason}")?;
            }
        }
    }
    Ok(())
}

fn row(change: &Change, settled: Option<&SettledChange>) -> String {
    let show = |value: &Option<Masked>| match value {
        Some(value) => escape::markdown(&value.value().to_string()),
        None => String::new(),
    };
    let critical = if change.is_security_critical { " !" } else { "" };
    let memory = change.memory(|at| second(at).to_string()).map(|words| format!(" ({words})")).unwrap_or_default();
    let settled = settled.map(|one| format!(" ({})", settled_words(one))).unwrap_or_default();
    format!(
        "| {}{critical} | {}{} | {} | {} |",
        change.change_type.sign(),
        escape::markdown(change.path.raw()),
        escape::markdown(&(memory + &settled)),
        show(&change.declared),
        show(&change.actual)
    )
}

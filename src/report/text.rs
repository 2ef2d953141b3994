//! The report for a terminal or a log: no colours, no control characters.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{EnvironmentReport, Report, SHOWN, not_shown, sentence};
use crate::drift::{Change, Finding, ResourceRef};
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
        writeln!(out, "{}  {}", e.environment.slug, sentence(&e.summary.counts))?;
        for finding in e.findings.iter()?.take(SHOWN) {
            writeln!(out)?;
            write_finding(&finding?, out)?;
        }
        if let Some(rest) = not_shown(e.summary.counts.drifted) {
            writeln!(out, "\n  {rest}")?;
        }
        write_unverified(e, out)?;
        for error in &e.errors {
            writeln!(out, "\n  error: {}: {}\n    {}", error.source.line(), error.message.line(), error.help.line())?;
        }
    }
    Ok(())
}

/// One line for all resources that could not be compared for the same reason.
fn write_unverified(e: &EnvironmentReport, out: &mut dyn Write) -> io::Result<()> {
    let mut groups: BTreeMap<&str, Vec<&ResourceRef>> = BTreeMap::new();
    for (resource, unverified) in &e.summary.unverified {
        groups.entry(unverified.detail.raw()).or_default().push(resource);
    }
    if !groups.is_empty() {
        writeln!(out, "\n  unverified:")?;
    }
    for (detail, resources) in &groups {
        let named: Vec<String> = resources.iter().take(NAMED).map(|r| r.resource_id.line()).collect();
        let more = resources.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        writeln!(out, "    ? {}\n        {}{more}", sanitise::line(detail), named.join(", "))?;
    }
    let listed = e.summary.unverified.len() as u64;
    match e.summary.counts.unverified.saturating_sub(listed) {
        0 => Ok(()),
        rest => writeln!(out, "    … and {rest} more"),
    }
}

fn write_finding(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "  {:<8}  {:<8}  {}",
        finding.analysis.severity.class().as_str(),
        finding.drift_type.as_str(),
        finding.resource.resource_id.line()
    )?;
    if let Some(previous) = &finding.resource.previous_address {
        writeln!(out, "    moved from {}", previous.line())?;
    }
    finding.changes.iter().try_for_each(|change| writeln!(out, "    {}", change_line(change)))
}

/// `~ ! path: declared → live`; `!` marks what touches security.
pub(super) fn change_line(change: &Change) -> String {
    let show = |value: &Option<Masked>| value.as_ref().map_or_else(|| "(absent)".to_owned(), |v| v.inline(VALUE_WIDTH));
    let critical = if change.is_security_critical { "! " } else { "" };
    let path = change.path.0.line();
    format!("{} {critical}{path}: {} → {}", change.change_type.sign(), show(&change.declared), show(&change.actual))
}

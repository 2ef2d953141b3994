//! The report for a terminal or a log: no colours, no control characters.

use std::io::{self, Write};

use super::{Report, sentence};
use crate::drift::{Change, Finding};
use crate::safety::Masked;

/// Columns a single value may take.
const VALUE_WIDTH: usize = 60;
/// Unverified resources that are listed one by one.
const UNVERIFIED_LISTED: usize = 20;

pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for (index, e) in report.environments.iter().enumerate() {
        if index > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}  {}", e.environment.slug, sentence(&e.summary.counts))?;
        for finding in &e.findings {
            writeln!(out)?;
            write_finding(finding, out)?;
        }
        let whole: Vec<_> = e.summary.unverified.iter().collect();
        if !whole.is_empty() {
            writeln!(out, "\n  unverified:")?;
        }
        for (resource, unverified) in whole.iter().take(UNVERIFIED_LISTED) {
            writeln!(out, "    ? {}  {}", resource.resource_id.line(), unverified.detail.line())?;
        }
        let rest = e.summary.counts.unverified.saturating_sub(whole.len().min(UNVERIFIED_LISTED) as u64);
        if rest > 0 {
            writeln!(out, "    … and {rest} more (--format json lists them)")?;
        }
        for error in &e.errors {
            writeln!(out, "\n  error: {}: {}\n    {}", error.source.line(), error.message.line(), error.help.line())?;
        }
    }
    Ok(())
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

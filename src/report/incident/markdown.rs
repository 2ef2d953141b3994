//! For a wiki, a ticket or a pull request.

use std::io::{self, Write};

use super::{Review, sign, value};
use crate::drift::{Density, DriftEvent};
use crate::safety::escape::markdown as plain;

pub(super) fn write(review: &Review<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# {}\n", plain(&review.title()))?;
    for line in review.summary() {
        writeln!(out, "- {}", plain(&line))?;
    }
    let (from, until) = (review.moment(review.incident.from), review.moment(review.incident.until));
    writeln!(out, "\n```text\n{}\n{from}  to  {until}\n```", heat(&review.incident.density))?;
    let markers = review.markers();
    if !markers.is_empty() {
        writeln!(out, "\n## What went on meanwhile\n")?;
    }
    for marker in markers {
        let [at, kind, text] = marker.map(|cell| plain(&cell));
        writeln!(out, "- {at}: **{kind}**: {text}")?;
    }
    writeln!(out, "\n## What happened\n")?;
    writeln!(out, "| time | environment | what | severity | resource | who | why |\n|---|---|---|---|---|---|---|")?;
    for row in review.rows() {
        let severity = row.severity.map_or("", |class| class.as_str());
        let cells = [&row.at, &row.environment, &row.what, severity, &row.resource, row.who, row.why];
        writeln!(out, "| {} |", cells.map(plain).join(" | "))?;
    }
    let together = review.together();
    if !together.is_empty() {
        writeln!(out, "\n## What belongs together")?;
    }
    for (words, drifts, why) in together {
        writeln!(out, "\n### {}\n", plain(&words))?;
        why.iter().try_for_each(|why| writeln!(out, "- why: {}", plain(why)))?;
        drifts.iter().try_for_each(|name| writeln!(out, "- {}", plain(name)))?;
    }
    writeln!(out, "\n## The drifts, worst first")?;
    review.drifts().into_iter().try_for_each(|event| drift(review, event, out))
}

fn drift(review: &Review<'_>, event: &DriftEvent, out: &mut dyn Write) -> io::Result<()> {
    let (class, kind) = (event.severity_class().as_str(), event.drift_type.as_str());
    writeln!(out, "\n### {class} {kind}: {}\n", plain(event.resource.resource_id.raw()))?;
    for (name, text) in review.facts(event) {
        writeln!(out, "- {name}: {}", plain(&text))?;
    }
    if !event.changes.is_empty() {
        writeln!(out, "\n| | property | declared | live |\n|---|---|---|---|")?;
    }
    for change in &event.changes {
        let cells = [change.path.raw(), &value(&change.declared), &value(&change.actual)].map(plain);
        writeln!(out, "| {} | {} |", plain(&sign(change)), cells.join(" | "))?;
    }
    Ok(())
}

/// Columns of equal length, which no page breaks; the height of each says how much happened.
fn heat(density: &[Density]) -> String {
    const COLUMNS: usize = 72;
    const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let parts = density.len().div_ceil(COLUMNS).max(1);
    let totals: Vec<u32> = density.chunks(parts).map(|some| some.iter().map(Density::total).sum()).collect();
    let most = totals.iter().copied().max().unwrap_or(0).max(1);
    let step = |total: &u32| match *total {
        0 => '·',
        some => STEPS[((some - 1) as usize * STEPS.len() / most as usize).min(STEPS.len() - 1)],
    };
    totals.iter().map(step).collect()
}

//! One file that needs nothing else: no script, no font, no picture from anywhere. It prints, and follows the reader's dark mode.

use std::io::{self, Write};

use super::{Review, sign, value};
use crate::drift::{ChangeType, Density, DriftEvent};
use crate::safety::escape::html as plain;

pub(in crate::report) const STYLE: &str = "\
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.4rem}h2{font-size:1.15rem;margin-top:2.5rem}h3{font-size:1rem;margin:2rem 0 .3rem}\
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-bottom:1px solid #8884}\
code,td.v{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}td.t{white-space:nowrap}\
.CRITICAL{font-weight:700;color:#b3261e}.HIGH{font-weight:700;color:#96500a}.MEDIUM{color:#6f5a00}.LOW{color:#1a5fb4}\
@media(prefers-color-scheme:dark){.CRITICAL{color:#f58a86}.HIGH{color:#f0a868}.MEDIUM{color:#e6cf7a}.LOW{color:#7fb4f0}}\
.heat{display:flex;align-items:flex-end;height:3rem;gap:1px;border-bottom:1px solid #8888}.heat i{flex:1;background:#8889}\
.heat i.CRITICAL,.heat i.HIGH{background:#d9534f}dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1rem;margin:.3rem 0}dd{margin:0}\
@media print{.heat i{background:#999}}";

pub(super) fn write(review: &Review<'_>, out: &mut dyn Write) -> io::Result<()> {
    let title = plain(&review.title());
    writeln!(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>")?;
    // Nothing in the text can run, and this says so to the browser once more.
    writeln!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>")?;
    writeln!(out, "<h1>{title}</h1><ul>")?;
    for line in review.summary() {
        writeln!(out, "<li>{}</li>", plain(&line))?;
    }
    writeln!(out, "</ul>")?;
    heat(&review.incident.density, out)?;
    let markers = review.markers();
    if !markers.is_empty() {
        writeln!(out, "<h2>What went on meanwhile</h2>")?;
    }
    for marker in markers {
        let [at, kind, text] = marker.map(|cell| plain(&cell));
        writeln!(out, "<p>{at}: <b>{kind}</b>: {text}</p>")?;
    }
    writeln!(
        out,
        "<h2>What happened</h2>\n<table><thead><tr><th>time<th>environment<th>what<th>severity<th>resource<th>who<th>why</tr></thead><tbody>"
    )?;
    for row in review.rows() {
        let severity = row.severity.map_or("", |class| class.as_str());
        let cells = [&row.environment, &row.what, severity, &row.resource, row.who, row.why].map(plain);
        let [environment, what, severity, resource, who, why] = cells;
        writeln!(
            out,
            "<tr><td class=t>{}<td>{environment}<td>{what}<td class={}>{severity}<td class=v>{resource}<td>{who}<td>{why}</tr>",
            plain(&row.at),
            if severity.is_empty() { "none" } else { &severity },
        )?;
    }
    writeln!(out, "</tbody></table>")?;
    let together = review.together();
    if !together.is_empty() {
        writeln!(out, "<h2>What belongs together</h2>")?;
    }
    for (words, drifts, why) in together {
        writeln!(out, "<h3>{}</h3><ul>", plain(&words))?;
        why.iter().try_for_each(|why| writeln!(out, "<li>why: {}</li>", plain(why)))?;
        drifts.iter().try_for_each(|name| writeln!(out, "<li><code>{}</code></li>", plain(name)))?;
        writeln!(out, "</ul>")?;
    }
    writeln!(out, "<h2>The drifts, worst first</h2>")?;
    review.drifts().into_iter().try_for_each(|event| drift(review, event, out))?;
    writeln!(out, "</body></html>")
}

pub(super) fn drift(review: &Review<'_>, event: &DriftEvent, out: &mut dyn Write) -> io::Result<()> {
    let (class, kind) = (event.severity_class().as_str(), event.drift_type.as_str());
    let resource = plain(event.resource.resource_id.raw());
    writeln!(out, "<h3><span class={class}>{class}</span> {kind}: <code>{resource}</code></h3><dl>")?;
    for (name, text) in review.facts(event) {
        writeln!(out, "<dt>{name}<dd>{}", plain(&text))?;
    }
    writeln!(out, "</dl>")?;
    if event.changes.is_empty() {
        return Ok(());
    }
    writeln!(out, "<table><thead><tr><th><th>property<th>declared<th>live</tr></thead><tbody>")?;
    for change in &event.changes {
        let cells = [change.path.raw(), &value(&change.declared), &value(&change.actual)].map(plain);
        let [path, declared, actual] = match change.change_type {
            ChangeType::Removed => [cells[0].clone(), format!("<del>{}</del>", cells[1]), cells[2].clone()],
            ChangeType::Added => [cells[0].clone(), cells[1].clone(), format!("<ins>{}</ins>", cells[2])],
            ChangeType::Modified => cells,
        };
        let sign = plain(&sign(change));
        writeln!(out, "<tr><td>{sign}<td class=v>{path}<td class=v>{declared}<td class=v>{actual}</tr>")?;
    }
    writeln!(out, "</tbody></table>")
}

fn heat(density: &[Density], out: &mut dyn Write) -> io::Result<()> {
    let most = density.iter().map(Density::total).max().unwrap_or(0).max(1);
    write!(out, "<div class=heat role=img aria-label=\"how much happened when\">")?;
    for part in density {
        let class = part.worst().map_or("", |class| class.as_str());
        write!(out, "<i class=\"{class}\" style=\"height:{}%\"></i>", part.total() * 100 / most)?;
    }
    writeln!(out, "</div>")
}

//! The page: no script, nothing from anywhere else, every text escaped.

use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Book, Chapter, DAYS};
use crate::drift::SeverityClass;
use crate::report::incident::{html::STYLE, write_drift};
use crate::report::stats::length;
use crate::safety::escape::html as plain;

/// On top of the review's.
const MORE: &str = "nav{position:sticky;top:0;background:Canvas;padding:.4rem 0;border-bottom:1px solid #8884}nav a{margin-right:1.2rem}\
section{scroll-margin-top:3rem}h3{scroll-margin-top:3rem}td.n,th.n{text-align:right}.facts{display:flex;gap:2.5rem;flex-wrap:wrap;padding:0}\
.facts li{list-style:none}.facts b{display:block;font-size:1.5rem}";

/// The views, by anchor and name.
const VIEWS: [(&str, &str); 5] = [
    ("index", "Overview"),
    ("environments", "Environments"),
    ("drifts", "Drifts"),
    ("recommendations", "Recommendations"),
    ("settings", "Settings"),
];

pub(super) fn write(book: &Book, now: Timestamp, zone: &TimeZone, out: &mut dyn Write) -> io::Result<()> {
    let page = Page { book, now, zone };
    let title = format!("Drift report, {}", page.moment(now));
    writeln!(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>", plain(&title))?;
    // Nothing in the text can run, and this says so to the browser once more.
    writeln!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}{MORE}</style></head><body>")?;
    writeln!(out, "<h1>{}</h1><nav>", plain(&title))?;
    for (anchor, name) in VIEWS {
        write!(out, "<a href=\"#{anchor}\">{name}</a>")?;
    }
    writeln!(out, "</nav>")?;
    page.index(out)?;
    page.environments(out)?;
    page.drifts(out)?;
    page.recommendations(out)?;
    page.settings(out)?;
    writeln!(out, "</body></html>")
}

struct Page<'a> {
    book: &'a Book,
    now: Timestamp,
    zone: &'a TimeZone,
}

impl Page<'_> {
    fn moment(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
    }

    fn index(&self, out: &mut dyn Write) -> io::Result<()> {
        section(0, out)?;
        let open = |class: SeverityClass| self.book.environments.iter().map(|one| of_class(one, class)).sum::<u64>();
        write!(out, "<ul class=facts>")?;
        for class in SeverityClass::WORST_FIRST {
            write!(out, "<li><b class={0}>{1}</b>{0} open", class.as_str(), open(class))?;
        }
        let stats = &self.book.stats;
        let environments = self.book.environments.len();
        writeln!(out, "<li><b>{environments}</b>environment{}</ul>", if environments == 1 { "" } else { "s" })?;
        writeln!(
            out,
            "<p>In the last {DAYS} days {} drifts were first seen; {} have ended, {} of them by themselves{}.</p>",
            stats.total,
            stats.resolved,
            stats.healed,
            stats.average_resolution_seconds.map_or(String::new(), |s| format!(", after {} on average", length(s)))
        )?;
        writeln!(
            out,
            "<table><thead><tr><th>severity<th>resource<th>environment<th>what<th>since</tr></thead><tbody>"
        )?;
        for event in self.book.drifts.iter().take(20) {
            let cells =
                [event.resource.resource_id.raw(), event.environment.as_str(), event.drift_type.as_str()].map(plain);
            let [resource, environment, kind] = cells;
            let (class, id) = (event.severity_class().as_str(), event.id);
            let since = plain(&self.moment(event.detected_at));
            writeln!(
                out,
                "<tr><td class={class}>{class}<td class=v><a href=\"#d-{id}\">{resource}</a><td>{environment}<td>{kind}<td class=t>{since}</tr>"
            )?;
        }
        writeln!(out, "</tbody></table></section>")
    }

    fn environments(&self, out: &mut dyn Write) -> io::Result<()> {
        section(1, out)?;
        write!(out, "<table><thead><tr><th>environment<th>cloud<th>region")?;
        SeverityClass::WORST_FIRST.iter().try_for_each(|class| write!(out, "<th class=n>{}", class.as_str()))?;
        writeln!(out, "<th>last scan<th>compared<th>what goes on</tr></thead><tbody>")?;
        for one in &self.book.environments {
            let environment = &one.environment;
            let name = format!("{} ({})", environment.name.raw(), environment.slug);
            let cells = [&name, environment.cloud_provider.as_str(), environment.region.raw()].map(plain);
            write!(out, "<tr id=\"e-{}\"><td>{}", plain(environment.slug.as_str()), cells.join("<td>"))?;
            SeverityClass::WORST_FIRST
                .iter()
                .try_for_each(|class| write!(out, "<td class=n>{}", of_class(one, *class)))?;
            let scan = one.last_scan.as_ref();
            let when = scan.map_or("never".to_owned(), |scan| self.moment(scan.finished_at));
            let compared = scan.and_then(|scan| scan.counts.coverage.sentence()).unwrap_or_default();
            let contexts: Vec<&str> = one.contexts.iter().map(|one| one.context_data.title.raw()).collect();
            let cells = [&when, &compared, &contexts.join("; ")].map(|cell| plain(cell));
            writeln!(out, "<td>{}</tr>", cells.join("<td>"))?;
        }
        writeln!(out, "</tbody></table></section>")
    }

    fn drifts(&self, out: &mut dyn Write) -> io::Result<()> {
        section(2, out)?;
        let shown = self.book.drifts.len();
        match (self.book.cut, shown) {
            (true, _) => writeln!(out, "<p>There are more: these are {shown} of them.</p>")?,
            (false, 0) => writeln!(out, "<p>None: everything that was compared is as the code says.</p>")?,
            (false, _) => {}
        }
        for event in &self.book.drifts {
            writeln!(out, "<div id=\"d-{}\">", event.id)?;
            write_drift(event, self.now, self.zone, out)?;
            writeln!(out, "</div>")?;
        }
        writeln!(out, "</section>")
    }

    fn recommendations(&self, out: &mut dyn Write) -> io::Result<()> {
        section(3, out)?;
        super::advice::write(self.book, self.now, &|at| self.moment(at), out)?;
        writeln!(out, "</section>")
    }

    fn settings(&self, out: &mut dyn Write) -> io::Result<()> {
        section(4, out)?;
        writeln!(out, "<table><thead><tr><th>setting<th>value<th>from</tr></thead><tbody>")?;
        for row in &self.book.settings {
            let [key, value, origin] = row.each_ref().map(|cell| plain(cell));
            writeln!(out, "<tr><td>{key}<td class=v>{value}<td>{origin}</tr>")?;
        }
        writeln!(out, "</tbody></table></section>")
    }
}

fn section(at: usize, out: &mut dyn Write) -> io::Result<()> {
    let (anchor, name) = VIEWS[at];
    writeln!(out, "<section id={anchor}><h2>{name}</h2>")
}

fn of_class(one: &Chapter, class: SeverityClass) -> u64 {
    match class {
        SeverityClass::Critical => one.open.critical,
        SeverityClass::High => one.open.high,
        SeverityClass::Medium => one.open.medium,
        SeverityClass::Low => one.open.low,
    }
}

//! `driftguard stats`: how the last days went, and how many drifts a query finds.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use anyhow::anyhow;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Session, store};
use crate::cli::{CountBy, StatsArgs, StatsFormat};
use crate::drift::query::Query;
use crate::drift::{DriftEvent, SeverityClass, Slug};
use crate::report::stats::{self, Count, Dashboard};
use crate::service::{self, pulse_of};
use crate::store::{Direction, DriftFilter, PageRequest, Store};

/// Drifts that the overview names.
const RECENT: usize = 10;
/// Drifts per call.
const PAGE: usize = 500;

pub(super) fn run(session: &Session, args: &StatsArgs) -> anyhow::Result<u8> {
    let now = Timestamp::now();
    let zone = if session.settings().utc.value { TimeZone::UTC } else { TimeZone::system() };
    let environments = args.env.iter().map(|name| Slug::new(name).map_err(|why| anyhow!("--env {name}: {why}")));
    let environments: Vec<Slug> = environments.collect::<Result<_, _>>()?;
    let query = args.count.as_deref().map(|text| Query::parse(text, now, &zone)).transpose();
    let query = query.map_err(|why| anyhow!("--count: {why}"))?;
    let store = store::open_to_read(session)?.store;
    let known = store.environments()?;
    if let Some(odd) = environments.iter().find(|slug| known.iter().all(|one| one.slug != **slug)) {
        let names: Vec<&str> = known.iter().map(|one| one.slug.as_str()).collect();
        return Err(anyhow!("the store knows no environment {odd}; there are {}", names.join(", ")));
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    match query {
        Some(query) => {
            let text = args.count.as_deref().unwrap_or_default();
            let me = session.settings().actor.value.line();
            let filter = DriftFilter { environments, query, me, ..DriftFilter::default() };
            let (total, rows) = count(store.as_ref(), filter, args.by, &zone)?;
            let count = Count { query: text, by: args.by, total, rows: &rows };
            match args.format {
                StatsFormat::Text => stats::count_text(&count, &mut out)?,
                StatsFormat::Json => stats::count_json(&count, &mut out)?,
                StatsFormat::Csv => stats::count_csv(&count, &mut out)?,
            }
        }
        None => {
            let figures = store.stats(&environments, args.days)?;
            let business = service::business(store.as_ref(), &environments, args.days, now)?;
            let watched = known.iter().map(|one| &one.slug);
            let wanted = watched.filter(|slug| environments.is_empty() || environments.contains(slug));
            let pulse = |slug: &Slug| Ok(pulse_of(store.as_ref(), slug, now)?.map(|pulse| (slug.clone(), pulse)));
            let pulses: Vec<_> = wanted.filter_map(|slug| pulse(slug).transpose()).collect::<anyhow::Result<_>>()?;
            let recent = recent(store.as_ref(), environments)?;
            let (figures, business) = (&figures, &business);
            let dashboard = Dashboard { figures, business, recent: &recent, pulses: &pulses, now, zone: &zone };
            match args.format {
                StatsFormat::Text => stats::dashboard_text(&dashboard, &mut out)?,
                StatsFormat::Json => stats::dashboard_json(&dashboard, &mut out)?,
                StatsFormat::Csv => stats::dashboard_csv(&dashboard, &mut out)?,
            }
        }
    }
    out.flush()?;
    Ok(0)
}

/// The newest drifts, whatever became of them.
fn recent(store: &dyn Store, environments: Vec<Slug>) -> anyhow::Result<Vec<DriftEvent>> {
    let filter = DriftFilter { environments, ..DriftFilter::default() };
    let page = PageRequest { filter, cursor: None, direction: Direction::Older, limit: RECENT };
    Ok(store.page(&page)?.data)
}

/// How many there are, and how many of each; page by page, so that any number can be counted.
fn count(
    store: &dyn Store,
    filter: DriftFilter,
    by: Option<CountBy>,
    zone: &TimeZone,
) -> anyhow::Result<(u64, Vec<(String, u64)>)> {
    let mut request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: PAGE };
    let (mut total, mut counts) = (0, BTreeMap::<String, u64>::new());
    loop {
        let page = store.page(&request)?;
        total += page.data.len() as u64;
        for name in page.data.iter().flat_map(|event| names(event, by, zone)) {
            *counts.entry(name).or_default() += 1;
        }
        request.cursor = page.next;
        if request.cursor.is_none() {
            break;
        }
    }
    let mut rows: Vec<(String, u64)> = counts.into_iter().collect();
    match by {
        // Days stand in their order, severities in theirs.
        Some(CountBy::Day) | None => {}
        Some(CountBy::Severity) => rows.sort_by_key(|(name, _)| rank(name)),
        _ => rows.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0))),
    }
    Ok((total, rows))
}

fn rank(class: &str) -> usize {
    SeverityClass::WORST_FIRST.iter().position(|one| one.as_str() == class).unwrap_or(usize::MAX)
}

/// What it is counted for, as raw text; nobody known is nobody.
fn names(event: &DriftEvent, by: Option<CountBy>, zone: &TimeZone) -> Vec<String> {
    let one = |text: &str| vec![text.to_owned()];
    match by {
        None => vec![],
        Some(CountBy::Env) => one(event.environment.as_str()),
        Some(CountBy::Type) => one(event.resource.resource_type.raw()),
        Some(CountBy::Severity) => one(event.severity_class().as_str()),
        Some(CountBy::Day) => one(&event.detected_at.to_zoned(zone.clone()).strftime("%Y-%m-%d").to_string()),
        Some(CountBy::Actor) => {
            let people: BTreeSet<&str> = event.analysis.changed_by.iter().map(|name| name.raw()).collect();
            if people.is_empty() { one("(unknown)") } else { people.into_iter().map(str::to_owned).collect() }
        }
    }
}

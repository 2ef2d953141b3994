//! A drift in sentences. Everything is text from outside made harmless; nothing is told by colour or place alone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::advice;
use crate::drift::query::{Group, GroupRow, module};
use crate::drift::{
    AuditEntry, Axis, Change, ChangeType, CorrelationEvent, DriftDetail, DriftEvent, Hidden, PropertyPath,
    Recommendation, Remediation, ResolutionType, Risk, SettledChange, Slug, State, TriageVerb, Unverified,
    UserAttribution,
};
use crate::safety::{Masked, Tainted, sanitise};
use crate::service::{EnvironmentSummary, Relations};
use crate::store::Match;
use crate::tui::app::age;
use crate::tui::panes::around;

/// Columns of a value: a log is read, not scrolled.
const VALUE: usize = 200;

/// `3. HIGH modified aws_security_group.web (aws_security_group) in prod-eu, 2 changes, open, seen 3m ago`
/// (`place`: the environment and what it is).
pub fn row(number: usize, event: &DriftEvent, place: &str, now: Timestamp) -> String {
    let changes = super::words::count(event.changes.len(), "change");
    let standing = standing(event, now);
    format!(
        "{number}. {} {} {} ({}) in {place}, {changes}, {standing}, last seen {}",
        event.severity_class().as_str(),
        event.drift_type.as_str(),
        event.resource.resource_id.line(),
        event.resource.resource_type.line(),
        ago(event.last_seen, now),
    )
}

pub(super) fn ago(at: Timestamp, now: Timestamp) -> String {
    match age::age(at, now).as_str() {
        "now" => "now".to_owned(),
        age => format!("{age} ago"),
    }
}

/// `revert asked by bob 3m ago, because of INC-4711: awaits an admin other than bob, until …`
pub fn remediation(one: &Remediation, now: Timestamp) -> String {
    let because = one.reason.as_ref().map(|reason| format!(" ({})", reason.line())).unwrap_or_default();
    let by = one.verdict.as_ref().map(|verdict| {
        let why = verdict.reason.as_ref().map(|reason| format!(" ({})", reason.line())).unwrap_or_default();
        format!(", {} by {} {}{why}", one.state.as_str(), verdict.by.line(), ago(verdict.at, now))
    });
    let (what, who) = (one.kind.word(), one.requested_by.line());
    let by = by.unwrap_or_default();
    format!("{what} asked by {who} {}{because}{by}: {}", ago(one.requested_at, now), one.says(now))
}

/// `bob looks at it`, `bob and carol look at it`.
pub fn looking(names: &[String]) -> Option<String> {
    match names {
        [] => None,
        [one] => Some(format!("{one} looks at it")),
        [first, second] => Some(format!("{first} and {second} look at it")),
        [first, second, more @ ..] => Some(format!("{first}, {second} and {} more look at it", more.len())),
    }
}

fn standing(event: &DriftEvent, now: Timestamp) -> String {
    let state = event.state_at(now);
    let by = event.decision.as_ref().filter(|_| state != State::Open);
    let by = by.map(|decision| format!(" by {}", decision.by.line())).unwrap_or_default();
    let to = event.assignee.as_ref().map(|to| format!(", assigned to {}", to.line())).unwrap_or_default();
    let maintenance = if event.in_maintenance { ", first seen in maintenance" } else { "" };
    format!("{}{by}{to}{maintenance}", state.as_str())
}

/// Line by line.
pub fn detail(
    number: usize,
    detail: &DriftDetail,
    (place, is_production): (&str, bool),
    now: Timestamp,
    zone: &TimeZone,
) -> Vec<String> {
    let event = &detail.event;
    let mut lines = vec![row(number, event, place, now)];
    match event.dependants {
        0 => {}
        1 => lines.push("   1 resource depends on it".to_owned()),
        number => lines.push(format!("   {number} resources depend on it")),
    }
    if let Some(before) = &event.resource.previous_address {
        lines.push(format!("   moved from {}", before.line()));
    }
    if let Some(source) = &event.resource.declared_in {
        lines.push(format!("   declared in {}", source.line()));
    }
    lines.extend(detail.remediation.as_ref().map(|one| format!("   {}", remediation(one, now))));
    let blames = crate::analysis::blame(detail);
    for (at, one) in event.changes.iter().enumerate() {
        let who = blames.iter().find(|blame| blame.path == one.path);
        let who = who.map(|blame| {
            let sure = if blame.is_exact { "" } else { ", as far as is known" };
            let when = blame.when.map(|when| format!(" {}", ago(when, now))).unwrap_or_default();
            format!(" (by {}{when}{sure})", blame.who.line())
        });
        let settled = event.settled_change(&one.path, now).map(|settled| decided(settled, zone));
        let (who, settled) = (who.unwrap_or_default(), settled.unwrap_or_default());
        lines.push(format!("   change {}: {}{who}{settled}", at + 1, change(one)));
    }
    if event.hidden_count > 0 || event.unverified_count > 0 {
        lines.push(format!(
            "   {} hidden by rules, {} could not be compared: `hidden {number}` says why",
            event.hidden_count, event.unverified_count
        ));
    }
    lines.extend(why(event, is_production, zone));
    lines.extend(event.recommendations.iter().flat_map(|one| advice::lines(event, one, now, zone)));
    if let Some(decision) = &event.decision {
        let reason = decision.reason.as_ref().map(|why| format!(": {}", why.line())).unwrap_or_default();
        lines.push(format!("   decided by {} at {}{reason}", decision.by.line(), clock(decision.at, zone)));
    }
    lines
}

/// How bad it is, and why it probably happened, each with what says so.
fn why(event: &DriftEvent, is_production: bool, zone: &TimeZone) -> Vec<String> {
    let (severity, analysis) = (event.severity(), &event.analysis);
    let axes = [Axis::Security, Axis::Performance, Axis::Cost, Axis::Compliance];
    let axes = axes.map(|axis| format!("{} {}", axis.as_str(), severity.on(axis))).join(", ");
    let mut lines = vec![format!("   severity {}: {axes}", event.severity_class().as_str())];
    let reasons = analysis.reasons.iter();
    lines.extend(reasons.map(|one| format!("     {} {}: {}", one.axis.as_str(), one.score, one.text.line())));
    lines.extend(analysis.disruption.map(|disruption| format!("   revert: {}", disruption.sentence())));
    lines.push(format!("   disruption risk {}", Risk::of(event, is_production).words()));
    let cause = &analysis.cause;
    lines.push(format!("   cause: {}, confidence {}", cause.cause_category.as_str(), cause.confidence_score));
    lines.extend(cause.contributing_factors.iter().map(|factor| format!("     {}", factor.line())));
    let clock = |at: Timestamp| clock(at, zone);
    lines.extend(cause.temporal_context.as_ref().map(|one| format!("     when: {}", one.words(&clock))));
    let who = UserAttribution::of(event.attribution.as_deref(), &analysis.changed_by);
    lines.extend(who.map(|one| format!("     who: {}", one.words())));
    lines.extend(cause.prediction.as_ref().map(|one| format!("     model: {}", one.words(&clock))));
    lines
}

/// `; accepted until … by alice: why`
fn decided(settled: &SettledChange, zone: &TimeZone) -> String {
    let decision = &settled.decision;
    let kind = decision.resolution_type.map_or("settled", ResolutionType::as_str);
    let until = decision.until.map(|at| format!(" until {}", clock(at, zone))).unwrap_or_default();
    let reason = decision.reason.as_ref().map(|why| format!(": {}", why.line())).unwrap_or_default();
    format!("; {kind}{until} by {}{reason}", decision.by.line())
}

/// `modified ingress[0].from_port: declared 443, live 22, security-critical`
fn change(change: &Change) -> String {
    let value = |value: &Option<Masked>| value.as_ref().map_or("absent".to_owned(), |value| value.inline(VALUE));
    let secret = match (&change.declared, &change.actual) {
        (Some(a), Some(b)) if a.is_secret() && b.is_secret() && a != b => ", two different secrets",
        _ => "",
    };
    let critical = if change.is_security_critical { ", security-critical" } else { "" };
    format!(
        "{} {}: declared {}, live {}{secret}{critical}",
        match change.change_type {
            ChangeType::Modified => "modified",
            ChangeType::Added => "added",
            ChangeType::Removed => "removed",
        },
        change.path.0.line(),
        value(&change.declared),
        value(&change.actual)
    )
}

/// `hidden by set-order: ingress: declared …, live …`
pub fn hidden(one: &Hidden) -> String {
    let value = |value: &Option<Masked>| value.as_ref().map_or("absent".to_owned(), |value| value.inline(VALUE));
    let (path, rule) = (sanitise::line(one.path.raw()), sanitise::line(&one.rule));
    format!("hidden by {rule}: {path}: declared {}, live {}", value(&one.declared), value(&one.actual))
}

pub fn unverified(one: &Unverified) -> String {
    let path = one.path.as_ref().map_or("the resource".to_owned(), |path| sanitise::line(path.raw()));
    format!("   unverified: {path}: {}, {}", one.reason.words(), one.detail.line())
}

/// `HIGH modified aws_security_group.web (aws_security_group) in prod-eu, open`
pub fn target(one: &Match, place: &str) -> String {
    let (id, kind) = (one.resource_id.line(), one.resource_type.line());
    let (class, what) = (one.severity.as_str(), one.drift_type.as_str());
    format!("{class} {what} {id} ({kind}) in {place}, {}", one.state.as_str())
}

pub fn relations(event: &DriftEvent, relations: &Relations, now: Timestamp) -> Vec<String> {
    let names = |names: &[Tainted]| names.iter().map(Tainted::line).collect::<Vec<_>>().join(", ");
    let places = relations.declared_at.iter().map(|at| format!("   declared at {}:{}", at.file.line(), at.line));
    let mut lines: Vec<String> = places.collect();
    lines.extend((!relations.depends_on.is_empty()).then(|| format!("   hangs on {}", names(&relations.depends_on))));
    let more = match relations.more_dependants {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let dependants = names(&relations.dependants);
    lines.extend((!relations.dependants.is_empty()).then(|| format!("   on it hang {dependants}{more}")));
    if let Some(together) = relations.together.as_ref().filter(|together| !together.is_alone()) {
        lines.push(format!("   incident {} of {} drifts", together.id, together.count));
        lines.extend(together.why.iter().map(|why| format!("   together: {}", why.line())));
        lines.extend(together.also_words().map(|words| format!("   {words}")));
    }
    lines.extend(event.analysis.cause.correlations.iter().map(|one| format!("   near it: {}", near(one))));
    lines.extend(relations.others.iter().map(|other| {
        let (what, state) = (other.drift_type.as_str(), other.state_at(now).as_str());
        format!("   other drift: {what}, {state}, last seen {}", ago(other.last_seen, now))
    }));
    lines.extend(relations.unknown.iter().map(|why| format!("   not known: {}", sanitise::line(why))));
    if lines.is_empty() {
        lines.push("   nothing more is known of it".into());
    }
    lines
}

/// `-12m, ticket OPS-7 "open the port", jira, https://…`
fn near(one: &CorrelationEvent) -> String {
    let data = &one.event_data;
    let place = data.place.as_ref().map_or(String::new(), |place| format!(", {}", place.line()));
    let link = data.link.as_ref().map_or(String::new(), |link| format!(", {}", link.line()));
    let (id, title, system) = (one.external_id.line(), data.title.line(), one.external_system.line());
    format!("{}, {} {id} \"{title}\"{place}, {system}{link}", one.offset(), one.correlation_type.words())
}

/// `1. 3 drifts, worst HIGH, incident 01J… of 4 drifts, 1 settled: 4 were made by alice …; in prod-eu, the newest first seen 3m ago`
pub fn group(number: usize, group: &GroupRow, place: &dyn Fn(&Slug) -> String, now: Timestamp) -> String {
    let sample = &group.sample;
    let address = sample.resource.resource_id.line();
    let about = match group.key.by {
        Group::Resource => format!("resource {address} ({})", sample.resource.resource_type.line()),
        Group::Module => match module(sample.resource.resource_id.raw()) {
            "" => "in no module".to_owned(),
            module => format!("module {}", sanitise::line(module)),
        },
        Group::Actor => match sample.analysis.changed_by.as_slice() {
            [] => "made by nobody known".to_owned(),
            actors => format!("made by {}", actors.iter().map(Tainted::line).collect::<Vec<_>>().join(" and ")),
        },
        Group::Change => match sample.changes.as_slice() {
            [] => format!("{} {}", sample.drift_type.as_str(), sample.resource.resource_type.line()),
            [one] => change(one),
            many => many.iter().map(|one| one.path.0.line()).collect::<Vec<_>>().join(" and "),
        },
        Group::Incident => incident(group, &address),
    };
    let places: Vec<String> = group.environments.iter().map(place).collect();
    let newest = if group.count == 1 { "" } else { "the newest " };
    format!(
        "{number}. {}, worst {}, {about}; in {}, {newest}first seen {}",
        super::words::count(usize::try_from(group.count).unwrap_or(usize::MAX), "drift"),
        group.worst.as_str(),
        places.join(" and "),
        ago(group.newest, now)
    )
}

/// What has nothing else with it goes by its own name.
fn incident(group: &GroupRow, address: &str) -> String {
    let Some(one) = group.incident.as_ref().filter(|one| one.members > 1) else {
        return format!("{address}, which stands alone");
    };
    let why = one.why.first().map_or(String::new(), |why| format!(": {}", why.line()));
    let settled = if one.settled > 0 { format!(", {} settled", one.settled) } else { String::new() };
    format!("incident {} of {} drifts{settled}, {address} one of them{why}", one.id, one.members)
}

/// `prod-eu (PRODUCTION): 2 critical, 1 high, 0 medium, 4 low open; last scan 3m ago, 1414 in sync`
pub fn environment(summary: &EnvironmentSummary, place: &str, now: Timestamp, zone: &TimeZone) -> Vec<String> {
    let open = &summary.open;
    let scan = match &summary.last_scan {
        None => "never scanned".to_owned(),
        Some(scan) => format!(
            "last scan {}, {} in sync, {} unverified",
            ago(scan.finished_at, now),
            scan.counts.in_sync,
            scan.counts.unverified
        ),
    };
    let overdue = crate::tui::panes::health::overdue_at(summary).is_some_and(|at| at <= now);
    let overdue = if overdue { "; OVERDUE: no scan has come when it should" } else { "" };
    let mut lines = vec![format!(
        "{place}: {} critical, {} high, {} medium, {} low open; {scan}{overdue}",
        open.critical, open.high, open.medium, open.low
    )];
    let open = summary.contexts.iter().filter(|one| one.is_open(now));
    lines.extend(open.map(|one| format!("   {}", around::sentence(one, zone))));
    let pulse = summary.pulse.as_ref();
    lines.extend(pulse.iter().map(|pulse| format!("   {}", pulse.says.line())));
    lines.extend(pulse.and_then(|pulse| Some(format!("   {}", pulse.forecast?.words()))));
    for error in summary.sources.iter().filter_map(|source| source.error.as_ref()) {
        lines.push(format!("   failed: {}: {}", error.source.line(), error.sentences()));
    }
    for source in &summary.sources {
        let each = source.notices.iter().map(|words| format!("   note: {}: {}", source.source.line(), words.line()));
        lines.extend(each);
    }
    lines
}

/// `#12 2026-11-21 10:00 alice snooze: until Monday`
pub fn entry(entry: &AuditEntry, zone: &TimeZone) -> String {
    let reason = entry.reason.as_ref().map(|why| format!(": {}", why.line())).unwrap_or_default();
    let undone = entry.undone_by.map(|seq| format!(" (taken back by #{seq})")).unwrap_or_default();
    let place = entry.environment.as_ref().map(|slug| format!(" in {slug}")).unwrap_or_default();
    let action = sanitise::line(&entry.action);
    let what = match &entry.verb {
        Some(TriageVerb::Note { text } | TriageVerb::Link { note: Some(text), .. }) => format!(": {}", text.line()),
        Some(TriageVerb::Snooze { until }) => format!(" until {}", clock(*until, zone)),
        Some(TriageVerb::Assign { to }) => format!(" to {}", to.as_ref().map_or("nobody".into(), |to| to.line())),
        Some(TriageVerb::Resolve { resolution_type, .. }) => format!(" as {}", resolution_type.as_str()),
        Some(TriageVerb::SettleChanges { paths, resolution_type, .. }) => {
            format!(" {} as {}", changes(paths), resolution_type.as_str())
        }
        Some(TriageVerb::ReopenChanges { paths }) => format!(" {}", changes(paths)),
        _ => String::new(),
    };
    let (at, who) = (clock(entry.timestamp, zone), entry.actor.line());
    format!("   #{} {at} {who} {action}{place}{what}{reason}{undone}", entry.seq)
}

fn changes(paths: &[PropertyPath]) -> String {
    paths.iter().map(|path| path.0.line()).collect::<Vec<_>>().join(" and ")
}

pub fn clock(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

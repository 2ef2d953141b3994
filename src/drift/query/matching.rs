//! Whether a drift is what a query asks for, and which part of the question an index can answer.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Query;
use super::pattern::{Pattern, contains};
use super::terms::{Ask, Facet, Flag, Key, Term};
use crate::drift::{DriftEvent, DriftId, IncidentName, ResourceRef, SeverityClass, State};

/// Who asks, when, and what of it no drift says by itself.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    pub now: Timestamp,
    /// Login name.
    pub me: &'a str,
    /// What is in the incidents that the query names; `None` where only the store knows: then terms about them turn nothing away.
    pub incidents: Option<&'a Incidents>,
}

/// Members of incidents, whatever name they were asked for under.
pub type Incidents = BTreeMap<IncidentName, BTreeSet<DriftId>>;

impl Query {
    /// Whether the drift is asked for.
    pub fn matches(&self, event: &DriftEvent, viewer: Viewer<'_>) -> bool {
        if self.window.is_some_and(|window| !window.holds(event.detected_at, viewer.now)) {
            return false;
        }
        self.terms.iter().enumerate().all(|(at, term)| {
            if term.key == Some(Key::Incident) && viewer.incidents.is_none() {
                return true;
            }
            let facet = term.facet();
            if term.negated || facet.is_none() {
                return term.holds(event, viewer) != term.negated;
            }
            // The first about its facet speaks for all.
            let widens = |other: &&Term| !other.negated && other.facet() == facet;
            self.terms[..at].iter().any(|other| widens(&other))
                || self.terms[at..].iter().filter(widens).any(|other| other.holds(event, viewer))
        })
    }

    /// The classes it may find, worst first; empty: all. For an index; [`Query::matches`] has the last word.
    pub fn severities(&self) -> Vec<SeverityClass> {
        let asked = |negated: bool| {
            let of_it = move |term: &&Term| term.key == Some(Key::Severity) && term.negated == negated;
            self.terms.iter().filter(of_it).flat_map(|term| &term.asks)
        };
        let any = asked(false).next().is_none();
        let wanted = |class: &SeverityClass| {
            (any || asked(false).any(|ask| is_of(ask, *class))) && !asked(true).any(|ask| is_of(ask, *class))
        };
        all_but_some(SeverityClass::WORST_FIRST.into_iter().filter(wanted).collect(), SeverityClass::WORST_FIRST.len())
    }

    /// The incidents that it names, and whether it wants what is in them; otherwise it wants the rest.
    pub fn incidents(&self) -> impl Iterator<Item = (&IncidentName, bool)> {
        self.terms.iter().flat_map(|term| term.asks.iter().map(move |ask| (ask, !term.negated))).filter_map(
            |(ask, wanted)| match ask {
                Ask::Incident(name) => Some((name, wanted)),
                _ => None,
            },
        )
    }

    /// The states it may find; empty: any. For an index; [`Query::matches`] has the last word.
    pub fn states(&self) -> Vec<State> {
        let of_state = |term: &&Term| !term.negated && term.facet() == Some(Facet::State);
        let asked: Vec<State> = flags(self.terms.iter().filter(of_state)).filter_map(Flag::state).collect();
        // Taken out wholly only by a flag that means the whole state.
        let out = |state: State| {
            flags(self.terms.iter().filter(|term| term.negated))
                .any(|flag| flag != Flag::New && flag.resolution().is_none() && flag.state() == Some(state))
        };
        let wanted = |state: &State| (asked.is_empty() || asked.contains(state)) && !out(*state);
        all_but_some(State::ALL.into_iter().filter(wanted).collect(), State::ALL.len())
    }
}

/// A list of everything is no restriction.
fn all_but_some<T>(some: Vec<T>, all: usize) -> Vec<T> {
    if some.len() == all { vec![] } else { some }
}

fn flags<'a>(terms: impl Iterator<Item = &'a Term>) -> impl Iterator<Item = Flag> {
    terms.flat_map(|term| &term.asks).filter_map(|ask| match ask {
        Ask::Is(flag) => Some(*flag),
        _ => None,
    })
}

fn is_of(ask: &Ask, class: SeverityClass) -> bool {
    match ask {
        Ask::Severity(None, wanted) => class == *wanted,
        Ask::Severity(Some(than), wanted) => than.holds(class, *wanted),
        _ => true,
    }
}

impl Term {
    fn holds(&self, event: &DriftEvent, viewer: Viewer<'_>) -> bool {
        self.asks.iter().any(|ask| self.one_holds(ask, event, viewer))
    }

    fn one_holds(&self, ask: &Ask, event: &DriftEvent, viewer: Viewer<'_>) -> bool {
        match ask {
            Ask::Word(word) => texts(event).any(|text| contains(text, word)),
            Ask::Text(pattern) => self.key.is_some_and(|key| is_named(key, pattern, event)),
            Ask::Severity(..) => is_of(ask, event.severity_class()),
            Ask::Is(flag) => is(*flag, event, viewer),
            Ask::Cause(cause) => event.analysis.cause.cause_category == *cause,
            Ask::Length(than, length) => {
                let since = if self.key == Some(Key::Seen) { event.last_seen } else { event.detected_at };
                than.holds(viewer.now.duration_since(since), *length)
            }
            Ask::Incident(name) => {
                viewer.incidents.is_some_and(|all| all.get(name).is_some_and(|members| members.contains(&event.id)))
            }
            Ask::Tag(name, value) => event.tags.iter().any(|(key, found)| {
                name.is_whole(key.raw()) && value.as_ref().is_none_or(|value| value.is_whole(found.raw()))
            }),
        }
    }
}

/// Where words are looked for.
fn texts(event: &DriftEvent) -> impl Iterator<Item = &str> {
    let ResourceRef { resource_type, resource_id, provider_id, .. } = &event.resource;
    let named = [Some(resource_type), Some(resource_id), provider_id.as_ref()];
    named.into_iter().flatten().map(|text| text.raw()).chain(event.changes.iter().map(|change| change.path.raw()))
}

fn is_named(key: Key, pattern: &Pattern, event: &DriftEvent) -> bool {
    let resource = &event.resource;
    match key {
        Key::Env => pattern.is_match(event.environment.as_str()),
        Key::Type => pattern.is_match(resource.resource_type.raw()),
        Key::Id => {
            let ids = [Some(&resource.resource_id), resource.provider_id.as_ref(), resource.previous_address.as_ref()];
            ids.into_iter().flatten().any(|id| pattern.is_match(id.raw()))
        }
        Key::Module => pattern.is_match(module(resource.resource_id.raw())),
        Key::Actor => event.analysis.changed_by.iter().any(|actor| pattern.is_match(actor.raw())),
        Key::Path => event.changes.iter().any(|change| pattern.is_match(change.path.raw())),
        Key::Owner => event.assignee.as_ref().is_some_and(|owner| pattern.is_match(owner.raw())),
        Key::Severity | Key::Is | Key::Cause | Key::Age | Key::Seen | Key::Tag | Key::Incident => true,
        Key::Sort | Key::Group => true,
    }
}

fn is(flag: Flag, event: &DriftEvent, viewer: Viewer<'_>) -> bool {
    let state = event.state_at(viewer.now);
    let untouched = || event.assignee.is_none() && event.note_count == 0 && !event.is_regressed();
    match flag {
        Flag::New => state == State::Open && event.decision.is_none() && untouched(),
        Flag::Regressed => event.is_regressed(),
        Flag::Maintenance => event.in_maintenance,
        Flag::Assigned => event.assignee.is_some(),
        Flag::Unassigned => event.assignee.is_none(),
        Flag::Mine => event.assignee.as_ref().is_some_and(|owner| owner.raw() == viewer.me),
        Flag::Noted => event.note_count > 0,
        Flag::Security => event.touches_security(),
        _ => {
            let by_changes = event.is_resolved_by_changes(viewer.now);
            let whole = event.decision.as_ref().filter(|_| !by_changes);
            let of_changes = event.settled.iter().filter(|_| by_changes).map(|one| &one.decision);
            let mut resolved = whole.into_iter().chain(of_changes).map(|decision| decision.resolution_type);
            flag.state().is_none_or(|wanted| wanted == state)
                && flag.resolution().is_none_or(|wanted| resolved.any(|one| one == Some(wanted)))
                && flag.drift_type().is_none_or(|wanted| wanted == event.drift_type)
        }
    }
}

/// The module path of a Terraform address: `module.net.module.dns` of `module.net.module.dns["a"].aws_vpc.x`, without instance keys
/// of the last step; empty for the root and for what is no address.
pub(crate) fn module(address: &str) -> &str {
    let mut end = 0;
    let mut rest = address;
    while let Some(after) = rest.strip_prefix("module.") {
        let name = after.find(['.', '[']).unwrap_or(after.len());
        if name == 0 {
            break;
        }
        end = address.len() - after.len() + name;
        rest = &after[name..];
        if rest.starts_with('[') {
            // A key may hold anything, a closing bracket too.
            let close = if rest.starts_with("[\"") {
                rest.find("\"]").map(|at| at + 2)
            } else {
                rest.find(']').map(|at| at + 1)
            };
            let Some(close) = close else { break };
            rest = &rest[close..];
        }
        match rest.strip_prefix('.') {
            Some(next) => rest = next,
            None => break,
        }
    }
    &address[..end]
}

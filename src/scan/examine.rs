//! Looks at one resource: finds its live side, compares, and, when it differs, masks, analyses and recommends.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use serde_json::Value;

use super::dependants::Dependants;
use super::leaves::coverage;
use super::moves::Moves;
use super::outcome::{Glance, Observed, Outcome, in_sync};
use super::pipeline::ScanContext;
use super::recency::Recency;
use super::seen::{hash_parts, hash_value};
use super::state_only::is_state_only;
use super::{EnvironmentSpec, Sources};
use crate::analysis;
use crate::compare::{ALIAS_UNKNOWN, Context, DRIFTIGNORE, Dialect, Memory, Observable, RawChange, Verdict};
use crate::declared::{DeclaredResource, ReportedDrift};
use crate::drift::{Change, Coverage, DriftType, Finding, PropertyPath, ResourceRef, UnverifiedReason};
use crate::live::{LiveResource, Lookup};
use crate::recommend::{Code, Outlook, Sides, outlook};
use crate::safety::{Masked, Redactor, Tainted};
use crate::store::Observation;

/// The live side, masked, and since when what is remembered of it is known.
struct Seen {
    body: Masked,
    remembered_at: Option<Timestamp>,
}

/// Types of which some live source could not list everything: "missing" means nothing there.
pub(super) struct Blind {
    pub everything: bool,
    pub types: BTreeSet<String>,
}

impl Blind {
    pub fn of(sources: &Sources) -> Self {
        let mut blind = Self { everything: !sources.live_errors.is_empty(), types: BTreeSet::new() };
        for (_, types) in sources.live.iter().flat_map(|s| s.errors()) {
            blind.everything |= types.is_empty();
            blind.types.extend(types.iter().map(|t| t.raw().to_owned()));
        }
        blind
    }
}

pub(super) struct Examiner<'a> {
    pub spec: &'a EnvironmentSpec,
    pub sources: &'a Sources,
    pub context: &'a ScanContext<'a>,
    pub redactor: Redactor,
    pub blind: Blind,
    pub recency: Recency,
    pub now: Timestamp,
    /// Where advice looks its resources up.
    pub code: Code,
    /// Account and region of the environment, where the configuration names them, and what things in it are called: by the
    /// live sources, after the first pass by the declared resources too.
    pub home: Context,
    /// Hashes of type and address that several sources declare; their ids name the source too.
    pub ambiguous: HashSet<u64>,
    /// Known after the first pass.
    pub dependants: Dependants,
    /// As above.
    pub moves: Moves,
}

impl Examiner<'_> {
    /// The first look. Learns every secret it passes.
    pub fn glance(&self, declared: &DeclaredResource) -> Glance {
        self.redactor.learn(&declared.resource_type, &declared.values, &declared.sensitive);
        if self.is_state_only(declared) {
            return Glance::Settled(Outcome::StateOnly);
        }
        match self.look_up(declared, &[]) {
            Err(unverified) => Glance::Settled(self.unverified(declared, unverified)),
            Ok(None) => Glance::Later,
            Ok(Some(live)) => {
                let verdict = self.compare(declared, &live, None);
                // Some other resource may still say which key the alias names.
                let unnamed = verdict.unverified.iter().any(|u| u.detail == ALIAS_UNKNOWN);
                if verdict.changes.is_empty() && !unnamed && self.is_remembered(declared, &live) {
                    if !self.context.listed.is_none() && !verdict.hidden.is_empty() {
                        self.redactor.learn(&live.resource_type, &live.values, &live.sensitive);
                    }
                    return Glance::Settled(in_sync(declared, &verdict, None));
                }
                self.redactor.learn(&live.resource_type, &live.values, &live.sensitive);
                Glance::Later
            }
        }
    }

    /// The full look. `family`: the other declared parts of the same live thing.
    pub fn examine(&self, declared: &DeclaredResource, family: &[DeclaredResource]) -> Outcome {
        if self.is_state_only(declared) {
            return Outcome::StateOnly;
        }
        match self.look_up(declared, family) {
            Err(unverified) => self.unverified(declared, unverified),
            Ok(None) => self.drifted(DriftType::Deleted, declared, None, Verdict::default(), None),
            Ok(Some(live)) => self.judge(declared, &live),
        }
    }

    /// A drift that the source itself reports. Nothing but noise in it means in sync, as when `plan` and `-refresh-only`
    /// disagree (noise.md 48); only where the plan is about to change the resource too is Terraform's word repeated, noise and all.
    pub fn reported(&self, drift: &ReportedDrift) -> Outcome {
        let declared = &drift.resource;
        let Some(values) = &drift.live else {
            return self.drifted(DriftType::Deleted, declared, None, Verdict::default(), None);
        };
        let live = LiveResource {
            resource_type: declared.resource_type.clone(),
            provider_id: Tainted::default(),
            dialect: Dialect::Terraform,
            values: values.clone(),
            observable: Observable::All,
            captured_at: None,
            sensitive: drift.live_sensitive.clone(),
        };
        let mut verdict = self.compare(declared, &live, None);
        if verdict.changes.is_empty() && !matches!(drift.drift_type, DriftType::Moved | DriftType::Added) {
            let is_ignored = verdict.hidden.iter().any(|hidden| hidden.rule == DRIFTIGNORE);
            if !drift.is_planned || is_ignored {
                return self.in_sync(declared, &live, &verdict, None);
            }
            verdict.changes = verdict.hidden.drain(..).map(RawChange::from).collect();
        }
        let mut outcome = self.drifted(drift.drift_type, declared, Some(&live), verdict, None);
        if let Outcome::Drifted(finding, _) = &mut outcome {
            let moved = &mut finding.resource.previous_address;
            *moved = drift.previous_address.clone().or_else(|| moved.take());
        }
        outcome
    }

    /// A live resource that nothing declares.
    pub fn unmanaged(&self, live: &LiveResource) -> Outcome {
        self.redactor.learn(&live.resource_type, &live.values, &live.sensitive);
        let resource = ResourceRef {
            resource_type: Tainted::from(&*live.resource_type),
            resource_id: live.provider_id.clone(),
            previous_address: None,
            provider_id: Some(live.provider_id.clone()),
            declared_in: None,
        };
        let body = self.body(&live.resource_type, &live.values, &live.sensitive);
        let mut finding = self.finding(DriftType::Added, resource, vec![], None, body);
        if outlook::is_wanted(&finding.recommendations) {
            self.outlook_of(&mut finding, None);
        }
        self.found(finding, Coverage::default(), None)
    }

    /// The resource as findings name it.
    pub fn reference(&self, declared: &DeclaredResource) -> ResourceRef {
        ResourceRef {
            resource_type: Tainted::from(&*declared.resource_type),
            resource_id: self.id(declared),
            previous_address: None,
            provider_id: None,
            declared_in: Some(declared.source.as_ref().clone()),
        }
    }

    fn id(&self, declared: &DeclaredResource) -> Tainted {
        if !self.ambiguous.contains(&address_hash(declared)) {
            return declared.address.clone();
        }
        Tainted::from(format!("{} ({})", declared.address.raw(), declared.source.raw()))
    }

    /// The live side, `None` when it is gone for sure.
    fn look_up(
        &self,
        declared: &DeclaredResource,
        family: &[DeclaredResource],
    ) -> Result<Option<Box<LiveResource>>, (UnverifiedReason, Tainted)> {
        let resource_type = &*declared.resource_type;
        let Some(index) = self.sources.answering(resource_type) else {
            let text = format!("no live source for {resource_type}; add a recording with --live");
            return Err((UnverifiedReason::NotObservable, text.into()));
        };
        match self.sources.live[index].lookup(declared, family) {
            Lookup::Found(live) => Ok(Some(live)),
            Lookup::Unknown(reason, detail) => Err((reason, detail)),
            Lookup::Missing if self.is_blind(index, resource_type) => {
                let text = "not found, and a source that may hold it could not be read";
                Err((UnverifiedReason::SourceFailed, text.into()))
            }
            Lookup::Missing => match self.made_later(declared, family, index) {
                Some(why) => Err((UnverifiedReason::NeverSeen, why.into())),
                None => Ok(None),
            },
        }
    }

    /// No source answers for it, and none ever will.
    fn is_state_only(&self, declared: &DeclaredResource) -> bool {
        self.sources.answering(&declared.resource_type).is_none() && is_state_only(&declared.resource_type)
    }

    /// Why something that is missing may be too young for the recording; what was seen live before is not.
    fn made_later(&self, declared: &DeclaredResource, family: &[DeclaredResource], index: usize) -> Option<String> {
        let listed_at = self.sources.live[index].listed_at(declared, family)?;
        let why = self.recency.made_later(declared, index, listed_at)?;
        self.remembered(declared).is_none().then_some(why)
    }

    fn is_blind(&self, answering: usize, resource_type: &str) -> bool {
        let this_machine = self.sources.host_is_last && answering + 1 == self.sources.live.len();
        let by_type = self.blind.types.contains(resource_type);
        by_type || (self.blind.everything && !this_machine)
    }

    /// In sync before with exactly this live value, so what is remembered equals what is live.
    fn is_remembered(&self, declared: &DeclaredResource, live: &LiveResource) -> bool {
        match &self.context.remembered {
            Some(remembered) => remembered.seen.knows(self.key(declared), hash_value(&live.values)),
            None => true,
        }
    }

    fn key(&self, declared: &DeclaredResource) -> u64 {
        hash_parts(&[&declared.resource_type, self.id(declared).raw()])
    }

    fn judge(&self, declared: &DeclaredResource, live: &LiveResource) -> Outcome {
        let Some(store) = &self.context.remembered else {
            let verdict = self.compare(declared, live, None);
            if verdict.changes.is_empty() {
                return self.in_sync(declared, live, &verdict, None);
            }
            return self.drifted(DriftType::Modified, declared, Some(live), verdict, None);
        };
        let id = self.id(declared);
        let body = self.redactor.mask(&declared.resource_type, &live.values, &marks(declared, Some(live)));
        let remembered = self.remembered(declared);
        let memory = remembered.as_ref().map(|r| Memory { remembered: r.value.value(), live: body.value() });
        let verdict = self.compare(declared, live, memory);
        if !verdict.changes.is_empty() {
            store.seen.forget(self.key(declared));
            let seen = Seen { body, remembered_at: remembered.map(|r| r.observed_at) };
            return self.drifted(DriftType::Modified, declared, Some(live), verdict, Some(seen));
        }
        // Only what is in sync is remembered: a drift must not become its own baseline, be it an ignored one.
        if verdict.hidden.iter().any(|hidden| hidden.rule == DRIFTIGNORE) {
            return self.in_sync(declared, live, &verdict, None);
        }
        // What came back to what it was is seen anew: its history would end with the drift otherwise.
        let is_known = remembered.is_some_and(|r| r.value == body && !r.followed && r.resource_id == id);
        let observation = (!is_known).then(|| Observation {
            resource_type: Tainted::from(&*declared.resource_type),
            resource_id: id,
            observed_at: self.now,
            value: body,
            accepted: true,
            followed: false,
        });
        let seen = (self.key(declared), hash_value(&live.values));
        self.in_sync(declared, live, &verdict, Some(Box::new(Observed { observation, seen })))
    }

    /// What it was when it was last in sync, be it at the address before.
    fn remembered(&self, declared: &DeclaredResource) -> Option<Observation> {
        let store = self.context.remembered.as_ref()?;
        let load = |id: &Tainted| (store.load)(&declared.resource_type, id.raw());
        load(&self.id(declared)).or_else(|| self.moves.remembered(declared, load))
    }

    fn drifted(
        &self,
        drift_type: DriftType,
        declared: &DeclaredResource,
        live: Option<&LiveResource>,
        verdict: Verdict,
        seen: Option<Seen>,
    ) -> Outcome {
        let coverage = coverage(&declared.values, &verdict);
        let marks = marks(declared, live);
        let resource_type = &*declared.resource_type;
        let mut resource = self.reference(declared);
        let id = match live {
            Some(live) => Some(live.provider_id.clone()),
            None => self.sources.answering(resource_type).and_then(|n| self.sources.live[n].id_of_missing(declared)),
        };
        resource.provider_id = id.filter(|id| !id.is_empty());
        resource.previous_address = self.moves.from(declared, resource.provider_id.as_ref()).cloned();
        let leaf = |path: &str, value: &Option<Value>| {
            value.as_ref().map(|v| self.redactor.mask_leaf(resource_type, &path.into(), v, &marks))
        };
        // Keys, and values that select an element, may hold secrets too.
        let shown = |path: &str| self.redactor.mask_path(resource_type, &path.into(), &marks);
        let remembered_at = seen.as_ref().and_then(|s| s.remembered_at);
        let change = |raw: &RawChange| Change {
            path: shown(&raw.path),
            change_type: raw.change_type,
            declared: leaf(&raw.path, &raw.declared),
            actual: leaf(&raw.path, &raw.actual),
            is_security_critical: is_critical(resource_type, raw),
            remembered_at: remembered_at.filter(|_| raw.is_remembered),
        };
        let changes: Vec<Change> = verdict.changes.iter().map(change).collect();
        let declared_state = self.body(resource_type, &declared.values, &marks);
        let actual = seen.map(|s| s.body).or_else(|| live.and_then(|l| self.body(resource_type, &l.values, &marks)));
        let mut finding = self.finding(drift_type, resource, changes, declared_state, actual);
        (finding.hidden, finding.unverified) = self.set_aside(resource_type, &verdict, &marks);
        if outlook::is_wanted(&finding.recommendations) {
            self.look_ahead(&mut finding, declared, live, &marks);
        }
        finding.dependants = self.dependants.of(declared);
        self.found(finding, coverage, Some(declared))
    }

    /// What would come of the advice.
    fn look_ahead(
        &self,
        finding: &mut Finding,
        declared: &DeclaredResource,
        live: Option<&LiveResource>,
        marks: &[PropertyPath],
    ) {
        let compare = |declared_values: &Value, live_values: &Value| {
            let Some(live) = live else { return vec![] };
            let declared = DeclaredResource { values: declared_values.clone(), ..declared.clone() };
            let live = LiveResource { values: live_values.clone(), ..live.clone() };
            let changes = self.compare(&declared, &live, None).changes;
            let shown = |path: String| self.redactor.mask_path(&declared.resource_type, &path.into(), marks);
            changes.into_iter().map(|change| shown(change.path).raw().to_owned()).collect()
        };
        self.outlook_of(
            finding,
            live.map(|live| Sides { declared: &declared.values, live: &live.values, compare: &compare }),
        );
    }

    fn outlook_of(&self, finding: &mut Finding, sides: Option<Sides<'_>>) {
        let outlook = Outlook {
            resource: &finding.resource,
            drift_type: finding.drift_type,
            changes: &finding.changes,
            declared: finding.declared_state.as_ref(),
            actual: finding.actual_state.as_ref(),
            code: &self.code,
            redactor: &self.redactor,
            sides,
        };
        outlook.complete(&mut finding.recommendations);
    }
}

/// What makes an address unique within an environment.
pub(super) fn address_hash(declared: &DeclaredResource) -> u64 {
    hash_parts(&[&declared.resource_type, declared.address.raw()])
}

fn is_critical(resource_type: &str, raw: &RawChange) -> bool {
    analysis::is_security_critical(resource_type, &raw.path, raw.declared.as_ref(), raw.actual.as_ref())
}

/// A path that either side marks as sensitive is sensitive on both.
pub(super) fn marks(declared: &DeclaredResource, live: Option<&LiveResource>) -> Vec<PropertyPath> {
    declared.sensitive.iter().chain(live.iter().flat_map(|l| &l.sensitive)).cloned().collect()
}

//! What a scan would say of a case.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Case;
use crate::analysis::together::{self, Gaps, Item};
use crate::analysis::{self, Facts, Surroundings};
use crate::compare::{Memory, Observable, Packs, Settings, Subject, compare_with};
use crate::context::cloudtrail::{Event, before, class_of, rank};
use crate::drift::{
    ActorClass, Analysis, Attribution, Cause, Change, CloudProvider, Direction, DriftType, Environment, Probabilities,
    ResourceRef, Score, Severity, SeverityClass, Slug,
};
use crate::safety::{Masked, Redactor};

/// Names the form of what is written, in a line of its own.
pub const SCHEMA: &str = "driftguard.eval/1";

/// The path of a whole resource.
pub const WHOLE: &str = "$";

/// One line of predictions.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
pub struct Prediction {
    pub id: String,
    /// Paths of the changes, [`WHOLE`] where the resource came or went, or is of another kind of value; empty: no drift.
    pub drift_paths: Vec<String>,
    pub severity: Severity,
    pub overall: Score,
    pub class: SeverityClass,
    /// How likely the class is the one that policy tools would give; `None`: nothing was learned of such drift.
    pub severity_confidence: Option<Score>,
    /// By path.
    pub is_security_critical: BTreeMap<String, bool>,
    pub direction: Direction,
    pub cause: Cause,
    /// Over the six causes; they sum to one.
    pub probabilities: BTreeMap<String, f64>,
    pub confidence: Score,
    /// `None`: there is no audit event, or none that tells.
    pub actor_class: Option<ActorClass>,
    /// The incident: the same for drifts that belong together, among the cases of one file.
    pub group: String,
}

/// Compares, masks and analyses the cases of a file, and puts together what belongs together.
pub fn predict(cases: &[Case], now: Timestamp) -> Result<Vec<Prediction>, String> {
    let said = cases.iter().map(|case| one(case, now)).collect::<Result<Vec<_>, _>>()?;
    let (mut said, items): (Vec<Prediction>, Vec<Item>) = said.into_iter().unzip();
    for (one, group) in said.iter_mut().zip(together::ids(&items, Gaps::default())) {
        one.group = group;
    }
    Ok(said)
}

fn one(case: &Case, now: Timestamp) -> Result<(Prediction, Item), String> {
    let changes = if case.drift_type == DriftType::Modified { changes(case) } else { vec![] };
    let (environment, resource) = (environment(case, now)?, resource(case));
    let facts =
        Facts { environment: &environment, resource: &resource, drift_type: case.drift_type, changes: &changes, now };
    let attribution = attribution(case, &changes);
    let said = case.said.as_ref().map(|text| Masked::trusted(Redactor::new([0; 32]).mask_text(text).raw().into()));
    let around = Surroundings {
        attribution: attribution.as_ref(),
        contexts: &case.around,
        said: said.as_ref(),
        ..Surroundings::default()
    };
    let analysis = analysis::analyse_within(&facts, &around);
    let paths: Vec<String> = match case.drift_type {
        DriftType::Modified => changes.iter().map(path).collect(),
        _ => vec![WHOLE.to_owned()],
    };
    let seen = case.events.iter().find_map(|event| event["eventTime"].as_str()?.parse().ok());
    let item = Item {
        key: case.id.clone(),
        environment: environment.slug.clone(),
        // Cases that do not say when are of one moment.
        at: case.at.or(seen).unwrap_or(Timestamp::UNIX_EPOCH),
        joins: together::changes_of(&case.resource_type, &changes),
        is_split: false,
    };
    let prediction = Prediction {
        id: case.id.clone(),
        group: String::new(),
        drift_paths: paths,
        severity: analysis.severity,
        overall: analysis.severity.overall(),
        class: analysis.severity.class(),
        severity_confidence: analysis::severity_confidence(
            &resource,
            case.drift_type,
            &changes,
            analysis.severity.class(),
        ),
        is_security_critical: critical(case.drift_type, &changes, &analysis),
        direction: analysis.direction,
        cause: analysis.cause.cause_category,
        probabilities: probabilities(&analysis),
        confidence: analysis.cause.confidence_score,
        actor_class: actor_class(case),
    };
    Ok((prediction, item))
}

/// By path, [`WHOLE`] where the resource came or went.
fn critical(drift_type: DriftType, changes: &[Change], analysis: &Analysis) -> BTreeMap<String, bool> {
    match drift_type {
        DriftType::Modified => changes.iter().map(|c| (path(c), c.is_security_critical)).collect(),
        _ => BTreeMap::from([(WHOLE.to_owned(), analysis.is_critical_as_whole(drift_type))]),
    }
}

fn path(change: &Change) -> String {
    let path = change.path.raw();
    if path.is_empty() { WHOLE } else { path }.to_owned()
}

/// What the comparer reports, masked as a scan masks it.
pub fn changes(case: &Case) -> Vec<Change> {
    let kind = case.resource_type.as_str();
    let subject = Subject {
        dialect: analysis::dialect(kind),
        resource_type: kind,
        declared: &case.declared,
        live: &case.actual,
        memory: Some(Memory { remembered: &case.remembered, live: &case.actual }),
        observable: &Observable::All,
    };
    let settings = Settings { packs: Packs::embedded(), schema: None, context: Some(&case.context), never_hide: &[] };
    let verdict = compare_with(&subject, &settings);
    // What a key hides is the same for every run.
    let redactor = Redactor::new([0; 32]);
    redactor.learn(kind, &case.declared, &[]);
    redactor.learn(kind, &case.actual, &[]);
    let changes = verdict.changes.iter().map(|raw| {
        let leaf = |side: &Option<serde_json::Value>| {
            side.as_ref().map(|v| redactor.mask_leaf(kind, &raw.path.as_str().into(), v, &[]))
        };
        Change {
            path: redactor.mask_path(kind, &raw.path.as_str().into(), &[]),
            change_type: raw.change_type,
            declared: leaf(&raw.declared),
            actual: leaf(&raw.actual),
            is_security_critical: analysis::is_security_critical(
                kind,
                &raw.path,
                raw.declared.as_ref(),
                raw.actual.as_ref(),
            ),
            remembered_at: None,
        }
    });
    changes.collect()
}

fn environment(case: &Case, now: Timestamp) -> Result<Environment, String> {
    let slug = |text: &str| Slug::new(text).map_err(|e| e.to_string());
    let cloud_provider = match case.resource_type.split(['_', ':', '/']).next().unwrap_or_default() {
        "google" => CloudProvider::Gcp,
        "azurerm" | "azuread" | "azapi" => CloudProvider::Azure,
        "digitalocean" => CloudProvider::Digitalocean,
        "kubernetes" | "apps" | "v1" => CloudProvider::Kubernetes,
        "local" => CloudProvider::Host,
        _ => CloudProvider::Aws,
    };
    Ok(Environment {
        organization: slug("local")?,
        slug: case.environment.as_deref().map_or_else(|| slug("cases"), |name| Ok(Slug::from_text(name)))?,
        name: "Cases".into(),
        cloud_provider,
        region: "".into(),
        account_id: "".into(),
        tags: BTreeMap::new(),
        is_active: true,
        created_at: now,
        updated_at: now,
    })
}

pub(super) fn resource(case: &Case) -> ResourceRef {
    ResourceRef {
        resource_type: case.resource_type.as_str().into(),
        resource_id: format!("{}.case", case.resource_type).as_str().into(),
        previous_address: None,
        provider_id: id(case).map(Into::into),
        declared_in: None,
    }
}

/// What the provider would call it.
fn id(case: &Case) -> Option<&str> {
    let said = |key: &&str| case.declared.get(*key).or_else(|| case.actual.get(*key))?.as_str();
    ["id", "name", "key"].iter().find_map(said)
}

/// By the name of each cause.
fn probabilities(analysis: &Analysis) -> BTreeMap<String, f64> {
    // Where nothing is said, nothing is known.
    let all = analysis.cause.probabilities.unwrap_or_else(|| Probabilities::of([0.0; 6]));
    Cause::ALL.iter().map(|cause| (cause.as_str().to_owned(), all.get(*cause))).collect()
}

/// Who did it, where the events tell of one.
fn attribution(case: &Case, changes: &[Change]) -> Option<Attribution> {
    let events: Vec<Event> = case.events.iter().filter_map(|event| Event::of(event).ok()).collect();
    let found = rank(&events, changes, case.drift_type);
    let first = found.first()?;
    let is_told = !first.paths.is_empty() || found.iter().all(|one| one.actor == first.actor);
    let told = before(&events, (changes, case.drift_type), first, &[]);
    let (taken_back, ended_otherwise) = (told.taken_back, told.ended_otherwise);
    is_told.then(|| Attribution { taken_back, ended_otherwise, ..first.clone() })
}

/// The hand that the events show; where they disagree, nobody's. Only what was done and wrote can have made a drift; where
/// nothing but events is given, and none of them is such, it is that of whoever looked or tried.
fn actor_class(case: &Case) -> Option<ActorClass> {
    let events: Vec<Event> = case.events.iter().filter_map(|event| Event::of(event).ok()).collect();
    let (done, rest): (Vec<&Event>, Vec<&Event>) = events.iter().partition(|e| e.is_write() && !e.has_failed());
    let asked = if done.is_empty() && case.is_events_alone() { rest } else { done };
    let classes: BTreeSet<ActorClass> = asked.into_iter().filter_map(|event| class_of(event).class).collect();
    classes.first().copied().filter(|_| classes.len() == 1)
}

//! Severity from all that is known: what graders say of the property, what the values mean, and what such changes usually get.

use std::cmp::Reverse;

use super::direction::of_drift;
use super::prior::{Evidence, MODEL, guard_score, side_score};
use super::setting;
use super::severity::{Subject, assess, severity_of};
use crate::drift::{
    Axis, Direction, Disruption, DriftType, PropertyPath, Score, Severity, SeverityClass, SeverityReason,
};
use crate::knowledge::Known;

/// Frameworks named in one reason.
const FRAMEWORKS: usize = 4;

/// Below it, what a rule says of compliance is only that live and code differ.
const MEDIUM: Score = Score::percent(30);

/// What is said of one drift.
pub(super) struct Judged {
    pub severity: Severity,
    pub reasons: Vec<SeverityReason>,
    pub direction: Direction,
    /// Of changing it back; `None`: nobody knows.
    pub disruption: Option<Disruption>,
}

pub(super) fn judge(subject: &Subject<'_>) -> Judged {
    let (rules, mut reasons) = assess(subject);
    let evidence = evidence_of(subject, rules);
    let direction = evidence.course.direction;
    let disruption =
        if subject.drift_type == DriftType::Modified { Known::disruption(evidence.known.iter()) } else { None };
    if let Some(score) = learned(subject, &evidence) {
        let is_duty = rules.compliance > rules.security && rules.compliance >= MEDIUM;
        let lead = if is_duty { Axis::Compliance } else { Axis::Security };
        for reason in reasons.iter_mut().filter(|reason| matches!(reason.axis, Axis::Security | Axis::Compliance)) {
            reason.score = reason.score.min(score);
        }
        reasons.push(told(&evidence, lead, score));
    }
    for reason in reasons.iter_mut().filter(|reason| matches!(reason.axis, Axis::Performance | Axis::Cost)) {
        let way = if direction == Direction::Hardening { way_of(subject, reason) } else { direction };
        reason.score = side_score(way, reason.score);
    }
    reasons.sort_by(|a, b| {
        (Reverse(a.score), a.axis, &a.path, &a.text).cmp(&(Reverse(b.score), b.axis, &b.path, &b.text))
    });
    // What it is about comes first, and then which controls name it.
    if let Some(controls) = controls(&evidence, &reasons) {
        let is_after = |one: &SeverityReason| (Reverse(one.score), one.axis) > (Reverse(controls.score), controls.axis);
        let at = reasons.iter().position(is_after).unwrap_or(reasons.len());
        reasons.insert(at, controls);
    }
    Judged { severity: severity_of(&reasons), reasons, direction, disruption }
}

fn evidence_of<'a>(subject: &Subject<'a>, rules: Severity) -> Evidence<'a> {
    let kind = subject.resource.resource_type.raw();
    let evidence = Evidence::of(kind, subject.drift_type, subject.changes, rules);
    let named = setting::named(subject.resource, subject.changes);
    match named {
        Some(named) => Evidence { course: of_drift(kind, subject.drift_type, &named), ..evidence },
        None => evidence,
    }
}

/// Which way what a reason is about goes, in a drift that hardens: what goes neither way there is no cheaper for it.
fn way_of(subject: &Subject<'_>, reason: &SeverityReason) -> Direction {
    let change = subject.changes.iter().find(|change| reason.path.as_ref() == Some(&change.path));
    let kind = subject.resource.resource_type.raw();
    change.map_or(Direction::Neutral, |one| of_drift(kind, subject.drift_type, std::slice::from_ref(one)).direction)
}

/// The model was learned from resources of clouds and Kubernetes as Terraform spells them. Spelt otherwise, the tables know too
/// little of what goes neither way, and the rules judge it; files of a host they judge always.
fn learned(subject: &Subject<'_>, evidence: &Evidence<'_>) -> Option<Score> {
    let kind = evidence.resource_type;
    let is_cloud = !kind.starts_with("local_");
    if subject.drift_type != DriftType::Modified || subject.changes.is_empty() || !is_cloud {
        return None;
    }
    let (model, is_watched) = (MODEL.as_ref()?, !super::is_spelt_otherwise(kind) && evidence.is_watched());
    guard_score(model, &model.numbers(evidence), evidence.course.direction, &evidence.rules, is_watched)
}

/// How likely the class is the one that graders would give, by the forest's votes; `None`: it was not grown for such drift.
pub(super) fn confidence(subject: &Subject<'_>, class: SeverityClass) -> Option<Score> {
    let kind = subject.resource.resource_type.raw();
    if subject.drift_type != DriftType::Modified || subject.changes.is_empty() || kind.starts_with("local_") {
        return None;
    }
    let (rules, _) = assess(subject);
    let evidence = evidence_of(subject, rules);
    let model = MODEL.as_ref()?;
    Score::new(model.confidence(&model.numbers(&evidence), class)).ok()
}

/// Why it is as severe as it is: which way it goes, and who says what of the property.
fn told(evidence: &Evidence<'_>, axis: Axis, score: Score) -> SeverityReason {
    let shown = evidence.course.shown_by.as_ref();
    let graded = evidence.changes.iter().zip(&evidence.known).filter(|(_, known)| !known.grades.is_empty());
    let graded =
        graded.max_by_key(|(change, known)| (shown.is_some_and(|(path, _)| *path == change.path), known.median()));
    let way = match (evidence.course.direction, shown) {
        (Direction::Loosening, Some((_, lean))) => format!("It loosens: {}.", lean.why),
        (Direction::Hardening, Some((_, lean))) => format!("It hardens: {}.", lean.why),
        (Direction::BackToDefault, _) => "It is set no longer: the default holds.".to_owned(),
        _ => "Nothing tells which way it goes.".to_owned(),
    };
    let graders = match graded {
        Some((_, known)) => {
            let apart = known.spread().is_some_and(|(mildest, gravest)| gravest as u8 > mildest as u8 + 1);
            format!("{}{}.", capitalised(&known.sentence()), if apart { ": they disagree" } else { "" })
        }
        None => "No policy tool grades the property; such changes usually get this.".to_owned(),
    };
    let path = graded.map(|(change, _)| change.path.clone()).or_else(|| shown.map(|(path, _)| path.clone()));
    let path = path.filter(|path| evidence.changes.iter().any(|change| change.path == *path));
    let path = path.or_else(|| evidence.changes.first().map(|change| change.path.clone()));
    SeverityReason { axis, score, path, text: format!("{way} {graders}").into() }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// The controls that name a changed property, with the score that compliance has anyway.
fn controls(evidence: &Evidence<'_>, reasons: &[SeverityReason]) -> Option<SeverityReason> {
    let score = reasons.iter().filter(|reason| reason.axis == Axis::Compliance).map(|reason| reason.score).max()?;
    let (change, known) = evidence.changes.iter().zip(&evidence.known).find(|(_, known)| !known.controls.is_empty())?;
    let named: Vec<String> = known
        .controls
        .iter()
        .filter(|(framework, _)| super::frameworks::is_in_scope(**framework))
        .take(FRAMEWORKS)
        .map(|(framework, ids)| format!("{} {}", framework.name(), ids.join(", ")))
        .collect();
    let path: Option<PropertyPath> = Some(change.path.clone());
    let text = format!("Controls that name it: {}.", named.join("; "));
    (!named.is_empty()).then(|| SeverityReason { axis: Axis::Compliance, score, path, text: text.into() })
}

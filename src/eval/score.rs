//! Predictions beside labels, and beside what needs no thought.

use super::predict::WHOLE;
use super::{Case, Gold, Prediction};
use crate::drift::{Cause, Direction, SeverityClass};
use crate::knowledge;
use crate::learned::measure::{Confusion, auc, calibration_error, coverage};

/// Severity of one file.
#[derive(Clone, PartialEq, Debug)]
pub struct Severities {
    pub said: Confusion<4>,
    /// Of HIGH and above, by the overall score.
    pub auc: Option<f64>,
    /// What is said without looking: name, confusion, AUC of HIGH and above.
    pub baselines: Vec<(&'static str, Confusion<4>, Option<f64>)>,
    /// Of the classes said with a confidence: confidence, coverage, right.
    pub curve: Vec<(f64, usize, usize)>,
    pub calibration_error: f64,
}

/// Directions: loosening, hardening, neither.
#[derive(Clone, PartialEq, Debug)]
pub struct Directions {
    pub said: Confusion<3>,
}

/// Of those with a known label: right, wrong, silent.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Told {
    pub right: usize,
    pub wrong: usize,
    pub silent: usize,
}

/// Causes.
#[derive(Clone, PartialEq, Debug)]
pub struct Causes {
    pub cases: usize,
    pub right: usize,
    /// By cause, in the order of [`Cause::ALL`].
    pub said: Confusion<6>,
    /// Automated where the attribute is on the list of what is expected to change, else unknown.
    pub baseline_right: usize,
    /// Among those that were not called unknown: confidence, coverage, right.
    pub curve: Vec<(f64, usize, usize)>,
    pub calibration_error: f64,
}

/// The figures of one file.
#[derive(Clone, PartialEq, Debug)]
pub struct Scored {
    pub cases: usize,
    /// Where the comparer saw a drift at all.
    pub drifts: usize,
    pub severity: Option<Severities>,
    pub direction: Option<Directions>,
    /// Paths labelled as security-critical that were called so; and of those labelled as not.
    pub critical: Option<(Told, Told)>,
    pub cause: Option<Causes>,
    pub actor: Option<Told>,
}

/// Each case with what was said and what is right; cases without a label count where they have one.
pub fn score(rows: &[(Case, Prediction, Gold)]) -> Scored {
    Scored {
        cases: rows.len(),
        drifts: rows.iter().filter(|(_, said, _)| !said.drift_paths.is_empty()).count(),
        severity: severities(rows),
        direction: directions(rows),
        critical: critical(rows),
        cause: causes(rows),
        actor: actors(rows),
    }
}

fn severities(rows: &[(Case, Prediction, Gold)]) -> Option<Severities> {
    let labelled: Vec<_> = rows.iter().filter_map(|(case, said, gold)| Some((case, said, gold.severity?))).collect();
    if labelled.is_empty() {
        return None;
    }
    let rank = |class: SeverityClass| class as usize;
    let confusion = |of: &dyn Fn(&Case, &Prediction) -> SeverityClass| {
        Confusion::of(labelled.iter().map(|(case, said, gold)| (rank(*gold), rank(of(case, said)))))
    };
    let auc_of = |score: &dyn Fn(&Case, &Prediction) -> f64| {
        let scores: Vec<(f64, bool)> =
            labelled.iter().map(|(case, said, gold)| (score(case, said), *gold >= SeverityClass::High)).collect();
        auc(&scores)
    };
    let sure: Vec<(f64, bool)> = labelled
        .iter()
        .filter_map(|(_, said, gold)| Some((said.severity_confidence?.as_f64(), said.class == *gold)))
        .collect();
    Some(Severities {
        said: confusion(&|_, said| said.class),
        auc: auc_of(&|_, said| said.overall.as_f64()),
        baselines: vec![
            ("always MEDIUM", confusion(&|_, _| SeverityClass::Medium), auc_of(&|_, _| 0.5)),
            ("median of the tables", confusion(&by_tables), auc_of(&|case, said| rank(by_tables(case, said)) as f64)),
        ],
        curve: coverage(&sure),
        calibration_error: calibration_error(&sure),
    })
}

/// The worst that the graders' medians say of a changed property; MEDIUM where none says anything.
fn by_tables(case: &Case, said: &Prediction) -> SeverityClass {
    let medians = said.drift_paths.iter().filter_map(|path| knowledge::of(&case.resource_type, path).median());
    medians.max().unwrap_or(SeverityClass::Medium)
}

/// Automated where practitioners expect a changed property to change outside of code, else unknown.
fn by_list(case: &Case, said: &Prediction) -> Cause {
    let expected = |path: &String| knowledge::of(&case.resource_type, path).expected_to_change_in > 0;
    if said.drift_paths.iter().any(expected) { Cause::AutomatedResponse } else { Cause::Unknown }
}

fn directions(rows: &[(Case, Prediction, Gold)]) -> Option<Directions> {
    let rank = |direction: Direction| match direction {
        Direction::Loosening => 0,
        Direction::Hardening => 1,
        Direction::Neutral | Direction::BackToDefault => 2,
    };
    let pairs = rows.iter().filter_map(|(_, said, gold)| Some((rank(gold.direction?), rank(said.direction))));
    let said = Confusion::of(pairs);
    (said.total() > 0).then_some(Directions { said })
}

fn critical(rows: &[(Case, Prediction, Gold)]) -> Option<(Told, Told)> {
    let (mut yes, mut no) = (Told::default(), Told::default());
    for (_, said, gold) in rows {
        for (path, label) in &gold.is_security_critical {
            let told = if *label { &mut yes } else { &mut no };
            // The comparer may report a block as a whole, or find elements by other names than their position.
            match said.is_security_critical.iter().filter(|(one, _)| same_property(one, path)).map(|(_, is)| *is).max()
            {
                Some(is) if is == *label => told.right += 1,
                Some(_) => told.wrong += 1,
                None => told.silent += 1,
            }
        }
    }
    (yes.right + yes.wrong + yes.silent + no.right + no.wrong + no.silent > 0).then_some((yes, no))
}

/// One of them is the other, or lies above it, as the whole resource does; positions and selections do not count.
fn same_property(one: &str, other: &str) -> bool {
    let names = |path: &str| -> Vec<String> {
        let mut depth = 0;
        let bare: String = path
            .chars()
            .filter(|c| {
                depth += i32::from(*c == '[');
                let keep = depth == 0;
                depth -= i32::from(*c == ']');
                keep
            })
            .collect();
        bare.split('.').filter(|n| !n.is_empty() && n.parse::<u32>().is_err()).map(str::to_owned).collect()
    };
    let is_whole = one == WHOLE || other == WHOLE;
    let (one, other) = (names(one), names(other));
    is_whole || one.starts_with(&other) || other.starts_with(&one)
}

fn place(cause: Cause) -> usize {
    Cause::ALL.iter().position(|one| *one == cause).unwrap_or(Cause::ALL.len())
}

fn causes(rows: &[(Case, Prediction, Gold)]) -> Option<Causes> {
    let labelled: Vec<_> = rows.iter().filter_map(|(case, said, gold)| Some((case, said, gold.cause?))).collect();
    if labelled.is_empty() {
        return None;
    }
    let said: Vec<(f64, bool)> = labelled
        .iter()
        .filter(|(_, said, _)| said.cause != Cause::Unknown)
        .map(|(_, said, gold)| (said.confidence.as_f64(), said.cause == *gold))
        .collect();
    Some(Causes {
        cases: labelled.len(),
        right: labelled.iter().filter(|(_, said, gold)| said.cause == *gold).count(),
        said: Confusion::of(labelled.iter().map(|(_, said, gold)| (place(*gold), place(said.cause)))),
        baseline_right: labelled.iter().filter(|(case, said, gold)| by_list(case, said) == *gold).count(),
        calibration_error: calibration_error(&said),
        curve: coverage(&said),
    })
}

fn actors(rows: &[(Case, Prediction, Gold)]) -> Option<Told> {
    let mut told = Told::default();
    for (_, said, gold) in rows {
        let Some(label) = gold.actor else { continue };
        match (label, said.actor_class) {
            (None, None) => told.right += 1,
            (Some(_), None) => told.silent += 1,
            (label, class) if label == class => told.right += 1,
            _ => told.wrong += 1,
        }
    }
    (told != Told::default()).then_some(told)
}

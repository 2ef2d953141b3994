//! True, false and missed drift, by case and by property.

use std::collections::BTreeMap;

use serde_json::Value;

use super::case::Case;
use crate::compare::{Packs, Verdict};
use crate::drift::path::{Step, parse};

/// One confusion table. `tn` is not counted for properties.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Level {
    pub tp: u64,
    pub fp: u64,
    pub fn_: u64,
    pub tn: u64,
}

impl Level {
    /// Of what was reported, the share that is real; 1 when nothing was reported.
    pub fn precision(&self) -> f64 {
        share(self.tp, self.tp + self.fp)
    }

    /// Of what is real, the share that was reported; 1 when nothing is real.
    pub fn recall(&self) -> f64 {
        share(self.tp, self.tp + self.fn_)
    }

    fn add(&mut self, other: Self) {
        self.tp += other.tp;
        self.fp += other.fp;
        self.fn_ += other.fn_;
        self.tn += other.tn;
    }
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Everything that was counted over some cases.
#[derive(Clone, Copy, Default, Debug)]
pub struct Scores {
    pub cases: u64,
    pub case_level: Level,
    pub property_level: Level,
    /// Declared leaves that were answered "unverified", and all of them.
    pub unverified: u64,
    pub leaves: u64,
}

impl Scores {
    /// Share of the declared leaves that could not be compared.
    pub fn unverified_share(&self) -> f64 {
        if self.leaves == 0 { 0.0 } else { self.unverified as f64 / self.leaves as f64 }
    }

    fn add(&mut self, other: &Self) {
        self.cases += other.cases;
        self.case_level.add(other.case_level);
        self.property_level.add(other.property_level);
        self.unverified += other.unverified;
        self.leaves += other.leaves;
    }
}

/// A case that did not come out as expected.
#[derive(Clone, Debug)]
pub struct Failure {
    pub id: String,
    /// Expected paths nothing was reported at.
    pub missed: Vec<String>,
    /// Reported paths nobody expected.
    pub false_: Vec<String>,
}

/// The scores of all cases: overall, by resource type, and by the rule that hid something in them.
#[derive(Default)]
pub struct Scored {
    pub all: Scores,
    pub by_type: BTreeMap<String, Scores>,
    pub by_rule: BTreeMap<&'static str, Scores>,
    pub failures: Vec<Failure>,
}

/// Compares and counts.
pub fn score(cases: &[Case], packs: &Packs) -> Scored {
    let mut out = Scored::default();
    for case in cases {
        let verdict = case.compare(packs);
        let (scores, failure) = score_case(case, &verdict);
        out.all.add(&scores);
        out.by_type.entry(case.resource_type.clone()).or_default().add(&scores);
        let mut rules: Vec<_> = verdict.hidden.iter().map(|h| h.rule).collect();
        rules.sort_unstable();
        rules.dedup();
        for rule in rules {
            out.by_rule.entry(rule).or_default().add(&scores);
        }
        out.failures.extend(failure);
    }
    out
}

fn score_case(case: &Case, verdict: &Verdict) -> (Scores, Option<Failure>) {
    let undeclared = case.expect.undeclared.iter();
    let mut expected: Vec<&String> = case.expect.drift.iter().collect();
    if case.remembered.is_some() {
        expected.extend(undeclared.clone());
    }
    // Really changed by hand: to report it without a memory is no false alarm, and owed only with one.
    let welcome: Vec<String> = expected.iter().copied().chain(undeclared).map(|p| dotted(p)).collect();
    let reported: Vec<(&str, String)> = verdict.changes.iter().map(|c| (c.path.as_str(), keys(&c.path))).collect();
    let false_: Vec<String> = reported
        .iter()
        .filter(|(_, keys)| !welcome.iter().any(|w| related(keys, w)))
        .map(|(path, _)| (*path).to_owned())
        .collect();
    let found = |path: &&String| reported.iter().any(|(_, keys)| related(keys, &dotted(path)));
    let missed: Vec<String> = expected.iter().copied().filter(|p| !found(p)).cloned().collect();
    let property_level =
        Level { tp: (expected.len() - missed.len()) as u64, fp: false_.len() as u64, fn_: missed.len() as u64, tn: 0 };
    let flagged = !reported.is_empty();
    let mut case_level = Level::default();
    match (expected.is_empty(), flagged) {
        (false, true) => case_level.tp = 1,
        (false, false) => case_level.fn_ = 1,
        (true, true) if !false_.is_empty() => case_level.fp = 1,
        (true, _) => case_level.tn = 1,
    }
    let (leaves, unverified) = unverified(&case.declared, verdict);
    let failure = (!missed.is_empty() || !false_.is_empty()).then(|| Failure { id: case.id.clone(), missed, false_ });
    (Scores { cases: 1, case_level, property_level, unverified, leaves }, failure)
}

/// Declared leaves, and how many of them an unverified path covers.
fn unverified(declared: &Value, verdict: &Verdict) -> (u64, u64) {
    let unverified: Vec<String> = verdict.unverified.iter().map(|u| keys(&u.path)).collect();
    let (mut all, mut covered) = (0, 0);
    leaves(declared, &mut String::new(), &mut |path| {
        all += 1;
        covered += u64::from(unverified.iter().any(|u| below(path, u)));
    });
    (all, covered)
}

/// Calls with the dotted keys of every scalar.
fn leaves(value: &Value, path: &mut String, f: &mut impl FnMut(&str)) {
    match value {
        Value::Object(o) => {
            for (key, child) in o {
                let end = path.len();
                if end > 0 {
                    path.push('.');
                }
                path.push_str(key);
                leaves(child, path, f);
                path.truncate(end);
            }
        }
        Value::Array(a) => a.iter().for_each(|child| leaves(child, path, f)),
        Value::Null => {}
        _ => f(path),
    }
}

/// The keys of a reported path, dotted; positions and identities are left out.
pub(super) fn keys(path: &str) -> String {
    let key = |step| match step {
        Step::Key(key) => Some(key),
        _ => None,
    };
    parse(path).0.into_iter().filter_map(key).collect::<Vec<_>>().join(".")
}

/// The keys of an expected path: `Origins.1.OriginPath` and `Volumes[/dev/xvda]` name elements in their own ways.
fn dotted(path: &str) -> String {
    let mut bare = String::new();
    let mut depth = 0;
    for c in path.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            c if depth == 0 => bare.push(c),
            _ => {}
        }
    }
    let keys: Vec<&str> = bare.split('.').filter(|k| !k.is_empty() && k.parse::<usize>().is_err()).collect();
    keys.join(".")
}

/// Equal, below or above.
pub(super) fn related(a: &str, b: &str) -> bool {
    below(a, b) || below(b, a)
}

fn below(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| rest.is_empty() || above.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn case(declared: &Value, live: &Value, expect: &Value) -> Case {
        let case = json!({"id": "c", "dialect": "terraform", "resource_type": "x", "declared": declared, "live": live, "expect": expect});
        Case::parse(&case.to_string()).unwrap()
    }

    #[test]
    fn a_case_counts_as_found_missed_false_or_clean() {
        let drifted = (json!({"a": {"b": 1}}), json!({"a": {"b": 2}}));
        let same = (json!({"a": 1}), json!({"a": 1}));
        let drift = json!({"drift": ["a"]});
        let cases = [
            case(&drifted.0, &drifted.1, &drift),
            case(&drifted.0, &drifted.1, &json!({})),
            case(&same.0, &same.1, &drift),
            case(&same.0, &same.1, &json!({})),
        ];
        let scored = score(&cases, Packs::embedded());
        assert_eq!(scored.all.case_level, Level { tp: 1, fp: 1, fn_: 1, tn: 1 });
        assert_eq!(scored.all.property_level, Level { tp: 1, fp: 1, fn_: 1, tn: 0 });
        assert_eq!((scored.all.case_level.precision(), scored.all.case_level.recall()), (0.5, 0.5));
        assert_eq!(scored.failures.len(), 2);
    }

    #[test]
    fn a_reported_path_counts_at_below_or_above_an_expected_one() {
        for (path, expected, hit) in [
            ("Origins[Id=a].OriginPath", "Origins.1.OriginPath", true),
            ("Origins", "Origins.1.OriginPath", true),
            ("Volumes[Device=/dev/xvda].VolumeId", "Volumes[/dev/xvda]", true),
            ("OriginsX", "Origins", false),
            ("Origins[Id=a].Path", "Origins.1.OriginPath", false),
        ] {
            assert_eq!(related(&keys(path), &dotted(expected)), hit, "{path} {expected}");
        }
    }

    #[test]
    fn what_was_changed_by_hand_is_owed_only_when_something_is_remembered() {
        let mut case = case(&json!({"a": 1}), &json!({"a": 1, "b": 2}), &json!({"undeclared": ["b"]}));
        assert_eq!(score_case(&case, &case.compare(Packs::embedded())).0.case_level.tn, 1);
        case.remembered = Some(json!({"a": 1, "b": 1}));
        assert_eq!(score_case(&case, &case.compare(Packs::embedded())).0.case_level.tp, 1);
    }
}

//! The evidence as numbers.

use serde_json::Value;

use super::Evidence;
use super::subjects::SUBJECTS;
use crate::analysis::direction::{ToldBy, split};
use crate::analysis::value::Test;
use crate::drift::path::{Step, parse};
use crate::drift::{Change, ChangeType, Direction, SeverityClass};
use crate::knowledge::{Grader, Near};

/// What is not known.
const UNKNOWN: f64 = -1.0;

/// Names of the columns, in the order of [`row`].
pub fn names() -> Vec<String> {
    let fixed = ["loosens", "hardens", "weight", "security", "compliance", "performance", "cost"];
    let graded = ["median", "mildest", "gravest", "graders", "near", "checkov", "steampipe", "external"];
    let values = ["changes", "added", "removed", "flag", "number", "list", "world", "wildcard", "secret", "off"];
    let graders = Grader::ALL.map(|grader| grader.as_str().to_owned());
    let subjects = SUBJECTS.properties.iter().map(|(name, _)| format!("about-{name}"));
    let kinds = SUBJECTS.kinds.iter().map(|(name, _)| format!("kind-{name}"));
    let told = ToldBy::ALL.map(|kind| format!("told-by-{}", kind.as_str()));
    let tells = SUBJECTS.properties.iter().map(|(name, _)| format!("tells-{name}"));
    let plain = fixed.into_iter().chain(graded).chain(values).map(str::to_owned);
    plain.chain(graders).chain(subjects).chain(kinds).chain(told).chain(tells).collect()
}

/// One number for each of [`names`].
pub fn row(evidence: &Evidence<'_>) -> Vec<f64> {
    let mut row = direction_and_rules(evidence);
    row.extend(graded(evidence));
    row.extend(values(evidence.changes));
    row.extend(Grader::ALL.map(|grader| mean(evidence, grader)));
    let named: Vec<Vec<String>> = evidence.changes.iter().map(|change| words(change.path.raw())).collect();
    row.extend(SUBJECTS.properties.iter().map(|(_, lexicon)| flag(named.iter().any(|words| lexicon.is_in(words)))));
    let kind = split(evidence.resource_type);
    row.extend(SUBJECTS.kinds.iter().map(|(_, lexicon)| flag(lexicon.is_in(&kind))));
    let shown = evidence.course.shown_by.as_ref();
    row.extend(ToldBy::ALL.map(|kind| flag(shown.is_some_and(|(_, lean)| lean.told_by == kind))));
    let telling = shown.map(|(path, _)| words(path.raw())).unwrap_or_default();
    row.extend(SUBJECTS.properties.iter().map(|(_, lexicon)| flag(lexicon.is_in(&telling))));
    row
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

fn level(class: SeverityClass) -> f64 {
    f64::from(class as u8)
}

fn direction_and_rules(evidence: &Evidence<'_>) -> Vec<f64> {
    let (course, rules) = (&evidence.course, &evidence.rules);
    vec![
        flag(course.direction == Direction::Loosening),
        flag(course.direction == Direction::Hardening),
        course.shown_by.as_ref().map_or(0.0, |(_, lean)| f64::from(lean.weight)),
        rules.security.as_f64(),
        rules.compliance.as_f64(),
        rules.performance.as_f64(),
        rules.cost.as_f64(),
    ]
}

fn graded(evidence: &Evidence<'_>) -> Vec<f64> {
    let known = &evidence.known;
    let most = |values: Vec<f64>| values.into_iter().fold(UNKNOWN, f64::max);
    let spreads = || known.iter().filter_map(|known| known.spread());
    let mildest = spreads().map(|(mildest, _)| level(mildest)).fold(f64::INFINITY, f64::min);
    let near = known.iter().map(|known| known.near).min().unwrap_or_default();
    let looks = |tool: &str| flag(known.iter().any(|known| known.looked_at_by.contains(&tool)));
    let graders = known.iter().map(|known| known.grades.len()).max().unwrap_or(0);
    vec![
        most(known.iter().filter_map(|known| known.median().map(level)).collect()),
        if mildest.is_finite() { mildest } else { UNKNOWN },
        most(spreads().map(|(_, gravest)| level(gravest)).collect()),
        graders as f64,
        match near {
            Near::Itself => 0.0,
            Near::Above => 1.0,
            Near::Within => 2.0,
            Near::Nowhere => 3.0,
        },
        looks("checkov"),
        looks("steampipe"),
        flag(known.iter().any(|known| known.expected_to_change_in > 0)),
    ]
}

/// The mean of all grades of one tool.
fn mean(evidence: &Evidence<'_>, grader: Grader) -> f64 {
    let grades = evidence.known.iter().flat_map(|known| &known.grades).filter(|grade| grade.grader == grader);
    let levels: Vec<f64> = grades.flat_map(|grade| &grade.severities).map(|class| level(*class)).collect();
    if levels.is_empty() { UNKNOWN } else { levels.iter().sum::<f64>() / levels.len() as f64 }
}

fn values(changes: &[Change]) -> Vec<f64> {
    let side = |masked: &Option<crate::safety::Masked>| masked.as_ref().map(|m| m.value().clone());
    let sides: Vec<(&str, Option<Value>, Option<Value>)> =
        changes.iter().map(|c| (c.path.raw(), side(&c.declared), side(&c.actual))).collect();
    let any = |is: fn(&Value) -> bool| {
        flag(
            sides
                .iter()
                .any(|(_, declared, actual)| declared.as_ref().is_some_and(is) || actual.as_ref().is_some_and(is)),
        )
    };
    let test = |test: Test| {
        flag(sides.iter().any(|(path, declared, actual)| test.holds(path, declared.as_ref(), actual.as_ref())))
    };
    let of = |kind: ChangeType| flag(changes.iter().any(|change| change.change_type == kind));
    vec![
        changes.len().min(6) as f64,
        of(ChangeType::Added),
        of(ChangeType::Removed),
        any(Value::is_boolean),
        any(Value::is_number),
        any(|value| value.is_array() || value.is_object()),
        test(Test::OpensWorld),
        test(Test::GainsWildcard),
        test(Test::Secret),
        test(Test::TurnsOff),
    ]
}

pub(super) fn words(path: &str) -> Vec<String> {
    let keys = parse(path).0.into_iter().filter_map(|step| match step {
        Step::Key(key) => Some(key),
        _ => None,
    });
    keys.flat_map(|key| split(&key)).collect()
}

//! Every class of noise by number: a pair that differs only by this noise, and a pair that really differs at the same path.

use super::*;

mod computed;
mod counts;
mod lists;
mod objects;
mod order;
mod things;
mod values;

/// One class of noise at one place.
struct Pair {
    class: u8,
    dialect: Dialect,
    kind: &'static str,
    declared: Value,
    /// Live, and meaning the same.
    noise: Value,
    /// The rule that says so; `?reason` where nobody can say; empty where nothing differs in the end.
    by: &'static str,
    /// Live, and changed.
    real: Value,
    /// Where.
    at: &'static str,
    context: Value,
}

impl Pair {
    fn given(mut self, key: &str, value: Value) -> Self {
        self.context[key] = value;
        self
    }
}

const T: Dialect = Dialect::Terraform;
const C: Dialect = Dialect::Cloudformation;
const K: Dialect = Dialect::Kubernetes;

fn pair(
    class: u8,
    (dialect, kind): (Dialect, &'static str),
    declared: Value,
    (noise, by): (Value, &'static str),
    (real, at): (Value, &'static str),
) -> Pair {
    let context = json!({"accountId": "111122223333", "region": "eu-west-1"});
    Pair { class, dialect, kind, declared, noise, by, real, at, context }
}

fn pairs() -> Vec<Pair> {
    let single = [values::pairs(), computed::pairs(), counts::pairs()];
    let many = [lists::pairs(), order::pairs(), things::pairs(), objects::pairs()];
    single.into_iter().chain(many).flatten().collect()
}

/// Classes that the comparer cannot judge by two values: why, and the tests that hold them elsewhere, both that the noise is
/// none and that a real change is one. Without tests a class is open.
const ELSEWHERE: [(u8, &str, &[&str]); 11] = [
    (23, "what every account has is left out by the scan", &["a_default_group_is_left_out_until_somebody_adds_a_rule"]),
    (38, "which paths a chart renders differently is known after rendering it twice, and no reader renders", &[]),
    (
        41,
        "a denied listing is an answer of the reader",
        &[
            "a_denied_read_is_told_apart_from_a_missing_file",
            "only_a_snapshot_that_lists_the_type_there_says_that_something_is_gone",
        ],
    ),
    (
        42,
        "an incomplete listing is an answer of the reader",
        &["one_page_of_several_leaves_its_types_incomplete", "what_a_later_snapshot_no_longer_lists_is_gone"],
    ),
    (
        43,
        "accounts and regions tell resources apart before they are compared",
        &["a_name_in_another_account_is_another_resource"],
    ),
    (
        44,
        "what was made after a recording is not in it, which the scan knows by dates",
        &["what_was_made_after_the_recording_is_unverified_and_what_was_made_before_it_is_deleted"],
    ),
    (45, "plans tell drift from changes that were not applied", &["unapplied_configuration_in_a_plan_is_not_drift"]),
    (46, "a move is a state of its own", &["values_decide_whether_a_moved_resource_is_also_modified"]),
    (47, "deposed objects are listed apart", &["deposed_instances_are_listed_and_tainted_ones_compared"]),
    (49, "the same transition of many resources is a group of drifts with one cause, not a difference of one", &[]),
    (
        50,
        "items of AWS Config are mapped before they are compared, without relationships and capture times",
        &["relationships_counters_and_capture_times_of_a_recording_are_not_drift_and_its_configuration_is"],
    ),
];

/// Tests of classes that are held here and by the reader that merges what is declared in two places.
const ALSO: [(u8, &str); 4] = [
    (20, "rules_of_sibling_resources_are_theirs_and_not_the_groups"),
    (21, "parts_of_a_bucket_are_read_from_its_one_item"),
    (21, "inline_policies_and_attachments_are_found_by_their_own_resources"),
    (21, "routes_keep_gateways_and_endpoints_apart_and_leave_out_the_local_one"),
];

#[test]
fn noise_of_every_class_is_no_change_and_names_its_rule() {
    let holds = |verdict: &Verdict, by: &str| match by.strip_prefix('?') {
        Some(reason) => verdict.unverified.iter().any(|u| format!("{:?}", u.reason) == reason),
        None => by.is_empty() || verdict.hidden.iter().any(|h| h.rule == by),
    };
    none_of(|p| {
        let verdict = verdict(p, &p.noise);
        (!verdict.changes.is_empty() || !holds(&verdict, p.by)).then(|| format!("{}: {verdict:#?}", p.by))
    });
}

#[test]
fn a_real_change_where_the_noise_was_is_reported_there() {
    none_of(|p| {
        let paths: Vec<_> = verdict(p, &p.real).changes.into_iter().map(|c| c.path).collect();
        (!paths.iter().any(|path| path == p.at)).then(|| format!("nothing at {}, but at {paths:?}", p.at))
    });
}

#[test]
fn what_is_noise_one_way_is_noise_the_other_way() {
    none_of(|p| {
        let turned = pair(p.class, (p.dialect, p.kind), p.noise.clone(), (Value::Null, p.by), (Value::Null, p.at));
        let turned = Pair { context: p.context.clone(), ..turned };
        let verdict = verdict(&turned, &p.declared);
        // What is declared elsewhere, or filled into the code, is so on one side only.
        let one_sided =
            p.context.get("siblingSgRules").is_some() || p.declared.get("DefinitionSubstitutions").is_some();
        (!one_sided && MUTUAL.contains(&p.by) && !verdict.changes.is_empty()).then(|| format!("{verdict:#?}"))
    });
}

/// All pairs of which something is wrong, at once.
#[track_caller]
fn none_of(wrong: impl Fn(&Pair) -> Option<String>) {
    let all: Vec<String> = pairs()
        .iter()
        .filter_map(|p| wrong(p).map(|what| format!("class {} of {}: {what}", p.class, p.kind)))
        .collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

/// Rules about two spellings of one value; the others are about what one side leaves out.
const MUTUAL: [&str; 26] = [
    "set-order",
    "identity-align",
    "json-in-string",
    "iam-policy",
    "multiline",
    "pem",
    "id-case",
    "fold-case",
    "location",
    "dns-name",
    "cidr",
    "sg-rules",
    "protocol",
    "reference",
    "number-string",
    "bool-string",
    "number-precision",
    "duration",
    "timestamp",
    "quantity",
    "version-track",
    "user-data",
    "trailing-slash",
    "url",
    "schedule",
    "yaml-in-string",
];

#[test]
fn every_class_is_tested_here_or_said_to_be_held_elsewhere_or_open() {
    let tested: Vec<u8> = pairs().iter().map(|p| p.class).collect();
    for class in 1..=55 {
        let elsewhere = ELSEWHERE.iter().any(|(n, ..)| *n == class);
        assert!(tested.contains(&class) != elsewhere, "class {class} is neither tested nor held elsewhere, or both");
    }
}

#[test]
fn the_tests_that_hold_classes_elsewhere_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = sources(&root.join("src")) + &sources(&root.join("tests"));
    let named = ELSEWHERE.iter().flat_map(|(class, _, tests)| tests.iter().map(move |test| (*class, *test)));
    for (class, test) in named.chain(ALSO) {
        assert!(sources.contains(&format!("fn {test}(")), "class {class}: {test}");
    }
}

fn sources(dir: &std::path::Path) -> String {
    let mut text = String::new();
    for entry in dir.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|e| e == "rs") {
            text += &std::fs::read_to_string(&path).unwrap();
        }
    }
    text
}

fn verdict(p: &Pair, live: &Value) -> Verdict {
    let context = Context::from_json(&p.context);
    let settings = Settings { context: Some(&context), ..Settings::default() };
    let observable = Observable::All;
    let subject = Subject {
        dialect: p.dialect,
        resource_type: p.kind,
        declared: &p.declared,
        live,
        memory: None,
        observable: &observable,
    };
    compare_with(&subject, &settings)
}

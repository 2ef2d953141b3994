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

/// Classes that the comparer cannot judge by two values: why, and the test that holds them elsewhere, if anything does yet.
const OPEN: [(u8, &str, Option<&str>); 11] = [
    (
        23,
        "what every account has is left out by the scan",
        Some("a_default_group_is_left_out_until_somebody_adds_a_rule"),
    ),
    (38, "rendering twice needs a reader of charts", None),
    (41, "a denied listing is an answer of the reader", Some("a_denied_read_is_told_apart_from_a_missing_file")),
    (42, "an incomplete listing is an answer of the reader", Some("one_page_of_several_leaves_its_types_incomplete")),
    (
        43,
        "accounts and regions tell resources apart before they are compared",
        Some("a_name_in_another_account_is_another_resource"),
    ),
    (44, "whether a finding persists is known after two scans; recordings are not consistent later", None),
    (45, "plans tell drift from changes that were not applied", Some("unapplied_configuration_in_a_plan_is_not_drift")),
    (46, "a move is a state of its own", Some("values_decide_whether_a_moved_resource_is_also_modified")),
    (47, "deposed objects are listed apart", Some("deposed_instances_are_listed_and_tainted_ones_compared")),
    (49, "the same transition of many resources is a group of drifts, not a difference of one", None),
    (
        50,
        "items of AWS Config are mapped before they are compared, without relationships and capture times",
        Some("any_json_as_configuration_is_mapped_without_panic"),
    ),
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
fn every_class_is_tested_or_said_to_be_open() {
    let tested: Vec<u8> = pairs().iter().map(|p| p.class).collect();
    for class in 1..=55 {
        let open = OPEN.iter().any(|(n, ..)| *n == class);
        assert!(tested.contains(&class) != open, "class {class} is neither tested nor open, or both");
    }
}

#[test]
fn the_tests_that_hold_the_open_classes_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let sources = sources(&root.join("src")) + &sources(&root.join("tests"));
    for (class, reason, test) in OPEN {
        assert!(!reason.is_empty(), "{class}");
        assert!(test.is_none_or(|t| sources.contains(&format!("fn {t}("))), "class {class}: {test:?}");
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

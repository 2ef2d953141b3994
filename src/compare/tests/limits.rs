//! How the comparer behaves at its limits.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::*;

/// Eight times the elements take eight times as long, and 64 times when each is compared with each. Far from both.
const FAIR: u32 = 24;

/// What this thread has worked so far. What others do meanwhile does not count, however busy the machine is.
fn worked() -> Duration {
    let spec = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(spec.tv_sec.unsigned_abs(), u32::try_from(spec.tv_nsec).unwrap())
}

fn once(dialect: Dialect, kind: &str, (declared, live): &(Value, Value)) -> Duration {
    let start = worked();
    let verdict = run(dialect, kind, declared.clone(), live.clone());
    assert!(!verdict.changes.is_empty() || !verdict.hidden.is_empty());
    worked().checked_sub(start).unwrap()
}

/// How many times longer the second takes: of the fastest runs, in turns, for caches are shared with others.
fn ratio(dialect: Dialect, kind: &str, half: &(Value, Value), whole: &(Value, Value)) -> f64 {
    let (mut least, mut most) = (Duration::MAX, Duration::MAX);
    for _ in 0..12 {
        least = least.min(once(dialect, kind, half));
        most = most.min(once(dialect, kind, whole));
        if most < least * FAIR {
            break;
        }
    }
    most.as_secs_f64() / least.as_secs_f64()
}

fn list(n: u32, element: impl Fn(u32) -> Value) -> Vec<Value> {
    (0..n).map(element).collect()
}

/// Two lists of `n` elements of which none is in both, by shape.
fn shapes(n: u32) -> Vec<(&'static str, Dialect, (Value, Value))> {
    let text = |side: &str, i: u32| json!(format!("{side}{i}"));
    let sides = |key: &str, element: &dyn Fn(&str, u32) -> Value| {
        (json!({ key: list(n, |i| element("d", i)) }), json!({ key: list(n, |i| element("l", i)) }))
    };
    let policy = |side: &str| {
        let actions = list(n, |i| text(side, i));
        json!({"policy": {"Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}})
    };
    let statements = |side: &str| json!({"policy": {"Statement": list(n, |i| json!({"Effect": "Allow", "Action": text(side, i), "Resource": "*"}))}});
    let rules = |side: u8| {
        let rule = |i: u32| json!({"protocol": "tcp", "from_port": i, "to_port": i, "cidr_blocks": [format!("10.{side}.{}.{}/32", i / 250, i % 250)]});
        json!({ "ingress": list(n, rule) })
    };
    vec![
        ("a set of texts", Dialect::Terraform, sides("security_groups", &text)),
        ("an ordered list", Dialect::Terraform, sides("things", &text)),
        ("a list of unknown order", Dialect::Cloudformation, sides("Things", &text)),
        ("blocks with names", Dialect::Terraform, sides("block", &|side, i| json!({"name": text(side, i), "x": i}))),
        (
            "blocks without names",
            Dialect::Terraform,
            sides("block", &|side, i| json!({"x": [text(side, i)], "y": {"z": i}})),
        ),
        ("tags", Dialect::Cloudformation, sides("Tags", &|side, i| json!({"Key": text(side, i), "Value": "1"}))),
        ("actions of a policy", Dialect::Terraform, (policy("d"), policy("l"))),
        ("statements of a policy", Dialect::Terraform, (statements("d"), statements("l"))),
        ("firewall rules", Dialect::Terraform, (rules(1), rules(2))),
    ]
}

#[test]
fn eight_times_the_elements_take_nowhere_near_the_square_of_it() {
    for ((shape, dialect, half), (_, _, whole)) in shapes(1_250).into_iter().zip(shapes(10_000)) {
        let kind = if shape == "firewall rules" { "aws_security_group" } else { "x" };
        let ratio = ratio(dialect, kind, &half, &whole);
        assert!(ratio < f64::from(FAIR), "{shape}: {ratio:.1} times");
    }
}

#[test]
fn a_list_that_is_too_long_is_unverified_and_the_rest_is_compared() {
    let long = |first: u32| list(MAX_ELEMENTS as u32 + 1, |i| json!(i + first));
    let verdict = tf("x", json!({"ids": long(0), "size": 1}), json!({"ids": long(1), "size": 2}));
    assert_changes(&verdict, &[("size", Modified)]);
    assert_eq!(
        (verdict.unverified[0].path.as_str(), verdict.unverified[0].reason),
        ("ids", UnverifiedReason::Unsupported)
    );
    assert!(verdict.unverified[0].detail.contains("100,000"));
    assert_eq!(tf("x", json!({"ids": long(0)}), json!({"ids": long(0)})), Verdict::default());
}

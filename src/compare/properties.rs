//! Promises that hold for any value: properties instead of examples.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const DIALECTS: [Dialect; 6] = [
    Dialect::Terraform,
    Dialect::Cloudformation,
    Dialect::AwsConfig,
    Dialect::Kubernetes,
    Dialect::Azure,
    Dialect::Gcp,
];

fn verdict(dialect: Dialect, resource_type: &str, declared: &Value, live: &Value) -> Verdict {
    compare(&Subject { dialect, resource_type, declared, live, memory: None, observable: &Observable::All })
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec![
            "",
            "10.0.0.1/8",
            "::1",
            "007",
            "7",
            "true",
            "1h",
            "60s",
            "P1D",
            "2024-01-01T00:00:00Z",
            "****",
            "(sensitive value)",
            "{\"a\":[1,{\"b\":\"[1]\"}]}",
            "{\"Statement\":{\"Effect\":\"Allow\"}}",
            "[{}]",
            "%7B%7D",
            "-----BEGIN X-----",
            "«secret #1»",
            "arn:aws:iam::1:root",
            "/subscriptions/A",
            "ssh-rsa",
            "a\r\nb\n",
            "rate(1 hour)",
            "(known after apply)",
            "Example.ORG.",
            "https://Example.org",
            "cron(0  6 ? * mon *)",
            "Sun:05:00-Sun:06:00",
            "2030-02-01",
            "1896134400",
            "1 vCPU",
            "0755",
            "80-80",
            "/hostedzone/Z1",
            "arn:aws:s3:::b/",
            "arn:aws:logs:eu-west-1:1:log-group:a:*",
            "https://sqs.eu-west-1.amazonaws.com/1/q",
            "a: 1\nb: [2]\n",
            "execute-api:/*",
            "1000m",
            "8.0.45",
            "alias/a",
        ])
        .prop_map(Value::from),
    ]
}

/// Keys that rules know, among others.
fn key() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "name",
        "tags",
        "tags_all",
        "ingress",
        "egress",
        "metadata",
        "annotations",
        "spec",
        "containers",
        "Statement",
        "Effect",
        "id",
        "Key",
        "Value",
        "policy",
        "layers",
        "cidr_blocks",
        "content",
        "content_sha1",
        "stringData",
        "kind",
        "status",
        "timeouts",
        "data",
        "password",
        "security_groups",
        "self",
        "protocol",
        "from_port",
        "labels",
        "terraform_labels",
        "effective_labels",
        "Definition",
        "DefinitionString",
        "DefinitionSubstitutions",
        "SearchStringBase64",
        "EventPattern",
        "rules",
        "aggregationRule",
        "clusterRoleSelectors",
        "apiVersion",
        "replicas",
        "managedFields",
        "AllowHeaders",
        "Url",
        "Cpu",
        "Principal",
        "AWS",
        "Condition",
        "Resource",
        "Roles",
        "app_settings",
        "engine_version",
        "user_data",
        "targetCPUUtilizationPercentage",
    ]);
    prop_oneof![3 => known.prop_map(str::to_owned), 1 => "\\PC{0,5}"]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..5).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    prop::collection::vec((key(), value()), 0..6)
        .prop_map(|pairs| Value::Object(pairs.into_iter().collect::<Map<_, _>>()))
}

fn kind() -> impl Strategy<Value = (Dialect, &'static str)> {
    let types = vec![
        "x",
        "aws_security_group",
        "local_file",
        "v1/Secret",
        "apps/v1/Deployment",
        "AWS::EC2::SecurityGroup",
        "aws_instance",
        "google_pubsub_topic",
        "azurerm_linux_web_app",
        "rbac.authorization.k8s.io/v1/ClusterRole",
        "autoscaling/v1/HorizontalPodAutoscaler",
        "AWS::StepFunctions::StateMachine",
        "AWS::IAM::ManagedPolicy",
        "aws_ecs_task_definition",
        "Microsoft.Insights/components",
    ];
    (prop::sample::select(DIALECTS.to_vec()), prop::sample::select(types))
}

/// Plain values under names no rule knows: lower-case words and small numbers, all different.
fn plain_object() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        (1u32..1000).prop_map(Value::from),
        "[g-z]{3,8}".prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from),
            prop::collection::btree_map("[g-z]{4}x", inner, 1..4).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("[g-z]{4}x", tree, 1..5).prop_map(|m| Value::Object(m.into_iter().collect()))
}

/// JSON pointers of all leaves.
fn leaves(value: &Value, at: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(o) => o.iter().for_each(|(k, v)| leaves(v, &format!("{at}/{k}"), out)),
        Value::Array(a) => a.iter().enumerate().for_each(|(i, v)| leaves(v, &format!("{at}/{i}"), out)),
        _ => out.push(at.to_owned()),
    }
}

proptest! {
    #[test]
    fn a_thing_is_in_sync_with_itself(value in object(), (dialect, kind) in kind()) {
        let verdict = verdict(dialect, kind, &value, &value);
        prop_assert!(verdict.changes.is_empty(), "{verdict:#?}");
        prop_assert!(verdict.hidden.is_empty(), "{verdict:#?}");
    }

    #[test]
    fn any_two_values_compare_without_panic_and_the_same_way_twice(a in value(), b in value(), (dialect, kind) in kind(), c in value()) {
        let subject = Subject {
            dialect,
            resource_type: kind,
            declared: &a,
            live: &b,
            memory: Some(Memory { remembered: &c, live: &b }),
            observable: &Observable::All,
        };
        let first = compare(&subject);
        prop_assert_eq!(&first, &compare(&subject));
        prop_assert!(first.changes.is_sorted_by(|x, y| x.path <= y.path) && first.hidden.is_sorted_by(|x, y| x.path <= y.path));
        prop_assert!(first.changes.iter().all(|c| c.path.len() <= 500));
    }

    #[test]
    fn a_shuffled_set_is_no_change(list in prop::collection::vec("\\PC{0,8}", 0..20).prop_shuffle(), by in any::<prop::sample::Index>()) {
        let mut other = list.clone();
        other.rotate_left(by.index(list.len() + 1).min(list.len()));
        other.reverse();
        let verdict = verdict(Dialect::Terraform, "x", &json!({"security_groups": list}), &json!({"security_groups": other}));
        prop_assert!(verdict.changes.is_empty(), "{verdict:#?}");
    }

    #[test]
    fn any_changed_leaf_is_reported_at_or_above_its_place_in_every_dialect(declared in plain_object(), which in any::<prop::sample::Index>(), dialect in prop::sample::select(DIALECTS.to_vec())) {
        let mut all = Vec::new();
        leaves(&declared, "", &mut all);
        let pointer = &all[which.index(all.len())];
        let mut live = declared.clone();
        *live.pointer_mut(pointer).unwrap() = json!("abc");
        let verdict = verdict(dialect, "x", &declared, &live);
        let top = pointer.split('/').nth(1).unwrap();
        prop_assert!(!verdict.changes.is_empty(), "{pointer}: {verdict:#?}");
        prop_assert!(verdict.changes.iter().all(|c| c.path.starts_with(top)), "{pointer}: {verdict:#?}");
    }

    #[test]
    fn both_directions_find_the_same_properties_in_every_dialect(a in plain_object(), which in any::<prop::sample::Index>(), dialect in prop::sample::select(DIALECTS.to_vec())) {
        let mut all = Vec::new();
        leaves(&a, "", &mut all);
        let mut b = a.clone();
        *b.pointer_mut(&all[which.index(all.len())]).unwrap() = json!("abc");
        let found = |x: &Value, y: &Value| -> Vec<String> {
            let mut paths: Vec<_> = verdict(dialect, "x", x, y).changes.iter().map(|c| path::skeleton(&c.path).into_owned()).collect();
            paths.dedup();
            paths
        };
        prop_assert_eq!(found(&a, &b), found(&b, &a));
    }

    #[test]
    fn two_scalars_are_the_same_in_both_directions(a in scalar(), b in scalar(), name in key(), (dialect, kind) in kind()) {
        let place = spelling::Place { dialect, resource_type: kind, key: &name, kind: None, free: false, create_only: false,
            account: Some("1"), region: Some("eu-west-1"), context: None };
        prop_assert_eq!(spelling::same(&place, &a, &b), spelling::same(&place, &b, &a));
    }

    #[test]
    fn a_shuffled_list_is_never_half_a_difference(list in prop::collection::vec(scalar(), 2..8), by in any::<prop::sample::Index>(), (dialect, kind) in kind()) {
        let mut other = list.clone();
        other.rotate_left(by.index(list.len()));
        let (there, back) = (
            verdict(dialect, kind, &json!({ "things": &list }), &json!({ "things": &other })),
            verdict(dialect, kind, &json!({ "things": &other }), &json!({ "things": &list })),
        );
        prop_assert_eq!(there.changes.is_empty(), back.changes.is_empty());
    }
}

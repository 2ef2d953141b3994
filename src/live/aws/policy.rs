//! What driftguard may have to be allowed, and nothing more: all of it reads.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::aws::Access;

/// Actions by what they are for, as IAM spells them.
const STATEMENTS: &[(&str, &[&str])] = &[
    (
        "LiveState",
        &[
            "config:BatchGetResourceConfig",
            "config:DescribeConfigurationRecorderStatus",
            "config:DescribeConfigurationRecorders",
            "config:GetDiscoveredResourceCounts",
            "config:GetResourceConfigHistory",
            "config:ListDiscoveredResources",
            "config:SelectResourceConfig",
        ],
    ),
    // Where neither AWS Config's items nor its queries say them.
    ("Tags", &["tag:GetResources"]),
    // Cloud Control reads with the caller's own permissions for the service of each type.
    ("NotRecorded", &["cloudformation:GetResource"]),
    // A detection of drift reads, and is the one thing that is started; it too needs the permissions to read each resource.
    (
        "Stacks",
        &[
            "cloudformation:DescribeStackDriftDetectionStatus",
            "cloudformation:DescribeStackResourceDrifts",
            "cloudformation:DetectStackDrift",
            "cloudformation:DetectStackResourceDrift",
            "cloudformation:ListStackResources",
            "cloudformation:ListStacks",
        ],
    ),
    (
        "Organisation",
        &[
            "config:BatchGetAggregateResourceConfig",
            "config:DescribeConfigurationAggregatorSourcesStatus",
            "config:GetAggregateDiscoveredResourceCounts",
            "config:GetAggregateResourceConfig",
            "config:ListAggregateDiscoveredResources",
            "config:SelectAggregateResourceConfig",
        ],
    ),
    ("WhoDidIt", &["cloudtrail:LookupEvents"]),
];

/// What the document lacks when nobody said which types are declared.
pub const BEYOND: &str = "NotRecorded and Stacks read each resource with the caller's own rights, which this document does not give: \
    name the types that are declared (`driftguard aws policy --types 'aws_ecs_*' --types AWS::Lambda::Function`) and it has the \
    actions that read them, or attach AWS's ReadOnlyAccess; what may not be read is unverified, and says which action it was";

/// Characters a managed policy may have, white space aside ([IAM quotas]).
///
/// [IAM quotas]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
pub const LARGEST: usize = 6144;

/// The policy document. Which statements are in it depends on the configuration: nobody is asked for more than is used.
/// `stacks`: some of them declare with CloudFormation. `reading`: actions that read resources in the caller's name.
pub fn document(accesses: &[&Access], stacks: bool, reading: &BTreeSet<&str>) -> Value {
    let organisation = accesses.is_empty() || accesses.iter().any(|access| access.aggregator.is_some());
    let wanted = STATEMENTS.iter().filter(|(sid, _)| match *sid {
        "Organisation" => organisation,
        "Stacks" => stacks || accesses.is_empty(),
        _ => true,
    });
    // AWS Config's reading actions know no resources to narrow them to.
    let mut statements: Vec<Value> = wanted
        .map(|(sid, actions)| json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": "*"}))
        .collect();
    if !reading.is_empty() {
        statements.push(json!({"Sid": "Resources", "Effect": "Allow", "Action": reading, "Resource": "*"}));
    }
    let mut roles: Vec<&String> = accesses.iter().flat_map(|a| a.assume_role.iter().chain(&a.accounts)).collect();
    roles.sort();
    roles.dedup();
    if !roles.is_empty() {
        statements.push(json!({"Sid": "Roles", "Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": roles}));
    }
    json!({"Version": "2012-10-17", "Statement": statements})
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every action the source names, as `service:Action`.
    fn named_in(directory: &str) -> Vec<String> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
        let mut found = vec![];
        for entry in std::fs::read_dir(root).unwrap().flatten() {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let quoted = code.split('"').skip(1).step_by(2);
            let is_action = |t: &&str| {
                ["config:", "cloudformation:", "tag:"].iter().any(|service| t.starts_with(service))
                    && !t.contains('/')
                    && !t.contains(' ')
            };
            found.extend(quoted.filter(is_action).map(str::to_owned));
        }
        found
    }

    #[test]
    fn the_policy_allows_every_call_the_reader_makes_and_nothing_that_writes() {
        let policy = document(&[], false, &BTreeSet::new()).to_string();
        let called = [named_in("src/live/aws"), named_in("src/stacks")].concat();
        assert!(called.len() > 8, "{called:?}");
        for action in called {
            assert!(policy.contains(&format!("\"{action}\"")), "{action} is called and not allowed");
        }
        for verb in [":Put", ":Create", ":Delete", ":Update", ":Start", ":Stop", ":*"] {
            assert!(!policy.contains(verb), "{verb}");
        }
    }

    #[test]
    fn roles_are_named_one_by_one() {
        let role = "arn:aws:iam::123456789012:role/reader".to_owned();
        let access = Access { assume_role: vec![role.clone()], ..Access::default() };
        let policy = document(&[&access], false, &BTreeSet::new());
        assert_eq!(policy["Statement"].as_array().unwrap().last().unwrap()["Resource"], json!([role]));
        assert!(!policy.to_string().contains("Aggregate"), "nobody uses an aggregator here");
        assert!(!policy.to_string().contains("DetectStackDrift"), "and nobody stacks");
    }
}

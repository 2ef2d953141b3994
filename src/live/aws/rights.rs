//! What reading a resource through Cloud Control or CloudFormation takes, beside the right to ask them: both read in the caller's name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::live::aws_config;

const PACK: &str = include_str!("../../../packs/aws-read-rights.toml");

/// Actions that read a resource, by AWS's model of its type.
fn pack() -> &'static BTreeMap<String, Vec<String>> {
    static READ: OnceLock<BTreeMap<String, Vec<String>>> = OnceLock::new();
    // A test reads it: it is part of the program.
    READ.get_or_init(|| toml::from_str(PACK).unwrap_or_default())
}

/// The actions for the types that fit a pattern: `aws_ecs_*`, `AWS::ECS::Service`. The error names a pattern that fits none.
pub fn reading(patterns: &[String]) -> Result<BTreeSet<&'static str>, String> {
    let names: Vec<[&str; 3]> = aws_config::covered()
        .map(|one| [one.terraform, one.config, one.cloud_control.unwrap_or(one.config)])
        .chain(pack().keys().map(|model| [model.as_str(); 3]))
        .collect();
    let mut actions = BTreeSet::new();
    for pattern in patterns {
        let glob = globset::GlobBuilder::new(pattern).case_insensitive(true).build();
        let glob = glob.map_err(|error| error.to_string())?.compile_matcher();
        let mut fits = names.iter().filter(|names| names.iter().any(|name| glob.is_match(name))).peekable();
        if fits.peek().is_none() {
            return Err(format!("{pattern} fits no type that is understood: `driftguard aws types` names them"));
        }
        let of = fits.filter_map(|[_, _, model]| pack().get(*model)).flatten();
        actions.extend(of.map(String::as_str));
    }
    Ok(actions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pack_is_whole_and_only_reads() {
        let all: BTreeMap<String, Vec<String>> = toml::from_str(PACK).unwrap();
        assert!(all.len() > 90, "{}", all.len());
        for (model, actions) in &all {
            assert!(!actions.is_empty() && model.starts_with("AWS::"), "{model}");
            for action in actions {
                let (_, verb) = action.split_once(':').unwrap();
                let reads = ["Get", "List", "Describe", "BatchGet", "GET"].iter().any(|word| verb.starts_with(word));
                assert!(
                    reads
                        && !["s3:GetObject", "secretsmanager:GetSecretValue"].contains(&action.as_str())
                        && !action.starts_with('*'),
                    "{model}: {action}"
                );
            }
        }
    }

    #[test]
    fn a_type_by_any_of_its_names_has_its_actions_and_one_nobody_knows_is_named() {
        let of = |pattern: &str| reading(&[pattern.to_owned()]);
        let bucket = of("aws_s3_bucket").unwrap();
        assert!(bucket.contains("s3:GetBucketTagging"), "{bucket:?}");
        assert!(of("AWS::S3::Bucket").unwrap().is_superset(&bucket), "what hangs on a bucket is recorded with it");
        assert!(of("aws_*").unwrap().len() > 150);
        assert!(of("aws_nope").unwrap_err().contains("aws_nope fits no type"));
    }

    #[test]
    fn nearly_every_type_that_only_cloud_control_knows_has_its_actions() {
        let lost: Vec<&str> = aws_config::covered()
            .filter_map(|one| {
                one.cloud_control.filter(|model| one.shape == "cloud control" && !pack().contains_key(*model))
            })
            .collect();
        assert!(lost.len() <= 2, "{lost:?}");
    }
}

//! The table of what an update of an attribute requires, from CloudFormation's resource schemas: what may be set at creation only
//! is replaced, what may be so under conditions interrupts at least, and the rest is updated in place.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use serde_json::Value;

use super::build::{BuildError, Key, keys, rows, table};
use super::normal;
use crate::drift::Disruption;

const ABOUT: &str = "What an update of an attribute requires: none, some (interruptions), replacement.\n\
    Source: createOnlyProperties and conditionalCreateOnlyProperties of CloudFormation's resource schemas, as cfn-lint 1.9.7\n\
    carries them (MIT-0), and a list of what restarts or fails over, by driftguard (src/knowledge/disruptions.rs).";

/// What no schema says: it is updated in place, but what runs is restarted, failed over or replaced node by node.
const INTERRUPTS: &[(&str, &[&str])] = &[
    ("aws_db_instance", &["instance_class", "engine_version", "parameter_group_name", "multi_az", "storage_type"]),
    ("aws_docdb_cluster", &["engine_version"]),
    ("aws_docdb_cluster_instance", &["instance_class"]),
    ("aws_dms_replication_instance", &["replication_instance_class", "engine_version", "multi_az"]),
    ("aws_ecs_service", &["task_definition"]),
    ("aws_eks_node_group", &["release_version", "version"]),
    (
        "aws_elasticache_cluster",
        &["node_type", "engine_version", "num_cache_nodes", "az_mode", "preferred_availability_zones"],
    ),
    ("aws_elasticache_replication_group", &["node_type", "engine_version", "auth_token", "num_node_groups"]),
    (
        "aws_elasticsearch_domain",
        &["elasticsearch_version", "cluster_config", "vpc_options", "advanced_security_options"],
    ),
    ("aws_elb", &["availability_zones", "subnets", "health_check"]),
    ("aws_instance", &["instance_type", "ebs_optimized", "user_data", "cpu_options"]),
    ("aws_mq_broker", &["engine_version", "host_instance_type", "configuration"]),
    ("aws_msk_cluster", &["kafka_version", "broker_node_group_info", "configuration_info"]),
    (
        "aws_mwaa_environment",
        &[
            "airflow_configuration_options",
            "airflow_version",
            "dag_s3_path",
            "environment_class",
            "execution_role_arn",
            "logging_configuration",
            "max_workers",
            "min_workers",
            "plugins_s3_object_version",
            "plugins_s3_path",
            "requirements_s3_object_version",
            "requirements_s3_path",
            "schedulers",
            "source_bucket_arn",
            "webserver_access_mode",
        ],
    ),
    ("aws_neptune_cluster", &["engine_version"]),
    ("aws_neptune_cluster_instance", &["instance_class"]),
    ("aws_opensearch_domain", &["engine_version", "cluster_config", "vpc_options", "advanced_security_options"]),
    ("aws_rds_cluster", &["engine_version", "port"]),
    ("aws_rds_cluster_instance", &["instance_class", "engine_version"]),
    ("aws_redshift_cluster", &["node_type", "number_of_nodes", "cluster_version", "cluster_type"]),
    ("aws_sagemaker_notebook_instance", &["instance_type"]),
];

/// One resource schema: its properties in normal form.
struct Schema {
    all: HashSet<String>,
    created_with: HashSet<String>,
    under_conditions: HashSet<String>,
    read_only: HashSet<String>,
}

impl Schema {
    fn of(schema: &Value) -> Self {
        // `/properties/Name`; what is deeper says nothing of the whole property.
        let named = |list: &str| {
            let pointers = schema[list].as_array().into_iter().flatten().filter_map(Value::as_str);
            let top = pointers.filter_map(|p| p.strip_prefix("/properties/")).filter(|name| !name.contains('/'));
            top.map(normal).collect::<HashSet<_>>()
        };
        Self {
            all: schema["properties"].as_object().into_iter().flatten().map(|(name, _)| normal(name)).collect(),
            created_with: named("createOnlyProperties"),
            under_conditions: named("conditionalCreateOnlyProperties"),
            read_only: named("readOnlyProperties"),
        }
    }

    /// `None`: it cannot be set, or is not there.
    fn requires(&self, property: &str) -> Option<Disruption> {
        if self.created_with.contains(property) {
            Some(Disruption::Replacement)
        } else if self.under_conditions.contains(property) {
            Some(Disruption::Some)
        } else {
            (self.all.contains(property) && !self.read_only.contains(property)).then_some(Disruption::None)
        }
    }
}

/// `disruption.tsv`: the pairs of names are those of `axis_disruption_cfn.jsonl` in `from`, what they require is what the schemas
/// say, one `*.json` file a type. By both names of a type, where the attribute is spelt alike in both; of several types of
/// CloudFormation that are one of Terraform's the worst counts.
pub fn build(from: &Path, schemas: &Path) -> Result<String, BuildError> {
    let schemas = read(schemas)?;
    let mut worst: BTreeMap<Key, Disruption> = BTreeMap::new();
    let mut also: BTreeMap<Key, BTreeSet<String>> = BTreeMap::new();
    for row in rows(from, "axis_disruption_cfn.jsonl")? {
        let (Some(kind), Some(property)) = (row["cfn_type"].as_str(), row["cfn_property"].as_str()) else { continue };
        let property = normal(property);
        let Some(one) = schemas.get(kind).and_then(|schema| schema.requires(&property)) else { continue };
        for key in keys(&row) {
            let entry = worst.entry(key.clone()).or_insert(one);
            *entry = (*entry).max(one);
            if key.1 == property {
                also.entry(key).or_default().insert(kind.to_owned());
            }
        }
    }
    for (kind, attributes) in INTERRUPTS {
        for attribute in *attributes {
            let entry = worst.entry(((*kind).to_owned(), normal(attribute))).or_insert(Disruption::Some);
            *entry = (*entry).max(Disruption::Some);
        }
    }
    let named = |(key, one): (Key, Disruption)| {
        let others = also.get(&key).into_iter().flatten().map(|kind| format!(" {kind}"));
        ((format!("{}{}", key.0, others.collect::<String>()), key.1), one)
    };
    Ok(table(ABOUT, worst.into_iter().map(named).collect(), |one| one.as_str().to_owned()))
}

/// By type name.
fn read(folder: &Path) -> Result<HashMap<String, Schema>, BuildError> {
    let failed = |path: &Path, e| BuildError::Read(path.display().to_string(), e);
    let mut found = HashMap::new();
    for entry in std::fs::read_dir(folder).map_err(|e| failed(folder, e))? {
        let path = entry.map_err(|e| failed(folder, e))?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).map_err(|e| failed(&path, e))?;
        let schema: Value = serde_json::from_str(&text)
            .map_err(|e| BuildError::Row(path.display().to_string(), e.line(), e.to_string()))?;
        if let Some(kind) = schema["typeName"].as_str() {
            found.insert(kind.to_owned(), Schema::of(&schema));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::shared;

    fn folder(rows: &str, schema: &Value) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("axis_disruption_cfn.jsonl"), rows).unwrap();
        std::fs::write(dir.path().join("aws-x-thing.json"), schema.to_string()).unwrap();
        dir
    }

    #[test]
    fn what_is_set_at_creation_only_is_replaced_and_what_is_so_at_times_interrupts() {
        let row = |attribute: &str, property: &str| {
            serde_json::json!({"resource_type": "aws_x_thing", "attribute_path": attribute, "cfn_type": "AWS::X::Thing",
                "cfn_property": property, "update_requires": "No interruption"})
        };
        let pairs = [("a_name", "AName"), ("engine", "Engine"), ("size", "Size"), ("arn", "Arn"), ("gone", "Gone")];
        let rows: String = pairs.map(|(attribute, property)| format!("{}\n", row(attribute, property))).concat();
        let schema = serde_json::json!({"typeName": "AWS::X::Thing",
            "properties": {"AName": {}, "Engine": {}, "Size": {}, "Arn": {}},
            "createOnlyProperties": ["/properties/AName", "/properties/Size/Unit"],
            "conditionalCreateOnlyProperties": ["/properties/Engine"], "readOnlyProperties": ["/properties/Arn"]});
        let dir = folder(&rows, &schema);
        let text = build(dir.path(), dir.path()).unwrap();
        let of_thing: Vec<&str> = text.lines().filter(|line| line.starts_with("aws_x_thing")).collect();
        assert_eq!(
            of_thing,
            [
                "aws_x_thing AWS::X::Thing\taname\treplacement",
                "aws_x_thing AWS::X::Thing\tengine\tsome",
                "aws_x_thing AWS::X::Thing\tsize\tnone"
            ]
        );
        assert!(text.contains("\naws_instance\tinstancetype\tsome\n"), "{text}");
    }

    #[test]
    fn a_schema_that_cannot_be_read_is_named() {
        let dir = folder("", &Value::Null);
        std::fs::write(dir.path().join("broken.json"), "{\n\"a\": }").unwrap();
        let error = build(dir.path(), dir.path()).unwrap_err().to_string();
        assert!(error.contains("broken.json:2"), "{error}");
    }

    /// What the user guide says of the same properties: nobody's but the guide's word is shipped, but it is a check.
    #[test]
    fn the_schemas_say_what_the_documentation_says() {
        let Some(file) = shared("labels/axis_disruption_cfn.jsonl") else { return };
        let (mut same, mut all) = (0, 0);
        for row in rows(file.parent().unwrap(), "axis_disruption_cfn.jsonl").unwrap() {
            let said = row["update_requires"].as_str().unwrap_or_default();
            let (kind, attribute) = (row["resource_type"].as_str().unwrap(), row["attribute_path"].as_str().unwrap());
            if let Some(one) = super::super::of(kind, attribute).update_requires {
                all += 1;
                same += u32::from(
                    said.to_lowercase().starts_with(one.as_str())
                        || (said.starts_with("No ") && one == Disruption::None),
                );
            }
        }
        assert!(all > 2_500 && same * 100 >= all * 97, "{same} of {all}");
    }
}

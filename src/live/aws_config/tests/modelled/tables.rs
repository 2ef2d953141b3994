//! More types as AWS models them, as data: the declared values are those the described type is tested with, or the case's own.
//! Each is found in sync, with a change where somebody made it, and unchanged where it is only said otherwise.

use serde::Deserialize;

use super::*;
use crate::live::aws_config::tests::cases::{Edit, cases, merge};

const FILES: [&str; 8] = [
    include_str!("../cases/models/network.json"),
    include_str!("../cases/models/buckets.json"),
    include_str!("../cases/models/identity.json"),
    include_str!("../cases/models/data.json"),
    include_str!("../cases/models/operations.json"),
    include_str!("../cases/models/scaling.json"),
    include_str!("../cases/models/edge.json"),
    include_str!("../cases/models/more.json"),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    terraform: String,
    declared: Option<Value>,
    properties: Value,
    drift: Edit,
    noise: Edit,
    /// What the model does not say.
    #[serde(default)]
    unverified: Vec<String>,
}

fn tables() -> Vec<Table> {
    FILES.iter().flat_map(|file| serde_json::from_str::<Vec<Table>>(file).unwrap()).collect()
}

pub(super) fn names() -> Vec<String> {
    tables().into_iter().map(|table| table.terraform).collect()
}

impl Table {
    fn declared(&self) -> DeclaredResource {
        let own = || cases().into_iter().find(|case| case.terraform == self.terraform).map(|case| case.declared);
        let values =
            self.declared.clone().or_else(own).unwrap_or_else(|| panic!("{}: nothing declared", self.terraform));
        declared(&self.terraform, values)
    }

    /// As Cloud Control gives it.
    fn item(&self, patch: &Value) -> Value {
        let model = Mapping::built_in().of(&self.terraform).and_then(|t| t.model.as_ref());
        let model = model.unwrap_or_else(|| panic!("{} has no model", self.terraform));
        let mut properties = self.properties.clone();
        merge(&mut properties, patch);
        let mut item = item(&model.name, "x", properties, json!({}));
        item["arn"] = self.declared().values.get("arn").cloned().unwrap_or_default();
        item
    }

    /// Paths that changed, and paths that could not be compared.
    fn verdict(&self, patch: &Value) -> (Vec<String>, Vec<String>) {
        let declared = self.declared();
        match AwsConfig::from_model(&declared, &[], &whole(self.item(patch))).unwrap() {
            Lookup::Missing => (vec!["gone".to_owned()], vec![]),
            lookup => differences(&declared, &found(lookup)),
        }
    }
}

#[test]
fn every_model_is_found_in_sync_drifted_and_said_otherwise() {
    let mut wrong = vec![];
    for table in tables() {
        let name = &table.terraform;
        let (changes, mut unverified) = table.verdict(&json!({}));
        unverified.sort();
        if !changes.is_empty() || unverified != table.unverified {
            wrong.push(format!("{name} is not in sync: {changes:?}, unverified {unverified:?}"));
        }
        let (drifted, _) = table.verdict(&table.drift.patch);
        if drifted != table.drift.paths {
            wrong.push(format!("{name}, {}: {drifted:?}", table.drift.is));
        }
        assert_ne!(table.item(&table.noise.patch), table.item(&json!({})), "{name}: nothing is said otherwise");
        let (said_otherwise, _) = table.verdict(&table.noise.patch);
        if !said_otherwise.is_empty() {
            wrong.push(format!("{name}, {}: {said_otherwise:?}", table.noise.is));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_type_can_be_asked_of_cloud_control_by_what_its_state_holds() {
    let open: Vec<String> = tables()
        .into_iter()
        .filter(|table| AwsConfig::cloud_control(&table.declared()).is_none())
        .map(|table| table.terraform)
        .collect();
    assert!(open.is_empty(), "{open:?}");
}

/// A deletion is told only where it is known how the resource is called.
#[test]
fn what_is_not_found_under_a_name_that_was_guessed_is_unverified() {
    let record = json!({"zone_id": "Z1", "name": "www", "fqdn": "www.example.com", "type": "A"});
    for (kind, values) in
        [("aws_route53_record", record), ("aws_internet_gateway_attachment", json!({"vpc_id": "vpc-1"}))]
    {
        let answer = AwsConfig::not_found(&declared(kind, values));
        assert!(matches!(answer, Lookup::Unknown(UnverifiedReason::NotObservable, _)), "{kind}: {answer:?}");
    }
    assert_eq!(AwsConfig::not_found(&declared("aws_nat_gateway", json!({"id": "nat-1"}))), Lookup::Missing);
}

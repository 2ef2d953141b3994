//! Types whose items follow AWS's resource models: each is found clean, with one real change, and with one value respelt.

mod compute;
mod containers;
mod described;
mod events;
mod keys;
mod storage;
mod tables;

use super::*;
use crate::compare::{Subject, compare};
use crate::live::aws_config::mapping::Shape;
use crate::live::aws_config::model::{Model, Properties};
use crate::live::aws_config::stated::is_zero;

/// One type: what the state holds, the item's configuration, and what happens to it.
struct Case {
    terraform: &'static str,
    config: &'static str,
    id: &'static str,
    arn: &'static str,
    declared: Value,
    configuration: Value,
    /// Where in the configuration, the value somebody set, and the property that differs by it.
    drift: (&'static str, Value, &'static str),
    /// Where in the configuration, and a value that means the same. Null: not there at all.
    respelt: (&'static str, Value),
}

impl Case {
    fn declared(&self) -> DeclaredResource {
        let mut values = self.declared.clone();
        if !Mapping::built_in().of(self.terraform).is_some_and(|t| t.part) {
            values["arn"] = json!(self.arn);
        }
        declared(self.terraform, values)
    }

    fn item(&self, change: Option<(&str, &Value)>) -> Value {
        let mut configuration = self.configuration.clone();
        if let Some((pointer, value)) = change {
            set(&mut configuration, pointer, value);
        }
        let mut item = item(self.config, self.id, configuration, json!({}));
        item["arn"] = json!(self.arn);
        item
    }

    /// Paths that changed, and paths that could not be compared.
    fn verdict(&self, change: Option<(&str, &Value)>) -> (Vec<String>, Vec<String>) {
        let declared = self.declared();
        let item = self.item(change);
        let is_described = Mapping::built_in().of(self.terraform).is_some_and(|t| t.shape == Shape::Described);
        let lookup = match is_described {
            true => AwsConfig::from_model(&declared, &[], &whole(item)).unwrap(),
            false => source(&snapshot(vec![item])).lookup(&declared, &[]),
        };
        match lookup {
            Lookup::Missing => (vec!["gone".to_owned()], vec![]),
            lookup => differences(&declared, &found(lookup)),
        }
    }
}

/// As Cloud Control gives it.
fn whole(mut item: Value) -> String {
    item["configurationShape"] = json!("cloudformation");
    item.to_string()
}

fn differences(declared: &DeclaredResource, live: &LiveResource) -> (Vec<String>, Vec<String>) {
    let verdict = compare(&Subject {
        dialect: live.dialect,
        resource_type: &declared.resource_type,
        declared: &declared.values,
        live: &live.values,
        memory: None,
        observable: &live.observable,
    });
    let changes = verdict.changes.into_iter().map(|c| c.path).collect();
    (changes, verdict.unverified.into_iter().map(|u| u.path).collect())
}

/// Sets the value at a JSON pointer; null removes it.
fn set(root: &mut Value, pointer: &str, value: &Value) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let parent = root.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {pointer}"));
    match parent {
        Value::Array(list) => {
            let at: usize = key.parse().unwrap();
            if at < list.len() { list[at] = value.clone() } else { list.push(value.clone()) }
        }
        Value::Object(map) if value.is_null() => drop(map.remove(key)),
        other => other[key] = value.clone(),
    }
}

fn all() -> Vec<Case> {
    [containers::cases(), events::cases(), keys::cases(), storage::cases(), compute::cases(), described::cases()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn every_modelled_type_is_found_clean_drifted_and_respelt() {
    let mut wrong = vec![];
    for case in all() {
        let clean = case.verdict(None);
        if clean != (vec![], vec![]) {
            wrong.push(format!("{} is not clean: {clean:?}", case.terraform));
        }
        let (pointer, value, path) = &case.drift;
        let drifted = case.verdict(Some((pointer, value))).0;
        if drifted != [*path] {
            wrong.push(format!("{}: {pointer} gave {drifted:?}, not {path}", case.terraform));
        }
        let (pointer, value) = &case.respelt;
        let respelt = case.verdict(Some((pointer, value)));
        if !respelt.0.is_empty() {
            wrong.push(format!("{}: {pointer} respelt gave {respelt:?}", case.terraform));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_modelled_type_has_a_case() {
    let beside = tables::names();
    let tested: BTreeSet<&str> = all().iter().map(|c| c.terraform).chain(beside.iter().map(String::as_str)).collect();
    let modelled = Mapping::built_in().types().filter(|(_, t)| t.model.is_some());
    let modelled: BTreeSet<&str> = modelled.map(|(_, t)| t.terraform.as_str()).collect();
    assert_eq!(modelled.difference(&tested).collect::<Vec<_>>(), Vec::<&&str>::new());
}

/// The properties of the block a path lies in; `None`: nobody knows the block.
fn properties_at(model: &Model, path: &str) -> Option<Properties> {
    let flattened = || model.flatten.iter().filter_map(|name| model.properties.reach(&[name]));
    let Some((block, _)) = path.rsplit_once('.') else {
        return Some(flattened().fold(model.properties.clone(), |all, p| all.with(&p.below)));
    };
    let around = properties_at(model, block)?;
    let property = match model.attributes.get(block) {
        Some(attribute) if !attribute.gather.is_empty() => return Some(around.only(&attribute.gather)),
        Some(attribute) => attribute.from.iter().find_map(|from| around.reach(&from.keys())).map(|p| p.into_owned()),
        None => around.find(block.rsplit('.').next()?).cloned(),
    };
    property.map(|p| p.below)
}

#[test]
fn every_exception_leads_to_a_property_of_the_model() {
    let mut wrong = vec![];
    for (terraform, spec) in Mapping::built_in().types() {
        let Some(model) = &spec.model else { continue };
        for (path, attribute) in &model.attributes {
            let properties = properties_at(model, path);
            let leads = |keys: &[&str]| {
                let first = properties.as_ref().is_some_and(|p| p.is_empty() || p.reach(&keys[..1]).is_some());
                let open = |p: &Properties| p.reach(&keys[..1]).is_none_or(|p| p.below.is_empty());
                first && properties.as_ref().is_some_and(|p| open(p) || p.reach(keys).is_some())
            };
            let gathers = !attribute.gather.is_empty() && attribute.gather.iter().all(|name| leads(&[name]));
            if !gathers && !attribute.from.iter().any(|from| from.is_of_the_item() || leads(&from.keys())) {
                wrong.push(format!("{terraform}.{path}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn an_unmanaged_item_of_a_model_has_a_body_in_terraforms_words() {
    for case in all() {
        if Mapping::built_in().of(case.terraform).is_some_and(|t| t.part || t.shape == Shape::Described) {
            continue;
        }
        let source = source(&snapshot(vec![case.item(None)]));
        let live: Vec<LiveResource> = source.unmanaged().collect();
        assert_eq!(live.len(), 1, "{}", case.terraform);
        let values = live[0].values.as_object().unwrap();
        let known = values.keys().filter(|k| case.declared.get(k.as_str()).is_some()).count();
        let stated = case.declared.as_object().unwrap();
        let set = stated.values().filter(|v| !is_zero(v)).count();
        assert!(known + 1 >= set, "{}: {:?} instead of {stated:?}", case.terraform, values.keys());
        assert!(values.keys().all(|k| !k.contains(|c: char| c.is_ascii_uppercase())), "{}", case.terraform);
    }
}

#[test]
fn a_body_that_is_taken_over_as_it_is_has_not_drifted() {
    for case in all() {
        let source = source(&snapshot(vec![case.item(None)]));
        for live in source.unmanaged().collect::<Vec<_>>() {
            let taken = declared(&live.resource_type, live.values);
            let again = found(source.lookup(&taken, &[]));
            assert_eq!(differences(&taken, &again).0, Vec::<String>::new(), "{}", taken.resource_type);
        }
    }
}

#[test]
fn an_attribute_the_model_does_not_know_stays_unverified_and_a_property_the_item_lacks_is_gone() {
    let case = all().into_iter().find(|c| c.terraform == "aws_kinesis_stream").unwrap();
    let mut stated = case.declared();
    stated.values["of_tomorrow"] = json!("x");
    stated.values["kms_key_id"] = json!("alias/own");
    let live = found(source(&snapshot(vec![case.item(None)])).lookup(&stated, &[]));
    assert_eq!(differences(&stated, &live), (vec!["kms_key_id".to_owned()], vec!["of_tomorrow".to_owned()]));
}

#[test]
fn a_whole_model_says_that_what_is_not_in_it_is_not_set() {
    let case = all().into_iter().find(|c| c.terraform == "aws_eks_cluster").unwrap();
    let mut stated = case.declared();
    stated.values["upgrade_policy"] = json!([{"support_type": "EXTENDED"}]);
    stated.values["tags"] = json!({"team": "pay"});
    let item = case.item(None);
    let recorded = found(source(&snapshot(vec![item.clone()])).lookup(&stated, &[]));
    let unverified = vec!["tags".to_owned(), "upgrade_policy".to_owned()];
    assert_eq!(differences(&stated, &recorded), (vec![], unverified), "AWS Config may know neither");
    let whole = found(AwsConfig::from_model(&stated, &[], &whole(item)).unwrap());
    assert_eq!(differences(&stated, &whole), (vec!["tags".to_owned(), "upgrade_policy".to_owned()], vec![]));
}

#[test]
fn a_block_somebody_added_is_drift_and_one_that_says_nothing_is_not() {
    let case = all().into_iter().find(|c| c.terraform == "aws_sfn_state_machine").unwrap();
    let mut stated = case.declared();
    stated.values["logging_configuration"] = json!([]);
    let differs = |configuration: Value| {
        let item = case.item(Some(("/LoggingConfiguration", &configuration)));
        differences(&stated, &found(source(&snapshot(vec![item])).lookup(&stated, &[]))).0
    };
    assert_eq!(differs(json!({"Level": "ALL", "IncludeExecutionData": true})), ["logging_configuration"]);
    assert_eq!(differs(json!({"IncludeExecutionData": false, "Destinations": []})), Vec::<String>::new());
    assert_eq!(differs(Value::Null), Vec::<String>::new());
}

#[test]
fn a_block_somebody_took_away_is_drift() {
    let case = all().into_iter().find(|c| c.terraform == "aws_ecs_service").unwrap();
    assert_eq!(case.verdict(Some(("/LoadBalancers", &json!([])))).0, ["load_balancer"]);
    assert_eq!(case.verdict(Some(("/NetworkConfiguration", &Value::Null))).0, ["network_configuration"]);
}

#[test]
fn a_rule_somebody_added_to_a_group_is_seen_by_cloud_control() {
    let case = all().into_iter().find(|c| c.terraform == "aws_security_group").unwrap();
    let ssh = json!({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"});
    let (changes, unverified) = case.verdict(Some(("/SecurityGroupIngress/2", &ssh)));
    assert!(changes.len() == 1 && changes[0].starts_with("ingress") && unverified.is_empty(), "{changes:?}");
}

#[test]
fn what_aws_config_does_not_record_is_left_to_other_sources() {
    let case = all().into_iter().find(|c| c.terraform == "aws_ssm_parameter").unwrap();
    let vpc = item("AWS::EC2::VPC", "vpc-1", json!({}), json!({}));
    assert!(!source(&snapshot(vec![vpc.clone()])).handles(case.terraform));
    assert!(source(&snapshot(vec![vpc, case.item(None)])).handles(case.terraform));
}

#[test]
fn an_item_of_another_model_says_nothing() {
    let stated = declared("aws_iam_role_policy", json!({"name": "inl", "role": "app", "policy": "{}"}));
    let item = item("AWS::IAM::Role", "app", json!({"RoleName": "app"}), json!({}));
    let answer = AwsConfig::from_model(&stated, &[], &whole(item)).unwrap();
    assert!(matches!(answer, Lookup::Unknown(UnverifiedReason::SourceFailed, _)), "{answer:?}");
}

#[test]
fn cloud_control_is_asked_by_the_models_own_identifier() {
    let ask = |kind: &str, values: Value| AwsConfig::cloud_control(&declared(kind, values));
    let some = |kind: &'static str, id: &str| Some((kind, id.to_owned()));
    assert_eq!(
        ask("aws_ecs_service", json!({"id": "arn:s", "cluster": "arn:c"})),
        some("AWS::ECS::Service", "arn:s|arn:c")
    );
    assert_eq!(
        ask("aws_eks_node_group", json!({"cluster_name": "a", "node_group_name": "b"})),
        some("AWS::EKS::Nodegroup", "a/b")
    );
    assert_eq!(
        ask("aws_opensearch_domain", json!({"domain_name": "logs"})),
        some("AWS::OpenSearchService::Domain", "logs")
    );
    assert_eq!(ask("aws_ecs_service", json!({"id": "arn:s"})), None);
    assert_eq!(ask("aws_of_tomorrow", json!({"id": "x"})), None);
}

#[test]
fn tags_are_found_where_the_model_has_them() {
    let case = all().into_iter().find(|c| c.terraform == "aws_route53_zone").unwrap();
    let mut stated = case.declared();
    stated.values["tags"] = json!({"team": "pay"});
    let mut item = case.item(Some(("/HostedZoneTags", &json!([{"Key": "team", "Value": "ops"}]))));
    item["tags"] = json!({});
    let live = found(source(&snapshot(vec![item])).lookup(&stated, &[]));
    assert_eq!(differences(&stated, &live).0, ["tags.team"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_json_in_a_model_is_mapped_without_panic(value in arbitrary_json(), other in arbitrary_json(), nth in 0usize..64) {
        let cases = all();
        let case = &cases[nth % cases.len()];
        let keys: Vec<&String> = case.configuration.as_object().unwrap().keys().collect();
        let item = case.item(Some((&format!("/{}", keys[nth % keys.len()]), &value)));
        let source = source(&snapshot(vec![item]));
        let _ = source.unmanaged().count();
        let mut stated = case.declared();
        let attributes: Vec<String> = stated.values.as_object().unwrap().keys().cloned().collect();
        let key = &attributes[nth % attributes.len()];
        if key != "arn" {
            stated.values[key] = other;
        }
        let _ = source.lookup(&stated, &[]);
    }
}

mod cases;
mod defaults;
mod mapped;
mod modelled;
mod owners;
mod recorded;
mod recordings;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::declared::InstanceStatus;
use crate::live::generate;

fn recording(name: &str, text: &str) -> Recording {
    Recording { path: name.into(), text: text.to_owned(), modified: None, broken: None }
}

fn source(text: &Value) -> AwsConfig {
    AwsConfig::new(vec![recording("r.json", &text.to_string())])
}

fn declared(resource_type: &str, values: Value) -> DeclaredResource {
    DeclaredResource {
        address: format!("{resource_type}.x").into(),
        resource_type: resource_type.into(),
        provider: "registry.terraform.io/hashicorp/aws".into(),
        values,
        sensitive: vec![],
        dependencies: vec![],
        status: InstanceStatus::Normal,
        source: Arc::new("terraform.tfstate".into()),
    }
}

fn found(lookup: Lookup) -> LiveResource {
    match lookup {
        Lookup::Found(live) => *live,
        other => panic!("not found: {other:?}"),
    }
}

fn item(config_type: &str, id: &str, configuration: Value, supplementary: Value) -> Value {
    json!({
        "accountId": "1", "awsRegion": "eu-west-1", "configurationItemStatus": "OK", "resourceType": config_type,
        "resourceId": id, "resourceName": id, "configuration": configuration.to_string(),
        "supplementaryConfiguration": supplementary, "configurationItemCaptureTime": "2026-11-20T12:00:00Z",
    })
}

fn snapshot(items: Vec<Value>) -> Value {
    json!({"fileVersion": "1.0", "configSnapshotId": "s", "configurationItems": items})
}

fn bucket(supplementary: Value) -> Value {
    snapshot(vec![item("AWS::S3::Bucket", "b", json!({"name": "b"}), supplementary)])
}

fn group(ingress: Value) -> Value {
    let configuration = json!({"groupId": "sg-1", "groupName": "web", "ownerId": "1", "ipPermissions": ingress, "ipPermissionsEgress": []});
    snapshot(vec![item("AWS::EC2::SecurityGroup", "sg-1", configuration, json!({}))])
}

fn permission(port: u16, cidr: &str) -> Value {
    json!({"ipProtocol": "tcp", "fromPort": port, "toPort": port, "ipv4Ranges": [{"cidrIp": cidr}]})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_after_any_beginning_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), cut in 0usize..1200) {
        let mut text = vec![];
        generate::snapshot(1, &mut text).unwrap();
        text.truncate(cut);
        text.extend(&bytes);
        let source = AwsConfig::new(vec![recording("x", &String::from_utf8_lossy(&text))]);
        let _ = (source.unmanaged().count(), source.errors(), source.unsupported());
    }

    #[test]
    fn any_json_as_configuration_is_mapped_without_panic(value in arbitrary_json(), kind in 0usize..4, key in "[a-zA-Z.]{1,12}") {
        let mut item = generate::item(kind).unwrap();
        let own: Vec<String> = item["configuration"].as_object().unwrap().keys().cloned().collect();
        item["configuration"][&own[key.len() % own.len()]] = value.clone();
        item["configuration"][&key] = value.clone();
        item["supplementaryConfiguration"]["BucketPolicy"] = value.clone();
        item["tags"] = value;
        let source = source(&snapshot(vec![item]));
        for resource in source.unmanaged().collect::<Vec<_>>() {
            let mut stated = resource.values.clone();
            stated["tags_all"] = json!({"a": "b"});
            let _ = source.lookup(&declared(&resource.resource_type, stated), &[]);
        }
    }
}

fn arbitrary_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("{\"a\": [1]}")),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-zA-Z]{1,8}", inner, 0..4)
                .prop_map(|m| m.into_iter().collect::<Value>()),
        ]
    })
}

//! Recorded answers of AWS and of its emulators.

use std::path::Path;

use super::*;
use crate::live::{Reader as _, documents};

#[test]
fn a_described_group_and_a_recorded_one_have_the_same_shape() {
    let Some(history) = crate::testing::shared("fixtures/aws/recorded/sg_pitr_config_history.json") else { return };
    let only = |path: &Path| documents(path).unwrap().into_iter().find(|r| r.values["id"] == "sg-a38ed1de").unwrap();
    let recorded = only(&history);
    let reverted = only(&history.with_file_name("sg_pitr_live_reverted.json"));
    let drifted = only(&history.with_file_name("sg_pitr_live_drifted.json"));
    let sorted = |live: &LiveResource, key: &str| {
        let mut rules: Vec<String> = live.values[key]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| {
                let mut rule = r.clone();
                rule.as_object_mut().unwrap().remove("description");
                rule.to_string()
            })
            .collect();
        rules.sort();
        rules
    };
    for key in ["ingress", "egress"] {
        assert_eq!(sorted(&recorded, key), sorted(&reverted, key), "{key}");
    }
    assert_eq!(recorded.values["tags"], reverted.values["tags"]);
    assert_eq!(recorded.resource_type, drifted.resource_type);
    let added: Vec<String> =
        sorted(&drifted, "ingress").into_iter().filter(|r| !sorted(&recorded, "ingress").contains(r)).collect();
    assert_eq!(added.len(), 2, "{added:?}");
    assert!(added.iter().any(|r| r.contains("\"from_port\":22") && r.contains("\"self\":true")));
    assert!(added.iter().any(|r| r.contains("icmp") && r.contains("sg-a08ed1dd")));
    assert_eq!(drifted.values["tags"], json!({"App": "blue-moon", "NetworkLocation": "Public", "Scope": "Account"}));
}

#[test]
fn every_recorded_answer_opens_and_is_found_again() {
    let Some(lab) = crate::testing::shared("lab/recorded") else { return };
    for entry in std::fs::read_dir(lab).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !(name.contains("config_batch_get") || name.contains("config_history")) {
            continue;
        }
        let all = documents(&entry.path()).unwrap_or_else(|e| panic!("{name}: {e:?}"));
        assert_eq!(all.len(), 1, "{name}");
        assert!(matches!(&all[0].observable, Observable::Paths(p) if p.len() >= 3), "{name}: {:?}", all[0].observable);
        assert!(all[0].captured_at.is_some(), "{name}");
    }
}

#[test]
fn a_notification_is_read_bare_and_in_its_envelopes() {
    let Some(path) = crate::testing::shared("fixtures/aws/config/doc_ci_change_notification.json") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let mut sns: Value = serde_json::from_str(&text).unwrap();
    let bare = sns["Message"].clone();
    sns["Message"] = json!(bare.to_string());
    let bridge = json!({"detail-type": "Config Configuration Item Change", "detail": {"configurationItem": bare["configurationItem"][0]}});
    for form in [text, bare.to_string(), sns.to_string(), bridge.to_string()] {
        assert!(crate::live::aws_config::AwsReader.recognises(&recording("n.json", &form)), "{form}");
        let source = AwsConfig::new(vec![recording("n.json", &form)]);
        let found: Vec<String> = source.unmanaged().map(|r| r.resource_type.to_string()).collect();
        assert_eq!(found, ["aws_ebs_volume"]);
    }
}

#[test]
fn an_item_alone_in_its_file_is_a_recording() {
    let vpc = item("AWS::EC2::VPC", "vpc-1", json!({"cidrBlock": "10.0.0.0/16"}), json!({}));
    let file = recording("vpc.json", &vpc.to_string());
    assert!(crate::live::aws_config::AwsReader.recognises(&file));
    let source = AwsConfig::new(vec![file]);
    let found = found(source.lookup(&declared("aws_vpc", json!({"id": "vpc-1"})), &[]));
    assert_eq!(found.values["cidr_block"], "10.0.0.0/16");
    let other = declared("aws_vpc", json!({"id": "vpc-2"}));
    assert!(matches!(source.lookup(&other, &[]), Lookup::Unknown(..)), "it says nothing of others");
}

#[test]
fn other_json_is_not_mistaken_for_a_recording() {
    let others = [
        "{}",
        "[]",
        "[{\"a\":1}]",
        "{\"kind\":\"List\",\"items\":[]}",
        "{\"data\":{\"a\":\"{}\"}}",
        "configurationItems: []",
        "",
        "{\"nextToken\":\"x\"}",
    ];
    for text in others {
        assert!(!crate::live::aws_config::AwsReader.recognises(&recording("x", text)), "{text}");
    }
}

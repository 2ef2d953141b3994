//! `terraform state mv`, a move into a module, another key of `for_each`: the same resource at another address, and the same drift.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use driftguard::drift::{Finding, State};
use driftguard::store::Store;
use serde_json::{Value, json};

use super::postgres::Database;
use super::scan::open_store;
use super::store::{acknowledge, all, finding, note, scan};
use super::support::{driftguard, run};

/// Terraform's id of a file: the SHA-1 of what it is to hold.
const ID: &str = "85fcd345dd2c8f9e3199adb5459a5e1dc2d4e76c";

/// A file that somebody changed by hand, and a state that has it at these addresses: module, name and key. It is scanned.
fn state(home: &Path, addresses: &[(&str, &str, &str)]) {
    let (file, place) = (home.join("motd"), home.join("terraform.tfstate"));
    std::fs::write(&file, "changed by hand\n").unwrap();
    let resources = addresses.iter().map(|(module, name, key)| {
        let mut instance = json!({"attributes": {"content": "welcome\n", "filename": file, "id": ID}});
        if !key.is_empty() {
            instance["index_key"] = json!(key);
        }
        let mut resource = json!({"mode": "managed", "type": "local_file", "name": name, "instances": [instance],
            "provider": "provider[\"registry.terraform.io/hashicorp/local\"]"});
        if !module.is_empty() {
            resource["module"] = json!(module);
        }
        resource
    });
    let resources: Vec<Value> = resources.collect();
    let state = json!({"version": 4, "serial": addresses.len(), "lineage": "l", "resources": resources});
    std::fs::write(&place, state.to_string()).unwrap();
    let directory = home.join("config/driftguard");
    std::fs::create_dir_all(&directory).unwrap();
    let configuration = format!("[[environment]]\nslug = \"prod\"\ncloud_provider = \"host\"\nstate = [{place:?}]\n");
    std::fs::write(directory.join("config.toml"), configuration).unwrap();
    let (code, out, err) = run(driftguard(home).args(["scan", "--env", "prod"]));
    assert_eq!(code, 2, "{out}{err}");
}

fn triage(home: &Path, script: &str) -> String {
    let mut command = driftguard(home);
    command.args(["triage", "--plain", "--utc"]).env("TERM", "dumb");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_resource_that_is_moved_in_the_state_keeps_its_drift_and_what_was_decided() {
    let home = tempfile::tempdir().unwrap();
    state(home.path(), &[("", "motd", "")]);
    let said = triage(home.path(), "ack 1\nnote 1 asked jsmith, he knows\nassign 1 bob\ncause 1 emergency_fix\nquit\n");
    assert!(said.contains("local_file.motd"), "{said}");
    // Into a module, under a key of `for_each`.
    let new = r#"module.etc.local_file.files["motd"]"#;
    state(home.path(), &[("module.etc", "files", "motd")]);
    let said = triage(home.path(), "list\nshow 1\nhistory 1\nquit\n");
    let why = format!("its resource was moved in the state from local_file.motd to {new}");
    for part in [
        new,
        "   moved from local_file.motd\n",
        "1 drift listed",
        "acknowledged",
        "bob",
        "asked jsmith, he knows",
        "cause: emergency_fix, confidence 0.95",
        "advice: codify_iac",
        &why,
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    // And on to another key; the whole way is in its history.
    let third = r#"module.etc.local_file.files["welcome"]"#;
    state(home.path(), &[("module.etc", "files", "welcome")]);
    let said = triage(home.path(), "list\nhistory 1\nquit\n");
    let on = format!("its resource was moved in the state from {new} to {third}");
    for part in [third, "1 drift listed", "bob", "asked jsmith, he knows", &why, &on] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn a_resource_that_is_imported_twice_did_not_move() {
    let home = tempfile::tempdir().unwrap();
    state(home.path(), &[("", "motd", "")]);
    triage(home.path(), "ack 1\nquit\n");
    state(home.path(), &[("", "motd", ""), ("", "again", "")]);
    let said = triage(home.path(), "list\nquit\n");
    assert!(said.contains("2 drifts listed") && !said.contains("was moved"), "{said}");
}

/// Security groups of which AWS Config holds a copy: address in the state, name in the cloud, tags, and networks that may come in.
type Group<'a> = (&'a str, &'a str, Value, &'a [&'a str]);

/// All of them allow one network in the state. They are scanned.
fn groups(home: &Path, groups: &[Group<'_>]) -> (i32, String, String) {
    let id = |name: &str| format!("sg-{:0>17}", name.len());
    let arn = |name: &str| format!("arn:aws:ec2:eu-central-1:123456789012:security-group/{}", id(name));
    let declared = groups.iter().map(|(address, name, tags, _)| {
        let rule = json!({"cidr_blocks": ["10.0.0.0/8"], "description": "", "from_port": 443, "ipv6_cidr_blocks": [], "prefix_list_ids": [],
            "protocol": "tcp", "security_groups": [], "self": false, "to_port": 443});
        let attributes = json!({"id": id(name), "arn": arn(name), "name": name, "description": "servers", "vpc_id": "vpc-1",
            "owner_id": "123456789012", "egress": [], "ingress": [rule], "tags": tags});
        json!({"mode": "managed", "type": "aws_security_group", "name": address, "instances": [{"attributes": attributes}],
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]"})
    });
    let state = json!({"version": 4, "serial": 1, "lineage": "l", "resources": declared.collect::<Vec<_>>()});
    let live = groups.iter().map(|(_, name, tags, networks)| {
        let ranges: Vec<Value> = networks.iter().map(|network| json!({"cidrIp": network})).collect();
        let rule = json!({"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "ipRanges": networks, "ipv4Ranges": ranges,
            "ipv6Ranges": [], "prefixListIds": [], "userIdGroupPairs": []});
        let pairs = tags.as_object().unwrap().iter().map(|(key, value)| json!({"key": key, "value": value}));
        json!({"configurationItemVersion": "1.3", "configurationItemCaptureTime": "2026-11-22T17:00:00Z", "awsAccountId": "123456789012",
            "configurationItemStatus": "OK", "resourceType": "AWS::EC2::SecurityGroup", "resourceId": id(name), "resourceName": name,
            "ARN": arn(name), "awsRegion": "eu-central-1", "tags": tags, "configuration": {"groupId": id(name), "groupName": name,
            "description": "servers", "vpcId": "vpc-1", "ownerId": "123456789012", "tags": pairs.collect::<Vec<_>>(),
            "ipPermissionsEgress": [], "ipPermissions": [rule]}})
    });
    let snapshot =
        json!({"fileVersion": "1.0", "configSnapshotId": "a", "configurationItems": live.collect::<Vec<_>>()});
    let (place, recording) = (home.join("terraform.tfstate"), home.join("snapshot.json"));
    std::fs::write(&place, state.to_string()).unwrap();
    std::fs::write(&recording, snapshot.to_string()).unwrap();
    let directory = home.join("config/driftguard");
    std::fs::create_dir_all(&directory).unwrap();
    let configuration = format!(
        "[[environment]]\nslug = \"prod\"\ncloud_provider = \"aws\"\nregion = \"eu-central-1\"\naccount_id = \"123456789012\"\n\
         state = [{place:?}]\nlive = [{recording:?}]\n"
    );
    std::fs::write(directory.join("config.toml"), configuration).unwrap();
    run(driftguard(home).args(["scan", "--env", "prod"]))
}

#[test]
fn what_stands_at_the_old_address_later_is_not_what_the_moved_resource_was() {
    let home = tempfile::tempdir().unwrap();
    let opened = ["10.0.0.0/8", "203.0.113.0/24"];
    let (code, out, err) = groups(home.path(), &[("web", "web", json!({}), &opened)]);
    assert_eq!(code, 2, "{out}{err}");
    triage(home.path(), "ack 1\nassign 1 bob\nquit\n");
    groups(home.path(), &[("web2", "web", json!({}), &opened)]);
    let other = || ("web", "other", json!({"Team": "b"}), &["10.0.0.0/8"][..]);
    // The second of them remembers what the first saw.
    for _ in 0..3 {
        let (code, out, err) = groups(home.path(), &[("web2", "web", json!({}), &opened), other()]);
        assert!(code == 2 && !out.contains("Team"), "{out}{err}");
        let said = triage(home.path(), "list\nshow 1\nquit\n");
        for part in ["aws_security_group.web2", "1 drift listed", "acknowledged", "bob", "203.0.113.0/24"] {
            assert!(said.contains(part), "{part}\n{said}");
        }
        assert!(!said.contains("Team"), "{said}");
    }
}

/// Two drifts that somebody knows of, moved in one scan.
fn keeps_what_was_decided(store: &dyn Store) {
    let names = ["aws_vpc.main", "aws_vpc.other"];
    let old = scan(store, names.map(finding).to_vec());
    for event in &old {
        store.decide(note(event.id, "asked the network team")).unwrap();
        store.decide(acknowledge(event.id)).unwrap();
    }
    let moved = |name: &str| {
        let mut found: Finding = finding(&format!("module.net.{name}"));
        found.resource.previous_address = Some(name.into());
        found
    };
    let new = scan(store, names.map(moved).to_vec());
    for ((event, before), name) in new.iter().zip(&old).zip(names) {
        let detail = store.drift(event.id).unwrap();
        assert_eq!((detail.event.state, detail.event.note_count), (State::Acknowledged, 1));
        assert_eq!(detail.event.detected_at, before.detected_at);
        let actions: Vec<&str> = detail.history.iter().map(|entry| entry.action.as_str()).collect();
        assert_eq!(actions, ["moved", "acknowledge", "note"]);
        let why = detail.history[0].reason.as_ref().unwrap().line();
        assert_eq!(why, format!("its resource was moved in the state from {name} to module.net.{name}"));
        let gone = store.drift(before.id).unwrap().event;
        assert_eq!((gone.state, gone.superseded_by), (State::Closed, Some(event.id)));
    }
    let stands = all(store).into_iter().filter(|event| event.state != State::Closed).count();
    assert_eq!((stands, store.verify().unwrap().faults), (2, Vec::<String>::new()));
}

#[test]
fn files_and_a_database_keep_what_was_decided_of_what_moved() {
    let home = tempfile::tempdir().unwrap();
    keeps_what_was_decided(open_store(&home.path().join("store")).as_ref());
    if let Some(database) = Database::new() {
        keeps_what_was_decided(database.open("acme").as_ref());
    }
}

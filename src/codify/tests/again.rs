//! What an edit says is read again: it is right, or not made.

use super::*;
use crate::compare::{Dialect, Knowledge, Observable, Subject, compare_with};

/// Code of `kind.w`, with what the state says of it and what is live, as a scan compares them.
fn codified(kind: &str, code: &str, before: Value, after: Value) -> Patch {
    planned(kind, &[("main.tf", code)], (before, after))
}

fn planned(kind: &str, files: &[(&str, &str)], (before, after): (Value, Value)) -> Patch {
    let home = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(home.path().join(name), text).unwrap();
    }
    planned_in(home.path(), kind, before, after).unwrap()
}

fn planned_in(root: &Path, kind: &str, before: Value, after: Value) -> Result<Patch, String> {
    let knowledge = Knowledge::default();
    let compare = |declared: &Value, live: &Value| {
        let (dialect, observable) = (Dialect::Terraform, &Observable::All);
        let subject = Subject { dialect, resource_type: kind, declared, live, memory: None, observable };
        compare_with(&subject, &knowledge.settings(None)).changes
    };
    let changes: Vec<Change> = compare(&before, &after)
        .into_iter()
        .map(|one| Change {
            path: one.path.as_str().into(),
            change_type: one.change_type,
            declared: one.declared.map(Masked::trusted),
            actual: one.actual.map(Masked::trusted),
            is_security_critical: false,
            remembered_at: None,
        })
        .collect();
    assert!(!changes.is_empty());
    let paths = |a: &Value, b: &Value| compare(a, b).into_iter().map(|one| one.path).collect();
    let (before, after) = (Masked::trusted(before), Masked::trusted(after));
    let resource = ResourceRef {
        resource_type: kind.into(),
        resource_id: format!("{kind}.w").into(),
        previous_address: None,
        provider_id: None,
        declared_in: None,
    };
    let asked = Asked {
        resource: &resource,
        drift_type: DriftType::Modified,
        changes: &changes,
        declared: Some(&before),
        live: Some(&after),
        compare: Some(&paths),
    };
    let spot = Spot { root: root.to_owned(), file: root.join("main.tf"), line: 1 };
    Patch::plan(&asked, &spot, &Kinds::default())
}

fn block(kind: &str, inside: &str) -> String {
    format!("resource \"{kind}\" \"w\" {{\n  name = \"w\"\n{inside}}}\n")
}

/// The one list that the code has, before and after, of which everything is written.
fn list(kind: &str, name: &str, [code, before, after]: [&str; 3]) -> Result<String, String> {
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let text = block(kind, &format!("  {name} = {code}\n"));
    let patch =
        codified(kind, &text, json!({"name": "w", name: read(before)}), json!({"name": "w", name: read(after)}));
    match patch.left.first() {
        Some(left) => {
            assert!(patch.is_empty() && patch.written.is_empty(), "{patch:?}");
            Err(left.why.clone())
        }
        // An empty one has no line.
        None => {
            let value = patch.own.after.split_once(&format!("{name} = ")).map_or("[]", |(_, value)| value);
            Ok(value.trim_end_matches("\n}\n").to_owned())
        }
    }
}

#[test]
fn a_list_whose_elements_have_places_is_written_as_it_is_live() {
    let layers = |code, before, after| list("aws_lambda_function", "layers", [code, before, after]);
    let ab = "[\"a\", \"b\"]";
    let abcd = "[\"a\", \"b\", \"c\", \"d\"]";
    for (code, after) in [
        (ab, "[\"x\", \"a\", \"b\"]"),
        (ab, "[\"b\", \"a\"]"),
        (ab, "[\"x\", \"y\", \"a\", \"b\"]"),
        (abcd, "[\"a\", \"d\"]"),
        (abcd, "[\"c\", \"d\"]"),
        (abcd, "[\"x\", \"a\", \"d\"]"),
        ("[\"a\", \"b\", \"a\"]", "[\"a\", \"z\", \"b\", \"a\"]"),
    ] {
        assert_eq!(layers(code, code, after).unwrap(), after, "{code}");
    }
}

#[test]
fn a_list_that_the_state_has_sorted_keeps_the_order_of_the_code() {
    let sets =
        |after| list("google_container_cluster", "node_locations", ["[\"z-b\", \"z-a\"]", "[\"z-a\", \"z-b\"]", after]);
    assert_eq!(sets("[\"z-b\"]").unwrap(), "[\"z-b\"]");
    assert_eq!(sets("[\"z-a\", \"z-c\"]").unwrap(), "[\"z-a\", \"z-c\"]");
    assert_eq!(sets("[\"z-a\", \"z-b\", \"z-c\"]").unwrap(), "[\"z-b\", \"z-a\", \"z-c\"]");
    // No set: somebody has reordered the code.
    let why = list("aws_lambda_function", "layers", ["[\"a\", \"b\"]", "[\"b\", \"a\"]", "[\"c\", \"b\", \"a\"]"])
        .unwrap_err();
    assert!(why.contains("the code lists something else than the state, or in another order"), "{why}");
    let why = list("aws_lambda_function", "layers", ["[\"a\", \"x\"]", ab(), "[\"c\"]"]).unwrap_err();
    assert!(why.contains("the code says something else about layers than the state"), "{why}");
}

fn ab() -> &'static str {
    "[\"a\", \"b\"]"
}

#[test]
fn lines_and_comments_of_elements_that_stay_stay() {
    let code = "[\n    \"a\", # one\n    # about b\n    \"b\", # two\n    \"c\" # three\n  ]";
    let said = |after| list("aws_lambda_function", "layers", [code, "[\"a\", \"b\", \"c\"]", after]).unwrap();
    assert_eq!(said("[\"n\", \"a\", \"b\", \"c\"]"), code.replace("    \"a\"", "    \"n\",\n    \"a\""));
    assert_eq!(said("[\"a\", \"c\", \"n\"]"), "[\n    \"a\", # one\n    # about b\n    \"c\", # three\n    \"n\"\n  ]");
}

#[test]
fn of_two_values_that_are_worked_out_none_is_taken_for_the_other() {
    let (before, after) = (json!({"name": "w", "layers": ["x", "b", "y"]}), json!({"name": "w", "layers": ["b", "y"]}));
    let two = block("aws_lambda_function", "  layers = [var.x, \"b\", var.y]\n");
    let why = codified("aws_lambda_function", &two, before, after).left.remove(0).why;
    assert!(why.contains("which element is meant is not known"), "{why}");
}

const WALL: &str = "  allow {\n    protocol = \"udp\"\n    ports    = [\"53\"]\n  }\n\n  allow {\n    protocol = \"tcp\"\n    ports    = [\"22\"]\n  }\n";

#[test]
fn the_block_that_says_what_the_state_says_is_the_one_that_is_meant() {
    let rule = |protocol: &str, ports: &[&str]| json!({"protocol": protocol, "ports": ports});
    let side = |allow: Vec<Value>| json!({"name": "w", "allow": allow});
    let code = block("google_compute_firewall", WALL);
    let before = || side(vec![rule("tcp", &["22"]), rule("udp", &["53"])]);
    let patch = codified(
        "google_compute_firewall",
        &code,
        before(),
        side(vec![rule("tcp", &["22", "80"]), rule("udp", &["53"])]),
    );
    assert_eq!((patch.left.as_slice(), patch.own.after), (&[][..], code.replace("[\"22\"]", "[\"22\", \"80\"]")));
    let gone = codified("google_compute_firewall", &code, before(), side(vec![rule("udp", &["53"])]));
    assert_eq!(gone.left, []);
    assert!(!gone.own.after.contains("tcp") && gone.own.after.contains("udp"), "{}", gone.own.after);
    // Nothing in the code tells them apart.
    let open = block(
        "google_compute_firewall",
        &WALL
            .replace("\"tcp\"", "var.a")
            .replace("\"udp\"", "var.b")
            .replace("\"22\"", "var.c")
            .replace("\"53\"", "var.d"),
    );
    let refused = codified(
        "google_compute_firewall",
        &open,
        before(),
        side(vec![rule("tcp", &["22", "80"]), rule("udp", &["53"])]),
    );
    assert!(
        refused.is_empty() && refused.left[0].why.contains("which of its blocks is meant is not known"),
        "{refused:?}"
    );
}

#[test]
fn several_blocks_that_are_gone_leave_the_right_one() {
    let side = |all: &[&str]| json!({"name": "w", "allow": all.iter().map(|one| json!({"protocol": one})).collect::<Vec<_>>()});
    let inside: String =
        ["tcp", "udp", "icmp"].map(|one| format!("  allow {{\n    protocol = \"{one}\"\n  }}\n")).concat();
    let code = block("google_compute_firewall", &inside);
    let patch = codified("google_compute_firewall", &code, side(&["tcp", "udp", "icmp"]), side(&["icmp"]));
    assert_eq!(patch.left, []);
    assert_eq!(patch.own.after.matches("protocol").count(), 1, "{}", patch.own.after);
    assert!(patch.own.after.contains("icmp"));
}

#[test]
fn code_that_does_not_say_what_the_state_says_is_not_edited() {
    let side = |name: &str, value: &str| json!({"ami": "a", name: value});
    let code = |line: &str| format!("resource \"aws_instance\" \"w\" {{\n  ami = \"a\"\n  {line}\n}}\n");
    let why = |line: &str, name: &str, [before, after]: [&str; 2]| {
        let patch = codified("aws_instance", &code(line), side(name, before), side(name, after));
        assert!(patch.is_empty() && patch.written.is_empty(), "{patch:?}");
        patch.left[0].why.clone()
    };
    let said = why("instance_type = \"t3.small\"", "instance_type", ["t3.micro", "t3.large"]);
    let told = "the code says \"t3.small\" for instance_type, the state \"t3.micro\": apply it first, or write it by hand (main.tf:3)";
    assert_eq!(said, told);
    let hash = why(
        "user_data = \"#!/bin/sh\\necho hi\"",
        "user_data",
        ["da39a3ee5e6b4b0d3255bfef95601890afd80709", "0a4d55a8d778e5022fab701977c5d840bbc486d0"],
    );
    assert!(hash.contains("apply it first, or write it by hand"), "{hash}");
    // Whoever wrote it already has nothing to edit.
    let done = codified(
        "aws_instance",
        &code("instance_type = \"t3.large\""),
        side("instance_type", "t3.micro"),
        side("instance_type", "t3.large"),
    );
    assert!(done.is_empty() && done.left.is_empty() && done.written.len() == 1, "{done:?}");
    // Not where a part of it has to be worked out.
    let half = block("aws_lambda_function", "  layers = [var.x, \"b\"]\n");
    let layers = |a: &str, b: &str| json!({"name": "w", "layers": [a, b]});
    let half = codified("aws_lambda_function", &half, layers("1", "c"), layers("2", "b"));
    assert!(half.written.is_empty() && half.left.len() == 2, "{half:?}");
}

#[test]
fn a_resource_that_another_file_says_something_of_is_left_alone() {
    let code = "resource \"aws_instance\" \"w\" {\n  instance_type = \"t3.micro\"\n}\n";
    let sides = || (json!({"instance_type": "t3.micro"}), json!({"instance_type": "t3.large"}));
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("main.tf"), code).unwrap();
    let plan = || planned_in(home.path(), "aws_instance", sides().0, sides().1);
    assert!(plan().unwrap().left.is_empty());
    let json = "{\"resource\": {\"aws_instance\": {\"w\": {\"instance_type\": \"t3.micro\"}}}}";
    fs::write(home.path().join("override.tf.json"), json).unwrap();
    assert!(plan().unwrap_err().contains("override.tf.json says something of it, too"));
    fs::remove_file(home.path().join("override.tf.json")).unwrap();
    fs::create_dir(home.path().join("shared")).unwrap();
    fs::write(home.path().join("shared/o.tf"), code).unwrap();
    std::os::unix::fs::symlink("shared/o.tf", home.path().join("o_override.tf")).unwrap();
    assert!(plan().unwrap_err().contains("o_override.tf says something of it, too"));
}

const GROUP: &str = "  ingress {\n    from_port   = 22\n    to_port     = 22\n    protocol    = \"tcp\"\n    cidr_blocks = [\"10.0.0.0/8\"]\n  }\n";

#[test]
fn a_rule_of_a_group_to_itself_is_written_as_such() {
    let side = |own: bool| json!({"name": "w", "ingress": [{"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": ["10.0.0.0/8"], "self": own}]});
    let code = block("aws_security_group", GROUP);
    let more = codified("aws_security_group", &code, side(false), side(true));
    assert_eq!(more.left, []);
    assert_eq!(changed_lines(&code, &more.own.after), ["+    self        = true"]);
    let less = codified("aws_security_group", &more.own.after, side(true), side(false));
    assert_eq!((less.left.as_slice(), less.own.after.as_str()), (&[][..], code.as_str()));
}

fn policy(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

#[test]
fn json_in_a_text_stays_json_when_its_last_part_goes() {
    let text = |more: &str| {
        format!(
            "  policy = <<EOT\n{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {{\n      \"Sid\": \"A\",\n      \"Effect\": \"Allow\",\n      \"Resource\": \"*\",\n      \"Action\": [\n        \"s3:GetObject\",\n        \"s3:PutObject\"\n      ]{more}\n    }}\n  ]\n}}\nEOT\n"
        )
    };
    let statement = |actions: &[&str]| json!({"Sid": "A", "Effect": "Allow", "Resource": "*", "Action": actions});
    let both = statement(&["s3:GetObject", "s3:PutObject"]);
    let side = |one: &Value| json!({"name": "w", "policy": policy(std::slice::from_ref(one))});
    let code = block("aws_iam_policy", &text(""));
    let one = codified("aws_iam_policy", &code, side(&both), side(&statement(&["s3:GetObject"])));
    assert_eq!(one.left, []);
    assert_eq!(one.own.after, code.replace("\"s3:GetObject\",\n        \"s3:PutObject\"", "\"s3:GetObject\""));
    let condition =
        block("aws_iam_policy", &text(",\n      \"Condition\": {\"Bool\": {\"aws:SecureTransport\": \"true\"}}"));
    let mut with = both.clone();
    with["Condition"] = json!({"Bool": {"aws:SecureTransport": "true"}});
    let gone = codified("aws_iam_policy", &condition, side(&with), side(&both));
    assert_eq!((gone.left.as_slice(), gone.own.after.as_str()), (&[][..], code.as_str()));
}

#[test]
fn new_lines_never_land_in_a_comment() {
    let side = |on: bool| json!({"ami": "a", "ebs_optimized": on});
    let said = |code: &str| codified("aws_instance", code, side(false), side(true));
    for code in [
        "resource \"aws_instance\" \"w\" {\n  ami = \"a\" /* start\n  more */\n}\n",
        "resource \"aws_instance\" \"w\" { /* head\n  x */\n}\n",
        "resource \"aws_instance\" \"w\" /* { */ {\n  lifecycle {}\n}\n",
    ] {
        let patch = said(code);
        assert_eq!(patch.left, [], "{code}");
        assert_eq!(super::of_kind(&patch.own.after, "w", "ebs_optimized"), Some(json!(true)), "{}", patch.own.after);
    }
}

#[test]
fn a_statement_is_written_as_a_whole_or_not_at_all() {
    let code = block(
        "aws_s3_bucket_policy",
        "  policy = jsonencode({\n    Version = \"2012-10-17\"\n    Statement = [{\n      Sid       = \"A\"\n      Effect    = \"Deny\"\n      Principal = \"*\"\n      Action    = \"s3:*\"\n      Resource  = \"*\"\n    }]\n  })\n",
    );
    let deny = json!({"Sid": "A", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"});
    let allow = json!({"Sid": "A", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": ["s3:GetObject"], "Resource": "*"});
    let side = |one: &Value| json!({"name": "w", "policy": policy(std::slice::from_ref(one))});
    let patch = codified("aws_s3_bucket_policy", &code, side(&deny), side(&allow));
    assert!(patch.is_empty() && patch.written.is_empty(), "{patch:?}");
    assert!(patch.left.iter().any(|one| one.why.contains("half of a rule may allow more")), "{:?}", patch.left);
}

#[test]
fn a_statement_that_is_new_is_written_as_it_is_spelt_live() {
    let old = json!({"Sid": "A", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"});
    let new = json!({"Sid": "B", "Effect": "Allow", "Action": "ec2:RunInstances", "Resource": "*"});
    let code = block(
        "aws_iam_policy",
        "  policy = jsonencode({\n    Version   = \"2012-10-17\"\n    Statement = [{ Sid = \"A\", Effect = \"Allow\", Action = [\"s3:GetObject\"], Resource = \"*\" }]\n  })\n",
    );
    let side = |all: &[Value]| json!({"name": "w", "policy": policy(all)});
    let patch = codified("aws_iam_policy", &code, side(std::slice::from_ref(&old)), side(&[old.clone(), new]));
    assert_eq!(patch.left, []);
    assert!(patch.own.after.contains("Action = \"ec2:RunInstances\""), "{}", patch.own.after);
}

#[test]
fn what_nobody_knows_to_be_settable_is_not_written() {
    let code = "resource \"digitalocean_droplet\" \"w\" {\n  size = \"s-1\"\n}\n";
    let before = json!({"size": "s-1", "ipv4_address": "1.1.1.1", "status": "active", "disk": 25});
    let after = json!({"size": "s-2", "ipv4_address": "1.1.1.2", "status": "off", "disk": 50});
    let patch = codified("digitalocean_droplet", code, before, after);
    assert_eq!(changed_lines(code, &patch.own.after), ["-  size = \"s-1\"", "+  size = \"s-2\""]);
    assert!(!patch.left.is_empty());
    assert!(
        patch.left.iter().all(|one| one.why.contains("whether code can say") || one.why.contains("computes it")),
        "{:?}",
        patch.left
    );
    let code = block("aws_lambda_function", "  source_code_hash = \"abc=\"\n");
    let hash = |text: &str| json!({"name": "w", "source_code_hash": text});
    let patch = codified("aws_lambda_function", &code, hash("abc="), hash("def="));
    assert!(patch.is_empty() && patch.left[0].why.contains("worked out from a file"), "{patch:?}");
}

#[test]
fn what_comes_with_another_value_by_itself_is_not_written() {
    let side = |kind: &str, iops: u32, speed: u32| json!({"name": "w", "storage_type": kind, "iops": iops, "storage_throughput": speed});
    let code = block("aws_db_instance", "  storage_type = \"gp2\"\n");
    let patch = codified("aws_db_instance", &code, side("gp2", 0, 0), side("gp3", 3000, 125));
    assert_eq!(patch.own.after, code.replace("gp2", "gp3"));
    assert!(patch.left.iter().all(|one| one.why.contains("the provider gives it out beside")), "{:?}", patch.left);
    let more = codified("aws_db_instance", &code, side("gp2", 0, 0), side("gp3", 9000, 125));
    assert!(more.own.after.contains("= 9000"), "{more:?}");
}

#[test]
fn one_block_for_one_element_need_not_say_what_tells_it_apart() {
    let side = |size: u32| json!({"ami": "a", "root_block_device": [{"volume_size": size, "volume_type": "gp2", "device_name": "/dev/xvda"}]});
    let code = "resource \"aws_instance\" \"w\" {\n  ami = \"a\"\n  root_block_device {\n    volume_size = 8\n  }\n}\n";
    let patch = codified("aws_instance", code, side(8), side(20));
    assert_eq!((patch.left.as_slice(), patch.own.after), (&[][..], code.replace("= 8", "= 20")));
}

#[test]
fn blocks_whose_order_means_something_are_not_written_in_another() {
    let one = |path: &str, ttl: u32| json!({"path_pattern": path, "min_ttl": ttl});
    let side = |all: &[Value]| json!({"name": "w", "ordered_cache_behavior": all});
    let code = block(
        "aws_cloudfront_distribution",
        "  ordered_cache_behavior {\n    path_pattern = \"/a\"\n    min_ttl      = 1\n  }\n",
    );
    let first =
        codified("aws_cloudfront_distribution", &code, side(&[one("/a", 1)]), side(&[one("/x", 3), one("/a", 1)]));
    assert!(first.is_empty() && first.left[0].why.contains("would stand in another order"), "{first:?}");
    let last =
        codified("aws_cloudfront_distribution", &code, side(&[one("/a", 1)]), side(&[one("/a", 1), one("/x", 3)]));
    assert_eq!(last.left, []);
}

#[test]
fn every_workspace_that_gets_the_edit_is_named() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("main.tf"), "resource \"aws_instance\" \"w\" {\n  ami = \"a\"\n}\n").unwrap();
    fs::create_dir_all(home.path().join("terraform.tfstate.d/dev")).unwrap();
    fs::create_dir_all(home.path().join("terraform.tfstate.d/prod")).unwrap();
    let patch = planned_in(home.path(), "aws_instance", json!({"ami": "a"}), json!({"ami": "b"})).unwrap();
    assert_eq!(patch.notes, ["every workspace of the configuration gets the edit: dev, prod"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever is announced as written is what is live: in order, or as a set where the state has sorted it.
    #[test]
    fn a_list_that_is_written_says_what_is_live(
        code in proptest::collection::vec("[a-d]", 0..5), after in proptest::collection::vec("[a-d]", 0..5), is_sorted in any::<bool>()
    ) {
        let mut before = code.clone();
        if is_sorted {
            before.sort();
        }
        let (mut live, is_set) = (after, before != code);
        if is_set {
            live.sort();
        }
        prop_assume!(before != live);
        let text = serde_json::to_string(&code).unwrap();
        let said = list("aws_lambda_function", "layers", [&text, &json!(before).to_string(), &json!(live).to_string()]);
        if let Ok(said) = said {
            let mut said: Vec<String> = serde_json::from_str(&said).unwrap();
            if is_set {
                said.sort();
            }
            prop_assert_eq!(said, live);
        }
    }
}

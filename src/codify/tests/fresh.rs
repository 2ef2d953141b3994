//! Blocks of a kind that the code does not have yet.

use super::*;

const BUCKET: &str = "resource \"aws_s3_bucket\" \"web\" {\n  bucket = \"logs\"\n}\n";

fn planned(code: &str, id: &str, change: Change, declared: Value) -> Patch {
    World::new(code).plan_of(id, DriftType::Modified, &[change], declared).unwrap()
}

/// The lines that come, when all of it is written.
fn added_lines(code: &str, id: &str, change: Change, declared: Value) -> String {
    let patch = planned(code, id, change, declared);
    assert_eq!(patch.left, []);
    let lines = changed_lines(code, &patch.own.after);
    assert!(lines.iter().all(|line| line.starts_with('+')), "{lines:?}");
    lines.iter().map(|line| format!("{}\n", &line[1..])).collect()
}

fn why_not(code: &str, id: &str, change: Change, declared: Value) -> String {
    let patch = planned(code, id, change, declared);
    assert_eq!(patch.own.after, code);
    patch.left.into_iter().map(|one| one.why).collect()
}

#[test]
fn a_block_of_a_well_known_type_is_written_without_what_is_empty_or_computed() {
    let value = json!([{"target_bucket": "audit", "target_prefix": "", "target_grant": []}]);
    let patch = planned(BUCKET, "aws_s3_bucket.web", added("logging", value), json!({}));
    assert_eq!(
        patch.own.after,
        "resource \"aws_s3_bucket\" \"web\" {\n  bucket = \"logs\"\n\n  logging {\n    target_bucket = \"audit\"\n  }\n}\n"
    );
    assert!(patch.notes[0].contains("a resource aws_s3_bucket_logging says it"), "{:?}", patch.notes);
}

#[test]
fn blocks_within_it_are_blocks_and_its_attributes_are_attributes() {
    let value = json!([{"id": "old", "enabled": true, "prefix": "tmp/", "tags": {"a": "b"},
        "abort_incomplete_multipart_upload_days": null, "noncurrent_version_expiration": [],
        "expiration": [{"days": 90, "date": "", "expired_object_delete_marker": false}],
        "transition": [{"days": 30, "storage_class": "GLACIER"}, {"days": 60, "storage_class": "DEEP_ARCHIVE"}]}]);
    let text = added_lines(BUCKET, "aws_s3_bucket.web", added("lifecycle_rule", value), json!({}));
    let wanted = r#"
  lifecycle_rule {
    enabled = true
    id      = "old"
    prefix  = "tmp/"
    tags    = { a = "b" }

    expiration {
      days                         = 90
      expired_object_delete_marker = false
    }

    transition {
      storage_class = "GLACIER"
      days          = 30
    }

    transition {
      storage_class = "DEEP_ARCHIVE"
      days          = 60
    }
  }
"#;
    assert_eq!(text, wanted);
}

#[test]
fn one_property_of_a_block_that_the_code_is_silent_about_makes_a_block_of_it_and_what_it_needs() {
    let code = "resource \"aws_instance\" \"web\" {\n    ami = \"a\"\n\n    lifecycle {\n        prevent_destroy = true\n    }\n}\n";
    let state = json!({"metadata_options": [{"http_endpoint": "enabled", "http_tokens": "optional", "http_put_response_hop_limit": 1}]});
    let tokens = modified("metadata_options[0].http_tokens", json!("required"));
    let world = World::new(code);
    let endpoint = modified("metadata_options[0].http_endpoint", json!("disabled"));
    let patch = world.plan(&[tokens, endpoint], state).unwrap();
    assert_eq!(patch.left, []);
    assert_eq!(
        patch.own.after,
        code.replace(
            "    lifecycle {",
            "    metadata_options {\n        http_tokens = \"required\"\n        http_endpoint = \"disabled\"\n    }\n\n    lifecycle {"
        )
    );
    let state = json!({"lifecycle_rule": [{"id": "a", "enabled": true, "prefix": "", "expiration": [{"days": 1}]}]});
    let days = modified("lifecycle_rule[id=a].expiration[0].days", json!(7));
    let text = added_lines(BUCKET, "aws_s3_bucket.web", days, state);
    assert_eq!(
        text,
        "\n  lifecycle_rule {\n    enabled = true\n    id      = \"a\"\n\n    expiration {\n      days = 7\n    }\n  }\n"
    );
}

#[test]
fn a_block_that_would_take_others_away_is_left_to_a_person() {
    let code = "resource \"aws_instance\" \"web\" {\n  ami = \"a\"\n}\n";
    let state = json!({"ebs_block_device": [{"device_name": "/dev/sdb"}, {"device_name": "/dev/sdc"}]});
    let new = added("ebs_block_device[device_name=/dev/sdd]", json!({"device_name": "/dev/sdd"}));
    let why = why_not(code, "aws_instance.web", new, state);
    assert!(why.contains("silent about 2 more, which a block would take away"), "{why}");
}

#[test]
fn what_says_nothing_beside_the_rest_of_its_block_is_left_out() {
    let code = "resource \"aws_instance\" \"web\" {\n  ami = \"a\"\n}\n";
    let disk = |kind: &str| {
        let value = json!([{"device_name": "/dev/sdb", "volume_type": kind, "volume_size": 9, "iops": 100, "throughput": 0,
            "volume_id": "vol-1", "encrypted": false, "kms_key_id": "arn:x"}]);
        added_lines(code, "aws_instance.web", added("ebs_block_device", value), json!({"ebs_block_device": []}))
    };
    assert_eq!(
        disk("gp2"),
        "\n  ebs_block_device {\n    device_name = \"/dev/sdb\"\n    encrypted   = false\n    volume_size = 9\n    volume_type = \"gp2\"\n  }\n"
    );
    assert!(disk("io1").contains("    iops        = 100\n") && !disk("io1").contains("throughput"));
}

#[test]
fn other_code_of_the_type_tells_what_is_a_block() {
    let other = "resource \"acme_wall\" \"other\" {\n  dynamic \"door\" {\n    for_each = []\n    content {\n      width = 1\n    }\n  }\n  rooms = [{ size = 1 }]\n}\n";
    let own = "resource \"acme_wall\" \"web\" {\n  name = \"a\"\n}\n";
    let code = format!("{own}\n{other}");
    let door = added("door", json!([{"width": 2, "arn": "arn:x"}, {"width": 3}]));
    let text = added_lines(&code, "acme_wall.web", door, json!({}));
    assert_eq!(text, "\n  door {\n    width = 2\n  }\n\n  door {\n    width = 3\n  }\n");
    let rooms = added("rooms", json!([{"size": 2}]));
    assert_eq!(added_lines(&code, "acme_wall.web", rooms, json!({})), "  rooms = [{ size = 2 }]\n");
    // What all of them say is said, too.
    let other = "resource \"acme_wall\" \"other\" {\n  door {\n    width  = 1\n    height = 2\n  }\n}\n";
    let state = json!({"door": [{"width": 1, "height": 3, "colour": "red"}]});
    let text = added_lines(&format!("{own}\n{other}"), "acme_wall.web", modified("door[0].width", json!(4)), state);
    assert_eq!(text, "\n  door {\n    height = 3\n    width  = 4\n  }\n");
}

#[test]
fn where_nobody_knows_whether_it_is_a_block_that_is_said_with_what_would_tell() {
    let code = "resource \"acme_wall\" \"web\" {\n  name = \"a\"\n}\n";
    let why = why_not(code, "acme_wall.web", added("door", json!([{"width": 2}])), json!({}));
    let said = "the code has no `door` yet: whether `door` of acme_wall is a block is not known: `driftguard codify` asks the provider, \
        once `terraform init` was run (main.tf:1)";
    assert_eq!(why, said);
    // A map is no block, and a list of texts neither.
    assert_eq!(
        added_lines(code, "acme_wall.web", added("labels", json!({"a": "b"})), json!({})),
        "  labels = { a = \"b\" }\n"
    );
    let why = why_not(code, "acme_wall.web", added("zones", json!(["a"])), json!({}));
    assert!(
        why.contains("whether code can say `zones` of acme_wall is not known: `driftguard codify` asks the provider"),
        "{why}"
    );
    let other = format!("{code}\nresource \"acme_wall\" \"other\" {{\n  zones = []\n}}\n");
    assert_eq!(added_lines(&other, "acme_wall.web", added("zones", json!(["a"])), json!({})), "  zones = [\"a\"]\n");
}

#[test]
fn all_blocks_of_a_kind_that_is_gone_are_taken_out() {
    let world = World::new(CODE);
    let lines = world.edited(&[removed("ebs_block_device")], json!({}));
    assert!(lines.len() == 8 && lines.iter().all(|line| line.starts_with('-')), "{lines:?}");
    let left = world.plan(&[added("ebs_block_device", json!([{"device_name": "x"}]))], json!({})).unwrap().left;
    assert!(left[0].why.contains("the code has it already"), "{left:?}");
}

#[test]
fn a_block_that_came_in_the_place_of_another_is_written_before_that_goes() {
    let code = BUCKET.replace("\n}", "\n  lifecycle_rule {\n    id      = \"x\"\n    enabled = true\n  }\n}");
    let state = json!({"lifecycle_rule": [{"id": "x", "enabled": true, "prefix": ""}]});
    let new = added("lifecycle_rule[id=y]", json!({"id": "y", "enabled": true, "prefix": "tmp/"}));
    let changes = [removed("lifecycle_rule[id=x]"), new];
    let patch = World::new(&code).plan_of("aws_s3_bucket.web", DriftType::Modified, &changes, state).unwrap();
    assert_eq!(patch.left, []);
    let wanted = "  lifecycle_rule {\n    id      = \"y\"\n    enabled = true\n    prefix  = \"tmp/\"\n  }\n}\n";
    assert!(patch.own.after.ends_with(wanted) && !patch.own.after.contains("\"x\""), "{}", patch.own.after);
    // A blank line before what goes does not stay as a second one.
    let apart = World::new(&code.replace("  lifecycle_rule", "\n  lifecycle_rule"));
    let gone =
        apart.plan_of("aws_s3_bucket.web", DriftType::Modified, &[removed("lifecycle_rule")], json!({})).unwrap();
    assert_eq!(gone.own.after, BUCKET);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_block_that_is_written_says_what_is_live(value in value(), key in "[a-z][a-z_]{0,7}") {
        prop_assume!(!has_secret(&value) && !super::super::fresh::is_nothing(&value));
        let is_of_objects = value.as_array().is_some_and(|list| list.iter().any(Value::is_object));
        let world = World::new(CODE);
        let change = added("credit_specification", json!([{ key.clone(): value.clone() }]));
        let patch = world.plan(&[change], json!({})).unwrap();
        prop_assert!(patch.left.is_empty());
        let body = parse(&patch.own.after).unwrap();
        let block = find(&body, &["aws_instance".into(), "web".into()]).unwrap();
        let new = block.body.get_blocks("credit_specification").next().unwrap();
        let said = new.body.get_attribute(&key).and_then(|one| literal::value(&one.value));
        prop_assert!(said == Some(value) || is_of_objects, "{}", patch.own.after);
    }
}

#[test]
fn the_mark_of_a_secret_is_never_written() {
    let code = "resource \"aws_lambda_function\" \"web\" {\n  function_name = \"w\"\n}\n";
    let state = json!({"environment": [{"variables": {"DB_PASSWORD": "«secret #1a2b»", "X": "1"}}]});
    let change = || modified("environment[0].variables.X", json!("2"));
    let why = why_not(code, "aws_lambda_function.web", change(), state);
    assert!(why.contains("it is a secret"), "{why}");
    let patch = planned(code, "aws_lambda_function.web", change(), json!({"environment": [{"variables": {"X": "1"}}]}));
    assert!(patch.own.after.contains("X = \"2\""), "{}", patch.own.after);
}

#[test]
fn a_map_that_the_code_is_silent_about_is_written_as_a_whole() {
    let code = "resource \"aws_instance\" \"web\" {\n  name = \"w\"\n}\n";
    let change = || modified("settings.b", json!("3"));
    let text = added_lines(code, "aws_instance.web", change(), json!({"settings": {"a": "1", "b": "2"}}));
    assert_eq!(text, "  settings = { a = \"1\", b = \"3\" }\n");
    let why = why_not(code, "aws_instance.web", change(), json!({"settings": {"a": "«secret #1a2b»", "b": "2"}}));
    assert!(why.contains("it is a secret"), "{why}");
}

#[test]
fn objects_of_a_name_that_the_list_does_not_have_may_be_a_block() {
    let code = "resource \"aws_instance\" \"web\" {\n  ami = \"a\"\n}\n";
    let why = why_not(code, "aws_instance.web", added("foo_options", json!([{"x": 1}])), json!({"foo_options": []}));
    assert!(why.contains("whether `foo_options` of aws_instance is a block is not known"), "{why}");
}

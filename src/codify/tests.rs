//! What is edited, what is pointed at, and that nothing else changes.

mod again;
mod follow;
mod fresh;
mod moved;

use std::fs;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::safety::Masked;

/// A file of its own with this code, and a change of `aws_instance.web` in it.
struct World {
    home: tempfile::TempDir,
    code: String,
}

impl World {
    fn new(code: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("main.tf"), code).unwrap();
        Self { home, code: code.to_owned() }
    }

    fn spot(&self) -> Spot {
        Spot { root: self.home.path().to_owned(), file: self.home.path().join("main.tf"), line: 1 }
    }

    fn plan(&self, changes: &[Change], declared: Value) -> Result<Patch, String> {
        self.plan_of("aws_instance.web", DriftType::Modified, changes, declared)
    }

    fn plan_of(&self, id: &str, drift_type: DriftType, changes: &[Change], declared: Value) -> Result<Patch, String> {
        let resource = ResourceRef {
            resource_type: "aws_instance".into(),
            resource_id: id.into(),
            previous_address: None,
            provider_id: None,
            declared_in: None,
        };
        let declared = Masked::trusted(declared);
        let asked =
            Asked { resource: &resource, drift_type, changes, declared: Some(&declared), live: None, compare: None };
        Patch::plan(&asked, &self.spot(), &Kinds::default())
    }

    /// Removed and added lines of the edit, which leaves nothing unwritten.
    fn edited(&self, changes: &[Change], declared: Value) -> Vec<String> {
        let patch = self.plan(changes, declared).unwrap();
        assert_eq!(patch.left, []);
        changed_lines(&self.code, &patch.own.after)
    }
}

fn changed_lines(before: &str, after: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(before, after);
    let sign = |change: similar::Change<&str>| match change.tag() {
        similar::ChangeTag::Equal => None,
        tag => Some(format!("{tag}{}", change.value().trim_end_matches('\n'))),
    };
    diff.iter_all_changes().filter_map(sign).collect()
}

fn modified(path: &str, actual: Value) -> Change {
    change(path, ChangeType::Modified, Some(actual))
}

fn change(path: &str, change_type: ChangeType, actual: Option<Value>) -> Change {
    Change {
        path: path.into(),
        change_type,
        declared: None,
        actual: actual.map(Masked::trusted),
        is_security_critical: false,
        remembered_at: None,
    }
}

fn added(path: &str, actual: Value) -> Change {
    change(path, ChangeType::Added, Some(actual))
}

fn removed(path: &str) -> Change {
    change(path, ChangeType::Removed, None)
}

const CODE: &str = r#"# the web server
resource "aws_instance" "web" {
  ami           = "ami-1" # pinned
  instance_type = "t3.micro"
  monitoring    = false
  user_data     = <<-EOT
    #!/bin/sh
  EOT
  security_groups = ["a", "b"]
  cidrs = [
    "10.0.0.0/8", # office
    "192.0.2.0/24"
  ]
  tags = {
    Name = "web"
    "a.b" = "c"
  }
  subnet_id = var.subnet
  key_name  = local.key
  policy    = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:*" }] })
  root_block_device {
    volume_size = "30"
  }
  ebs_block_device {
    device_name = "/dev/sdb"
    volume_size = 10
  }
  ebs_block_device {
    device_name = "/dev/sdc"
    volume_size = 20
  }

  lifecycle {
    prevent_destroy = true
  }
}

variable "subnet" {}
locals {
  key = "ops"
}
"#;

#[test]
fn a_value_is_changed_where_it_stands_and_its_comment_stays() {
    let world = World::new(CODE);
    let lines = |change: Change| world.edited(&[change], json!({}));
    assert_eq!(
        lines(modified("ami", json!("ami-2"))),
        ["-  ami           = \"ami-1\" # pinned", "+  ami           = \"ami-2\" # pinned"]
    );
    assert_eq!(lines(modified("monitoring", json!(true))), ["-  monitoring    = false", "+  monitoring    = true"]);
    assert_eq!(lines(modified("tags.Name", json!("www")))[1], "+    Name = \"www\"");
    assert_eq!(lines(modified("tags[\"a.b\"]", json!("d")))[1], "+    \"a.b\" = \"d\"");
    assert_eq!(lines(modified("root_block_device[0].volume_size", json!(40)))[1], "+    volume_size = \"40\"");
    assert_eq!(
        lines(modified("policy.Statement[0].Action", json!("s3:GetObject")))[1],
        "+  policy    = jsonencode({ Version = \"2012-10-17\", Statement = [{ Effect = \"Allow\", Action = \"s3:GetObject\" }] })"
    );
}

#[test]
fn an_element_that_is_spelt_otherwise_is_left_to_a_person_and_never_written_beside_the_old_one() {
    let code = "resource \"aws_instance\" \"web\" {\n  policy = jsonencode({ Statement = [{ Action = [\"s3:GetObject\", \"s3:ListBucket\"] }] })\n}\n";
    let world = World::new(code);
    let left = |change: Change| {
        let patch = world.plan(&[change], json!({})).unwrap();
        assert_eq!(patch.own.after, code);
        patch.left.into_iter().map(|one| one.why).collect::<String>()
    };
    let path = |element: &str| format!("policy.Statement[0].Action[={element}]");
    let spelling = "how it is spelt live is not kept";
    assert!(left(modified(&path("s3:listbucket"), json!("s3:putobject"))).contains(spelling));
    assert!(left(added(&path("s3:putobject"), json!("s3:putobject"))).contains(spelling));
    assert!(left(modified(&path("s3:deleteobject"), json!("s3:putobject"))).contains("which element is meant"));
    let gone = world.edited(&[removed(&path("s3:listbucket"))], json!({}));
    assert!(gone[1].contains("Action = [\"s3:GetObject\"]"), "{gone:?}");
}

#[test]
fn what_the_code_does_not_say_is_added_beside_its_like_and_what_is_gone_is_taken_out() {
    let world = World::new(CODE);
    let lines = |change: Change| world.edited(&[change], json!({}));
    assert_eq!(lines(added("tags.Team", json!("pay"))), ["+    Team = \"pay\""]);
    assert_eq!(lines(added("ebs_optimized", json!(true)))[0], "+  ebs_optimized = true");
    assert_eq!(lines(added("metadata.x", json!("y")))[0], "+  metadata  = { x = \"y\" }");
    assert_eq!(lines(added("security_groups[=c]", json!("c")))[1], "+  security_groups = [\"a\", \"b\", \"c\"]");
    assert_eq!(lines(removed("security_groups[=a]"))[1], "+  security_groups = [\"b\"]");
    assert_eq!(lines(removed("security_groups[=b]"))[1], "+  security_groups = [\"a\"]");
    assert_eq!(lines(removed("cidrs[=10.0.0.0/8]")), ["-    \"10.0.0.0/8\", # office"]);
    assert_eq!(
        lines(added("cidrs[=198.51.100.0/24]", json!("198.51.100.0/24"))),
        ["-    \"192.0.2.0/24\"", "+    \"192.0.2.0/24\",", "+    \"198.51.100.0/24\""]
    );
    assert_eq!(lines(removed("tags.Name")), ["-    Name = \"web\""]);
    assert_eq!(lines(removed("monitoring")), ["-  monitoring    = false"]);
}

#[test]
fn the_block_that_is_meant_is_edited_and_no_other() {
    let world = World::new(CODE);
    let declared = json!({"ebs_block_device": [{"device_name": "/dev/sdb"}, {"device_name": "/dev/sdc"}]});
    let by_identity = modified("ebs_block_device[device_name=/dev/sdc].volume_size", json!(21));
    assert_eq!(world.edited(&[by_identity], declared.clone()), ["-    volume_size = 20", "+    volume_size = 21"]);
    let by_place = modified("ebs_block_device[0].volume_size", json!(11));
    assert_eq!(
        world.edited(std::slice::from_ref(&by_place), declared),
        ["-    volume_size = 10", "+    volume_size = 11"]
    );
    let unknown = world.plan(&[by_place], json!({})).unwrap();
    assert!(unknown.is_empty() && unknown.left[0].why.contains("which of its blocks"), "{:?}", unknown.left);
}

#[test]
fn a_whole_block_that_is_new_is_written_as_its_siblings_are() {
    let world = World::new(CODE);
    let declared = json!({"ebs_block_device": [
        {"device_name": "/dev/sdb", "volume_size": 10, "volume_id": "vol-1", "iops": 100, "encrypted": false},
        {"device_name": "/dev/sdc", "volume_size": 20, "volume_id": "vol-2", "iops": 100, "encrypted": false},
    ]});
    let new = |iops: u32| {
        let value = json!({"device_name": "/dev/sdd", "volume_size": 30, "volume_id": "vol-3", "iops": iops, "encrypted": false,
            "tags": {}, "snapshot_id": ""});
        added("ebs_block_device[device_name=/dev/sdd]", value)
    };
    let lines = ["+  ebs_block_device {", "+    device_name = \"/dev/sdd\"", "+    volume_size = 30", "+  }"];
    assert_eq!(world.edited(&[new(100)], declared.clone()), lines);
    // What can be written there is known of this type.
    let other = world.edited(&[new(3000)], declared.clone());
    assert_eq!(other[1..4], ["+    device_name = \"/dev/sdd\"", "+    volume_size = 30", "+    iops        = 3000"]);
    let code = CODE.replace("aws_instance", "acme_instance");
    let unknown = World::new(&code).plan_of("acme_instance.web", DriftType::Modified, &[new(3000)], declared).unwrap();
    assert!(
        unknown.is_empty() && unknown.left[0].why.contains("whether its `iops` has to be written"),
        "{:?}",
        unknown.left
    );
}

const FIREWALL: &str = r#"resource "aws_instance" "web" {
  name = "web"

  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8", var.office]
  }

  ingress {
    description     = "monitoring"
    from_port       = 9100
    to_port         = 9100
    protocol        = "TCP"
    security_groups = [aws_security_group.mon.id]
    cidr_blocks     = ["192.0.2.7/24"]
  }
}
"#;

fn rule(port: u16, cidr: &str, description: &str) -> Change {
    let path = format!("ingress[protocol=tcp,from_port={port},to_port={port},cidr={cidr}]");
    let value = json!({"protocol": "tcp", "from_port": port.to_string(), "to_port": port.to_string(), "cidr": cidr,
        "description": description});
    added(&path, value)
}

#[test]
fn a_rule_of_a_security_group_goes_beside_its_like_or_into_a_block_of_its_own() {
    let world = World::new(FIREWALL);
    let beside = world.edited(&[rule(443, "203.0.113.0/24", "")], json!({}));
    assert_eq!(beside[1], "+    cidr_blocks = [\"10.0.0.0/8\", var.office, \"203.0.113.0/24\"]");
    let own = [
        "+",
        "+  ingress {",
        "+    description = \"by hand\"",
        "+    from_port   = 22",
        "+    to_port     = 22",
        "+    protocol    = \"tcp\"",
        "+    cidr_blocks = [\"0.0.0.0/0\"]",
        "+  }",
    ];
    assert_eq!(world.edited(&[rule(22, "0.0.0.0/0", "by hand")], json!({})), own);
    let all = added(
        "egress[protocol=-1,cidr=0.0.0.0/0]",
        json!({"protocol": "-1", "from_port": "", "to_port": "",
        "description": "", "cidr": "0.0.0.0/0"}),
    );
    let first = world.edited(&[all], json!({}));
    assert_eq!(first[1..4], ["+  egress {", "+    from_port   = 0", "+    to_port     = 0"]);
}

#[test]
fn a_rule_that_is_gone_leaves_its_list_and_the_last_one_takes_its_block_with_it() {
    let world = World::new(FIREWALL);
    let gone =
        |port: u16, cidr: &str| removed(&format!("ingress[protocol=tcp,from_port={port},to_port={port},cidr={cidr}]"));
    assert_eq!(world.edited(&[gone(443, "10.0.0.0/8")], json!({}))[1], "+    cidr_blocks = [var.office]");
    // As the comparer names its network.
    assert_eq!(world.edited(&[gone(9100, "192.0.2.0/24")], json!({}))[1], "+    cidr_blocks     = []");
    let unknown = world.plan(&[gone(80, "10.0.0.0/8")], json!({})).unwrap();
    assert!(unknown.is_empty() && unknown.left[0].why.contains("which of its blocks"), "{:?}", unknown.left);
    let code = FIREWALL.replace(", var.office", "");
    let block = World::new(&code).edited(&[gone(443, "10.0.0.0/8")], json!({}));
    assert!(block.len() >= 6 && block.iter().all(|line| line.starts_with('-')), "{block:?}");
}

#[test]
fn a_text_over_several_lines_is_changed_line_by_line() {
    let world = World::new(CODE);
    let new = "#!/bin/sh\necho ${HOME}\n\nexit\n";
    let lines = world.edited(&[modified("user_data", json!(new))], json!({}));
    assert_eq!(lines, ["+    echo $${HOME}", "+", "+    exit"]);
    for (text, why) in [
        ("a", "does not end"),
        ("a\nEOT\nb\n", "no such text"),
        ("a\u{1b}\n", "no such text"),
        ("  a\n", "indentation"),
    ] {
        let patch = world.plan(&[modified("user_data", json!(text))], json!({})).unwrap();
        assert!(patch.is_empty() && patch.left[0].why.contains(why), "{text:?}: {:?}", patch.left);
    }
    let made = World::new(&CODE.replace("#!/bin/sh", "#!/bin/sh ${var.x}"));
    let patch = made.plan(&[modified("user_data", json!(new))], json!({})).unwrap();
    assert!(patch.left[0].why.contains("parts that are put in: write it by hand (main.tf:6)"), "{:?}", patch.left);
}

const POLICY: &str = r#"resource "aws_instance" "web" {
  policy = <<EOF
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Read",
      "Effect": "Allow",
      "Action": ["s3:GetObject"],
      "Resource": "arn:aws:s3:::$${aws:username}/*"
    }
  ]
}
EOF
}
"#;

#[test]
fn a_policy_in_such_a_text_is_edited_as_the_document_it_is() {
    let world = World::new(POLICY);
    let resource = modified("policy.Statement[Sid=Read].Resource", json!("arn:aws:s3:::b/${aws:userid}"));
    assert_eq!(world.edited(&[resource], json!({}))[1], "+      \"Resource\": \"arn:aws:s3:::b/$${aws:userid}\"");
    let condition = added("policy.Statement[Sid=Read].Condition", json!({"Bool": {"aws:SecureTransport": "true"}}));
    let lines = world.edited(&[condition], json!({}));
    assert_eq!(
        lines[1..],
        [
            "+      \"Resource\": \"arn:aws:s3:::$${aws:username}/*\",",
            "+      \"Condition\": {\"Bool\":{\"aws:SecureTransport\":\"true\"}}",
        ]
    );
    let two = added("policy.Statement[Sid=Read].Effect[=Deny]", json!("Deny"));
    assert_eq!(world.edited(&[two], json!({}))[1], "+      \"Effect\": [\"Allow\", \"Deny\"],");
    let missing = world.plan(&[removed("policy.Statement[Sid=Write]")], json!({})).unwrap();
    assert!(missing.left[0].why.contains("which element is meant is not known (main.tf:5)"), "{:?}", missing.left);
    let text = World::new(&POLICY.replace("{\n  \"Version", "# no JSON\n{\n  \"Version"));
    let left = text.plan(&[removed("policy.Version")], json!({})).unwrap().left;
    assert!(left[0].why.contains("stands inside a text"), "{left:?}");
}

#[test]
fn several_changes_become_one_edit() {
    let world = World::new(CODE);
    let changes = [
        modified("instance_type", json!("t3.large")),
        added("tags.Team", json!("pay")),
        removed("security_groups[=a]"),
        removed("security_groups[=b]"),
        added("security_groups[=c]", json!("c")),
    ];
    let lines = world.edited(&changes, json!({}));
    assert_eq!(lines.len(), 5, "{lines:?}");
    assert!(lines.contains(&"+  security_groups = [\"c\"]".to_owned()), "{lines:?}");
}

#[test]
fn where_something_else_decides_it_is_pointed_at() {
    let world = World::new(CODE);
    for (change, said) in [
        (
            modified("subnet_id", json!("subnet-2")),
            "`var.subnet` decides about it: change it where that comes from (main.tf:18): var.subnet stands at main.tf:38",
        ),
        (modified("key_name", json!("dev")), "local.key stands at main.tf:40"),
        (modified("user_data", json!("x")), "does not end in a new line"),
        (added("arn", json!("arn:x")), "the provider computes it"),
        (added("user_data_base64", json!("eA==")), "conflicts with `user_data`"),
        (modified("ami", json!("«secret #a1b2c3d4»")), "it is a secret"),
        (modified("missing[0].x", json!(1)), "the code has no `missing` yet"),
        (removed("missing"), "nothing to take out"),
        (modified("tags.…", json!(1)), "too long"),
    ] {
        let patch = world.plan(&[change], json!({})).unwrap();
        assert!(patch.is_empty() && patch.written.is_empty(), "{said}");
        assert!(patch.left[0].why.contains(said), "{said}: {}", patch.left[0].why);
    }
}

#[test]
fn a_block_of_several_resources_is_not_edited() {
    for (head, said) in [("for_each = toset([\"a\"])", "for_each makes"), ("count = 2", "count makes")] {
        let world = World::new(&CODE.replace("  ami ", &format!("  {head}\n  ami ")));
        let why = world.plan(&[modified("ami", json!("x"))], json!({})).unwrap_err();
        assert!(why.contains(said), "{why}");
    }
    let one = World::new(&CODE.replace("  ami ", "  count = 1\n  ami "));
    assert!(one.plan(&[modified("ami", json!("x"))], json!({})).is_ok());
    let twice = World::new(&format!("{CODE}{CODE}"));
    assert!(twice.plan(&[modified("ami", json!("x"))], json!({})).is_err());
}

#[test]
fn what_is_gone_live_takes_its_block_with_it() {
    let world = World::new(&format!("{CODE}\nresource \"aws_vpc\" \"x\" {{}}\n"));
    let patch = world.plan_of("aws_instance.web", DriftType::Deleted, &[], json!({})).unwrap();
    assert!(
        !patch.own.after.contains("aws_instance")
            && patch.own.after.contains("aws_vpc")
            && patch.own.after.starts_with("# the web")
    );
}

#[test]
fn an_edit_is_written_in_one_step_and_never_over_somebody_elses() {
    let world = World::new(CODE);
    let patch = world.plan(&[modified("ami", json!("ami-2"))], json!({})).unwrap();
    write(&patch).unwrap();
    let file = world.home.path().join("main.tf");
    assert_eq!(fs::read_to_string(&file).unwrap(), CODE.replace("ami-1", "ami-2"));
    let again = write(&patch).unwrap_err().to_string();
    assert!(again.contains("has changed meanwhile"), "{again}");
    fs::remove_file(&file).unwrap();
    assert!(write(&patch).unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn line_ends_of_windows_stay() {
    let world = World::new(&CODE.replace('\n', "\r\n"));
    let changes = [
        added("ebs_optimized", json!(true)),
        added("tags.Team", json!("pay")),
        removed("monitoring"),
        added("cidrs[=x]", json!("x")),
    ];
    let after = world.plan(&changes, json!({})).unwrap().own.after;
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
}

#[test]
fn code_that_cannot_be_read_is_left_alone_with_its_line() {
    let world = World::new("resource \"aws_instance\" \"web\" {\n  ami = = 1\n}\n");
    let why = world.plan(&[modified("ami", json!("x"))], json!({})).unwrap_err();
    assert!(why.contains("main.tf: line 2"), "{why}");
}

/// Any value that a state may hold.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[\"$%{}\\\\\n\r\t\u{1b}\u{202e}a«»#/*<~-]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("[a-zA-Z0-9 .\"${}-]{0,6}", inner), 0..4)
                .prop_map(|all| { Value::Object(all.into_iter().collect()) }),
        ]
    })
}

/// What the attributes of the block say, without the one that is meant; blocks and other parts as they are printed.
fn others(text: &str, without: &str) -> Vec<String> {
    let body = parse(text).unwrap();
    let block = find(&body, &["aws_instance".into(), "web".into()]).unwrap();
    let own = block.body.attributes().filter(|one| one.key.as_str() != without);
    let own = own.map(|one| format!("{}={}", one.key.as_str(), one.value));
    let rest = block.body.blocks().map(|one| text[one.span().unwrap()].to_owned());
    own.chain(rest)
        .chain(
            body.blocks()
                .filter(|one| one.ident.as_str() != "resource")
                .map(|one| text[one.span().unwrap()].to_owned()),
        )
        .collect()
}

fn of(text: &str, name: &str) -> Option<Value> {
    of_kind(text, "web", name)
}

fn of_kind(text: &str, label: &str, name: &str) -> Option<Value> {
    let body = parse(text).unwrap();
    let block = find(&body, &["aws_instance".into(), label.into()]).unwrap();
    block.body.get_attribute(name).and_then(|one| literal::value(&one.value))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_edit_reads_again_says_what_is_live_and_changes_nothing_else(
        wanted in value(), name in prop_oneof![Just("ami"), Just("monitoring"), Just("security_groups"), Just("fresh")]
    ) {
        prop_assume!(!has_secret(&wanted));
        let world = World::new(CODE);
        let patch = world.plan(&[modified(name, wanted.clone())], json!({})).unwrap();
        if name == "fresh" && wanted.as_array().is_some_and(|list| list.iter().any(Value::is_object)) {
            // It may be a block as well.
            prop_assert!(patch.left[0].why.contains("is a block is not known"));
            prop_assert_eq!(patch.own.after.as_str(), CODE);
            return Ok(());
        }
        prop_assert_eq!(&patch.left, &[]);
        prop_assert_eq!(of(&patch.own.after, name), Some(wanted));
        prop_assert_eq!(others(CODE, name), others(&patch.own.after, name));
    }

    #[test]
    fn an_element_more_or_less_leaves_the_others(
        text in "\\PC{1,10}|[\"$%{}\\\\\n\u{1b}]{1,6}", list in prop_oneof![Just("security_groups"), Just("cidrs")]
    ) {
        prop_assume!(!text.contains("«secret #"));
        let world = World::new(CODE);
        let path = crate::drift::PathBuilder::new().push_key(list).push_set_value(&text).text();
        let before = of(CODE, list).unwrap();
        prop_assume!(!before.as_array().unwrap().contains(&Value::from(text.as_str())));
        let more = world.plan(&[added(&path, json!(text))], json!({})).unwrap();
        let mut wanted = before.as_array().unwrap().clone();
        wanted.push(text.as_str().into());
        prop_assert_eq!(of(&more.own.after, list), Some(Value::from(wanted)));
        let back = World::new(&more.own.after).plan(&[removed(&path)], json!({})).unwrap();
        prop_assert_eq!(of(&back.own.after, list), Some(before));
    }

    #[test]
    fn no_path_and_no_code_breaks_it(path in "[a-z_\\[\\]=.\"0-3]{0,24}|.{0,12}", code in "[a-z {}\\[\\]\"=,#\n$<-]{0,60}") {
        let world = World::new(CODE);
        let patch = world.plan(&[modified(&path, json!("x")), removed(&path)], json!({})).unwrap();
        prop_assert!(parse(&patch.own.after).is_ok());
        let odd = format!("resource \"aws_instance\" \"web\" {{\n{code}\n}}\n");
        if let Ok(patch) = World::new(&odd).plan(&[modified("a", json!("x")), added("b.c", json!(1))], json!({})) {
            prop_assert!(parse(&patch.own.after).is_ok());
        }
    }
}

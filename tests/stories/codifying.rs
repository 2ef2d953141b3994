//! What the code does not have yet is written into it: a new kind of block, and where a resource went.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::lab::terraform;
use crate::support::{driftguard, run, shared};

/// A plan that says what drifted, and the code beside it.
struct World {
    home: tempfile::TempDir,
}

impl World {
    fn new(code: &str, drift: Value) -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("bin")).unwrap();
        fs::write(home.path().join("main.tf"), code).unwrap();
        let plan = json!({"format_version": "1.2", "resource_changes": [], "resource_drift": [drift]});
        fs::write(home.path().join("plan.json"), plan.to_string()).unwrap();
        fs::create_dir_all(home.path().join("config/driftguard")).unwrap();
        let state = home.path().join("plan.json");
        let table = format!("[[environment]]\nslug = \"shop\"\ncloud_provider = \"aws\"\nstate = {state:?}\n");
        fs::write(home.path().join("config/driftguard/config.toml"), table).unwrap();
        Self { home }
    }

    fn of(code: &str, address: &str, before: Value, after: Value) -> Self {
        let (kind, name) = address.split_once('.').unwrap();
        let drift = json!({"address": address, "mode": "managed", "type": kind, "name": name,
            "change": {"actions": ["update"], "before": before, "after": after}});
        Self::new(code, drift)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// With no other programs than those in `bin`.
    fn says(&self, words: &[&str]) -> (i32, String) {
        let (code, out, err) = run(driftguard(self.home.path()).env("PATH", self.path("bin")).args(words));
        (code, out + &err)
    }

    fn scan(&self) {
        let (code, said) = self.says(&["scan"]);
        assert_eq!(code, 2, "{said}");
    }

    /// A program that keeps what it was asked, and where.
    fn program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        let text = format!("#!/bin/sh\necho \"{name} $*\" >> '{}'\n{script}\n", self.path("asked").display());
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn asked(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("asked")).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    /// As `terraform init` leaves a directory.
    fn initialised(&self, registry: &str) {
        fs::create_dir_all(self.path(".terraform/providers")).unwrap();
        let lock = format!("provider \"{registry}/acme/acme\" {{\n  version = \"1.0.0\"\n}}\n");
        fs::write(self.path(".terraform.lock.hcl"), lock).unwrap();
    }
}

#[test]
fn a_block_that_a_bucket_or_an_instance_does_not_have_yet_is_written_where_nothing_but_driftguard_is_installed() {
    let code = "resource \"aws_s3_bucket\" \"logs\" {\n  bucket = \"logs\"\n}\n";
    let logging = json!([{"target_bucket": "audit", "target_prefix": "logs/"}]);
    let (before, after) = (json!({"bucket": "logs", "logging": []}), json!({"bucket": "logs", "logging": logging}));
    let world = World::of(code, "aws_s3_bucket.logs", before, after);
    world.scan();
    let (exit, said) = world.says(&["codify", "aws_s3_bucket.logs"]);
    assert!(
        said.contains("+\n+  logging {\n+    target_bucket = \"audit\"\n+    target_prefix = \"logs/\"\n+  }\n }\n"),
        "{said}"
    );
    assert!(exit == 0 && said.contains("predicted drift after this: 0"), "{exit} {said}");
    assert!(said.contains("a resource aws_s3_bucket_logging says it"), "{said}");
    assert_eq!(world.says(&["codify", "aws_s3_bucket.logs", "--write", "--yes"]).0, 0);
    let written = "resource \"aws_s3_bucket\" \"logs\" {\n  bucket = \"logs\"\n\n  logging {\n    target_bucket = \"audit\"\n    target_prefix = \"logs/\"\n  }\n}\n";
    assert_eq!(fs::read_to_string(world.path("main.tf")).unwrap(), written);

    let code = "resource \"aws_instance\" \"web\" {\n  ami = \"ami-1\"\n\n  root_block_device {\n    volume_size = 8\n  }\n}\n";
    let options = |tokens: &str| {
        json!({"ami": "ami-1", "root_block_device": [{"volume_size": 8}],
            "metadata_options": [{"http_endpoint": "enabled", "http_tokens": tokens, "http_put_response_hop_limit": 1}]})
    };
    let world = World::of(code, "aws_instance.web", options("required"), options("optional"));
    world.scan();
    let (exit, said) = world.says(&["codify", "aws_instance.web"]);
    assert!(said.contains(" }\n+\n+  metadata_options {\n+    http_tokens = \"optional\"\n+  }\n }\n"), "{said}");
    assert!(exit == 0 && said.contains("predicted drift after this: 0"), "{exit} {said}");
}

const WALL: &str = "resource \"acme_wall\" \"north\" {\n  name = \"north\"\n}\n";

fn wall() -> World {
    let door = json!([{"width": 90, "serial": "D-1", "lock": [{"key": "k1"}], "colour": ""}]);
    World::of(WALL, "acme_wall.north", json!({"name": "north", "door": []}), json!({"name": "north", "door": door}))
}

fn schema() -> String {
    let lock = json!({"nesting_mode": "list", "block": {"attributes": {"key": {"type": "string", "required": true}}}});
    let door = json!({"nesting_mode": "list", "block": {"block_types": {"lock": lock}, "attributes": {
        "width": {"type": "number", "required": true}, "colour": {"type": "string", "optional": true},
        "serial": {"type": "string", "computed": true}}}});
    json!({"format_version": "1.0", "provider_schemas": {"registry.terraform.io/acme/acme": {"resource_schemas": {
        "acme_wall": {"version": 0, "block": {"block_types": {"door": door}}}}}}})
    .to_string()
}

#[test]
fn the_provider_is_asked_what_is_a_block_only_when_somebody_codifies_and_never_in_the_configuration_itself() {
    let world = wall();
    let unknown = |why: &str| {
        let (exit, said) = world.says(&["codify", "acme_wall.north"]);
        assert!(
            exit == 3 && said.contains("whether `door` of acme_wall is a block is not known") && said.contains(why),
            "{said}"
        );
    };
    world.scan();
    unknown("the provider can be asked once `terraform init` was run in");
    world.initialised("registry.terraform.io");
    unknown("neither terraform nor tofu is installed here");
    world.program("terraform", "exit 1");
    unknown("terraform could not tell: see what `terraform providers schema -json` says");
    world.program("terraform", "echo '{'");
    unknown("what the provider's schema says cannot be read");

    fs::write(world.path("schema.json"), schema()).unwrap();
    // A directory of nothing but the lock, the providers and who is asked.
    let script = format!(
        "test -e main.tf && exit 1\ntest -L .terraform/providers || exit 1\ntest -z \"$TF_WORKSPACE\" || exit 1\nread lock < .terraform.lock.hcl || exit 1\n\
         read asked < driftguard.tf.json || test -n \"$asked\" || exit 1\ncase \"$asked\" in *acme/acme*) ;; *) exit 1 ;; esac\n\
         while read -r line || test -n \"$line\"; do printf '%s\\n' \"$line\"; done < '{}'",
        world.path("schema.json").display()
    );
    world.program("terraform", &script);
    fs::remove_file(world.path("asked")).unwrap();
    world.scan();
    assert_eq!(world.asked(), Vec::<String>::new(), "a scan starts no program");
    let (exit, said) = world.says(&["codify", "acme_wall.north"]);
    let block = "+\n+  door {\n+    width = 90\n+\n+    lock {\n+      key = \"k1\"\n+    }\n+  }\n";
    assert!(said.contains(block), "{said}");
    assert!(exit == 0 && said.contains("predicted drift after this: 0"), "{exit} {said}");
    assert_eq!(world.asked(), ["terraform providers schema -json"], "once");

    fs::remove_file(world.path("asked")).unwrap();
    fs::write(world.path("main.tf"), WALL.replace("north\"\n}", "north\"\n  door {\n    width = 1\n  }\n}")).unwrap();
    world.says(&["codify", "acme_wall.north"]);
    assert_eq!(world.asked(), Vec::<String>::new(), "nothing new is to be written");
}

#[test]
fn one_object_is_written_as_the_provider_has_it() {
    let alarm =
        json!({"nesting_mode": "single", "block": {"attributes": {"level": {"type": "string", "optional": true}}}});
    let wall = json!({"version": 0, "block": {"block_types": {"alarm": alarm},
        "attributes": {"labels": {"type": ["map", "string"], "optional": true}}}});
    let schema = json!({"format_version": "1.0", "provider_schemas": {"registry.terraform.io/acme/acme": {
        "resource_schemas": {"acme_wall": wall}}}});
    for (name, live, written) in [
        ("alarm", json!({"level": "1", "tone": null}), Some("+\n+  alarm {\n+    level = \"1\"\n+  }\n")),
        ("labels", json!({"level": "1"}), Some("+  labels = { level = \"1\" }\n")),
        ("fence", json!({"level": "1"}), None),
    ] {
        let (before, after) = (json!({"name": "north", name: null}), json!({"name": "north", name: live}));
        let world = World::of(WALL, "acme_wall.north", before, after);
        world.scan();
        world.initialised("registry.terraform.io");
        world.program("terraform", &format!("printf '%s' '{schema}'"));
        let (exit, said) = world.says(&["codify", "acme_wall.north"]);
        match written {
            Some(written) => {
                assert!(said.contains(written) && said.contains("predicted drift after this: 0"), "{said}");
            }
            None => assert!(said.contains("the provider's schema has no `fence` that could be written"), "{said}"),
        }
        assert_eq!(exit, if written.is_some() { 0 } else { 3 }, "{said}");
    }
}

#[test]
fn a_path_with_detours_leads_to_the_same_code() {
    let code =
        "variable \"width\" {\n  default = 80\n}\n\nresource \"acme_wall\" \"north\" {\n  width = var.width\n}\n";
    let world = World::of(code, "acme_wall.north", json!({"width": 80}), json!({"width": 90}));
    let config = world.path("config/driftguard/config.toml");
    let table = fs::read_to_string(&config).unwrap();
    fs::write(config, table.replace("/plan.json", "/bin/../plan.json")).unwrap();
    world.scan();
    let (exit, said) = world.says(&["codify", "acme_wall.north"]);
    assert!(said.contains("--- a/main.tf\n+++ b/main.tf\n") && said.contains("+  default = 90\n"), "{said}");
    assert!(exit == 0 && said.contains("predicted drift after this: 0"), "{exit} {said}");
}

#[test]
fn opentofu_is_asked_of_its_own_providers() {
    let world = wall();
    world.scan();
    world.initialised("registry.opentofu.org");
    world.program("terraform", "exit 1");
    fs::write(world.path("schema.json"), schema()).unwrap();
    world.program(
        "tofu",
        &format!(
            "read -r line < '{0}' || test -n \"$line\"; printf '%s' \"$line\"",
            world.path("schema.json").display()
        ),
    );
    let (exit, said) = world.says(&["codify", "acme_wall.north"]);
    assert!(exit == 0 && said.contains("+  door {"), "{said}");
    assert_eq!(world.asked(), ["tofu providers schema -json"]);
}

/// Terraform itself, and the lab's provider of security groups, as a mirror of a registry has it.
#[test]
fn terraform_itself_tells_what_is_a_block() {
    let (Some((python, terraform)), Some(script)) = (terraform(), shared("lab/provider_aws.py")) else { return };
    let code = "terraform {\n  required_providers {\n    aws = {\n      source = \"driftguard.test/lab/aws\"\n    }\n  }\n}\n\n\
        resource \"aws_security_group\" \"web\" {\n  name = \"web\"\n}\n";
    let world = World::of(code, "aws_security_group.web", json!({"name": "web"}), json!({"name": "web"}));
    let place = world.path("mirror/driftguard.test/lab/aws/1.0.0/linux_amd64");
    fs::create_dir_all(&place).unwrap();
    let provider = place.join("terraform-provider-aws");
    fs::write(&provider, format!("#!/bin/sh\nexec '{}' '{}' \"$@\"\n", python.display(), script.display())).unwrap();
    fs::set_permissions(&provider, PermissionsExt::from_mode(0o755)).unwrap();
    let mirror =
        format!("provider_installation {{\n  filesystem_mirror {{\n    path = {:?}\n  }}\n}}\n", world.path("mirror"));
    fs::write(world.path("mirror.tfrc"), mirror).unwrap();
    let run_in = |command: &mut Command| {
        let output = command
            .current_dir(world.home.path())
            .env("HOME", world.home.path())
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_CLI_CONFIG_FILE", world.path("mirror.tfrc"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    run_in(Command::new(&terraform).args(["init", "-input=false", "-backend=false"]));
    let asked = |home: &Path, address: &str| {
        let bin = terraform.parent().unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let (exit, out, err) = run(driftguard(home).env("PATH", path).args(["codify", address]));
        (exit, out + &err)
    };
    let peer = json!({"from_port": 22, "to_port": 22, "protocol": "tcp", "cidr_blocks": ["192.0.2.0/24"]});
    let drift = |kind: &str, name: &str, before: Value, after: Value| {
        json!({"address": format!("{kind}.{name}"), "mode": "managed", "type": kind, "name": name,
            "change": {"actions": ["update"], "before": before, "after": after}})
    };
    let plan = json!({"format_version": "1.2", "resource_changes": [], "resource_drift": [
        drift("aws_security_group", "web", json!({"name": "web", "ingress": []}), json!({"name": "web", "ingress": [peer.clone()]})),
        drift("aws_security_group", "odd", json!({"name": "odd", "walls": []}), json!({"name": "odd", "walls": [peer]}))]});
    fs::write(world.path("plan.json"), plan.to_string()).unwrap();
    fs::write(
        world.path("main.tf"),
        format!("{code}\nresource \"aws_security_group\" \"odd\" {{\n  name = \"odd\"\n}}\n"),
    )
    .unwrap();
    world.scan();
    let (exit, said) = asked(world.home.path(), "aws_security_group.web");
    assert!(exit == 0 && said.contains("+  ingress {"), "{exit} {said}");
    let (exit, said) = asked(world.home.path(), "aws_security_group.odd");
    assert!(exit == 3 && said.contains("the provider's schema has no `walls` that could be written"), "{exit} {said}");
}

#[test]
fn where_a_resource_went_is_said_in_the_code_by_a_moved_block() {
    let values = json!({"name": "web"});
    let drift = json!({"address": "aws_security_group.shop", "previous_address": "aws_security_group.web", "mode": "managed",
        "type": "aws_security_group", "name": "shop", "change": {"actions": ["no-op"], "before": values, "after": values}});
    let world = World::new("resource \"aws_security_group\" \"shop\" {\n  name = \"web\"\n}\n", drift);
    world.scan();
    let (exit, said) = world.says(&["codify", "aws_security_group.shop", "--write", "--yes"]);
    let block = "+\n+moved {\n+  from = aws_security_group.web\n+  to   = aws_security_group.shop\n+}\n";
    assert!(exit == 0 && said.contains(block), "{exit} {said}");
    let (exit, said) = world.says(&["codify", "aws_security_group.shop"]);
    assert!(
        exit == 0 && said.contains("main.tf says it already") && said.contains("main.tf:5 has the `moved` block"),
        "{said}"
    );
}

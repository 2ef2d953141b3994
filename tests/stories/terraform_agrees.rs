//! What driftguard finds is what the real Terraform finds (`resource_drift` of a refresh-only plan): the same resources, the same
//! attributes. Terraform runs the two providers of the lab: security groups in an emulated AWS, and files of this machine.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::lab::{Server, drive, moto, terraform};
use crate::support::{driftguard, run, shared};

/// Resources that drifted, by address: the attributes that did (a map's by key); of deleted ones `gone`.
type Found = BTreeMap<String, BTreeSet<String>>;

/// A directory Terraform runs in.
struct World {
    home: TempDir,
    terraform: PathBuf,
    /// Of the emulated AWS.
    endpoint: String,
}

impl World {
    fn new(provider: &str, configuration: &str, endpoint: &str) -> Option<Self> {
        let ((python, terraform), script) = (terraform()?, shared(&format!("lab/provider_{provider}.py"))?);
        let home = tempfile::tempdir().unwrap();
        let source = if provider == "aws" { "driftguard.test/lab/aws" } else { "driftguard.test/dev/lab" };
        let bin = home.path().join("bin");
        std::fs::create_dir(&bin).unwrap();
        let program = bin.join(format!("terraform-provider-{provider}"));
        let text = format!("#!/bin/sh\nexec '{}' '{}' \"$@\"\n", python.display(), script.display());
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        let overrides = format!(
            "provider_installation {{\n dev_overrides {{\n \"{source}\" = \"{}\"\n }}\n direct {{}}\n}}\n",
            bin.display()
        );
        std::fs::write(home.path().join("dev.tfrc"), overrides).unwrap();
        let providers =
            format!("terraform {{\n required_providers {{\n {provider} = {{ source = \"{source}\" }}\n }}\n}}\n");
        std::fs::write(home.path().join("main.tf"), providers + configuration).unwrap();
        Some(Self { home, terraform, endpoint: endpoint.to_owned() })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn terraform(&self, arguments: &[&str]) -> String {
        let output = Command::new(&self.terraform)
            .current_dir(self.home.path())
            .env("HOME", self.home.path())
            .env("TF_CLI_CONFIG_FILE", self.path("dev.tfrc"))
            .env("TF_IN_AUTOMATION", "1")
            .env("CHECKPOINT_DISABLE", "1")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("AWS_ENDPOINT_URL", &self.endpoint)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .args(arguments)
            .output()
            .unwrap();
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "terraform {arguments:?}: {out}{err}");
        out.into_owned()
    }

    /// What a refresh-only plan says drifted; the plan is left in `plan.json`.
    fn terraform_finds(&self) -> Found {
        self.terraform(&["plan", "-refresh-only", "-out", "plan.bin"]);
        let plan = self.terraform(&["show", "-json", "plan.bin"]);
        std::fs::write(self.path("plan.json"), &plan).unwrap();
        let plan: Value = serde_json::from_str(&plan).unwrap();
        let drifts = plan["resource_drift"].as_array().cloned().unwrap_or_default();
        drifts.iter().map(|r| (r["address"].as_str().unwrap().to_owned(), differences(&r["change"]))).collect()
    }

    fn driftguard_finds(&self, arguments: &[&str]) -> Found {
        let mut command = driftguard(self.home.path());
        command
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        let (_, out, err) = run(command.args(["scan", "--format", "json"]).args(arguments));
        let report: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"));
        assert_eq!(report["environments"][0]["counts"]["unverified"], 0, "{report:#}");
        report["drifts"].as_array().unwrap().iter().map(drift).collect()
    }
}

/// Attributes of a `change` whose values differ. `tags_all` repeats `tags`, which driftguard does not.
fn differences(change: &Value) -> BTreeSet<String> {
    let (Some(before), Some(after)) = (change["before"].as_object(), change["after"].as_object()) else {
        return BTreeSet::from(["gone".to_owned()]);
    };
    let mut out = BTreeSet::new();
    for (name, value) in before.iter().filter(|(name, value)| name.as_str() != "tags_all" && after[*name] != **value) {
        match (value.as_object(), after[name].as_object()) {
            (Some(before), Some(after)) => {
                let keys = before.keys().chain(after.keys()).filter(|key| before.get(*key) != after.get(*key));
                out.extend(keys.map(|key| format!("{name}.{key}")));
            }
            _ => drop(out.insert(name.clone())),
        }
    }
    out
}

fn drift(row: &Value) -> (String, BTreeSet<String>) {
    let path = |change: &Value| {
        let path = change["path"].as_str().unwrap().to_owned();
        path.split('[').next().unwrap_or_default().to_owned()
    };
    let paths = match row["drift_type"].as_str() {
        Some("deleted") => BTreeSet::from(["gone".to_owned()]),
        _ => row["changes"].as_array().unwrap().iter().map(path).collect(),
    };
    (row["resource_id"].as_str().unwrap().to_owned(), paths)
}

const GROUPS: &str = r#"
resource "aws_security_group" "web" {
  name = "web"
  tags = { team = "pay" }
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["10.0.0.0/8", "192.0.2.0/24"]
    description = "office"
  }
}
resource "aws_security_group" "narrowed" {
  name = "narrowed"
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["192.0.2.7/32"]
  }
}
resource "aws_security_group" "quiet" { name = "quiet" }
resource "aws_security_group" "gone" { name = "gone" }
"#;

/// The provider of the lab works in this region.
const CLIENTS: &str = "def client(service): return boto3.client(service, endpoint_url=sys.argv[1], region_name='us-east-1',\n\
    \x20   aws_access_key_id='test', aws_secret_access_key='test')\n";

const RECORD: &str = r#"
client('s3').create_bucket(Bucket='delivery')
config = client('config')
config.put_configuration_recorder(ConfigurationRecorder={'name': 'default', 'roleARN': 'arn:aws:iam::123456789012:role/c',
    'recordingGroup': {'allSupported': True, 'includeGlobalResourceTypes': True}})
config.put_delivery_channel(DeliveryChannel={'name': 'default', 's3BucketName': 'delivery'})
config.start_configuration_recorder(ConfigurationRecorderName='default')
"#;

const CHANGE: &str = r#"
ec2 = client('ec2')
groups = {g['GroupName']: g['GroupId'] for g in ec2.describe_security_groups()['SecurityGroups']}
ssh = lambda cidr: [{'IpProtocol': 'tcp', 'FromPort': 22, 'ToPort': 22, 'IpRanges': [{'CidrIp': cidr}]}]
ec2.authorize_security_group_ingress(GroupId=groups['web'], IpPermissions=ssh('0.0.0.0/0'))
ec2.create_tags(Resources=[groups['web']], Tags=[{'Key': 'team', 'Value': 'ops'}, {'Key': 'by', 'Value': 'hand'}])
ec2.revoke_security_group_ingress(GroupId=groups['narrowed'], IpPermissions=ssh('192.0.2.7/32'))
ec2.delete_security_group(GroupId=groups['gone'])
"#;

#[test]
fn driftguard_and_terraform_find_the_same_drift_of_security_groups() {
    let Some(server): Option<Server> = moto() else { return };
    let Some(world) = World::new("aws", GROUPS, &server.url) else { return };
    world.terraform(&["apply", "-auto-approve"]);
    drive(&server.url, &format!("{CLIENTS}{RECORD}"), &[]);
    let state = world.path("terraform.tfstate");
    let live =
        ["--state", state.to_str().unwrap(), "--aws", "--aws-region", "us-east-1", "--aws-endpoint", &server.url];
    assert_eq!(world.terraform_finds(), Found::new());
    assert_eq!(world.driftguard_finds(&live), Found::new());

    drive(&server.url, &format!("{CLIENTS}{CHANGE}"), &[]);
    let terraform = world.terraform_finds();
    assert_eq!(terraform.len(), 3, "{terraform:?}");
    assert_eq!(world.driftguard_finds(&live), terraform, "from the state and AWS Config");
    let plan = world.path("plan.json");
    assert_eq!(world.driftguard_finds(&["--state", plan.to_str().unwrap()]), terraform, "from the plan");

    // Terraform takes it back, and both are content.
    world.terraform(&["apply", "-auto-approve"]);
    assert_eq!((world.terraform_finds(), world.driftguard_finds(&live)), (Found::new(), Found::new()));
}

fn file(home: &Path, name: &str) -> String {
    format!(
        "resource \"lab_file\" \"{name}\" {{\n path = \"{}\"\n content = \"{name}\\n\"\n}}\n",
        home.join(name).display()
    )
}

/// The lab's state, as hashicorp/local would have written it: driftguard reads files for that provider's types only.
fn retold(state: &Value) -> Value {
    let mut state = state.clone();
    for resource in state["resources"].as_array_mut().unwrap() {
        resource["type"] = json!("local_file");
        resource["provider"] = json!("provider[\"registry.terraform.io/hashicorp/local\"]");
        for instance in resource["instances"].as_array_mut().unwrap() {
            let was = instance["attributes"].clone();
            instance["attributes"] =
                json!({"filename": was["path"], "content": was["content"], "file_permission": was["mode"]});
        }
    }
    state
}

#[test]
fn driftguard_and_terraform_find_the_same_drift_of_files() {
    let files = tempfile::tempdir().unwrap();
    let configuration: String = ["motd", "opened", "gone", "quiet"].map(|name| file(files.path(), name)).concat();
    let Some(world) = World::new("lab", &configuration, "") else { return };
    world.terraform(&["apply", "-auto-approve"]);
    let state: Value = serde_json::from_slice(&std::fs::read(world.path("terraform.tfstate")).unwrap()).unwrap();
    std::fs::write(world.path("local.tfstate"), retold(&state).to_string()).unwrap();

    std::fs::write(files.path().join("motd"), "HACKED\n").unwrap();
    std::fs::set_permissions(files.path().join("opened"), PermissionsExt::from_mode(0o666)).unwrap();
    std::fs::remove_file(files.path().join("gone")).unwrap();
    let terraform = world.terraform_finds();
    assert_eq!(terraform.len(), 3, "{terraform:?}");
    let plan = world.path("plan.json");
    assert_eq!(world.driftguard_finds(&["--state", plan.to_str().unwrap()]), terraform, "from the plan");

    let local = world.path("local.tfstate");
    let named = |found: Found| -> Found {
        let name = |path: String| if path == "mode" { "file_permission".to_owned() } else { path };
        // The size follows from the content, and hashicorp/local has none.
        let paths = |paths: BTreeSet<String>| paths.into_iter().filter(|p| p != "size").map(name).collect();
        found.into_iter().map(|(address, all)| (address.replace("lab_file", "local_file"), paths(all))).collect()
    };
    assert_eq!(world.driftguard_finds(&["--state", local.to_str().unwrap()]), named(terraform), "from the files");
}

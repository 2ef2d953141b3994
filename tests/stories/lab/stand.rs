//! An environment of its own that is read from whoever plays AWS, and remembered in the store.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::report;
use crate::support::driftguard;

pub struct Stand {
    pub home: TempDir,
}

impl Stand {
    /// Declared by this state. `more`: further keys of the `aws` table, each behind a comma.
    pub fn new(url: &str, state: &str, more: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("terraform.tfstate"), state).unwrap();
        let stand = Self { home };
        stand.configure(url, &format!("{:?}", stand.state()), more);
        stand
    }

    /// Another configuration in the place of the old one; `state` as TOML writes it.
    pub fn configure(&self, url: &str, state: &str, more: &str) {
        let text = format!(
            "[[environment]]\nslug = \"lab\"\ncloud_provider = \"aws\"\nregion = \"eu-west-1\"\nstate = {state}\n\
             aws = {{ endpoint_url = \"{url}\"{more} }}\n"
        );
        let directory = self.path().join("config/driftguard");
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("config.toml"), text).unwrap();
    }

    pub fn path(&self) -> &Path {
        self.home.path()
    }

    pub fn state(&self) -> PathBuf {
        self.path().join("terraform.tfstate")
    }

    /// The binary, with credentials the servers take.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = driftguard(self.path());
        command.envs([
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]);
        command.args(arguments);
        command
    }

    /// Exit code and report of a scan that remembers.
    pub fn scan(&self, arguments: &[&str]) -> (i32, Value) {
        report::report(self.command(&["scan", "--format", "json"]).args(arguments))
    }
}

/// A state of these resources.
pub fn state_of(resources: &[Value]) -> String {
    json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "l", "outputs": {}, "resources": resources})
        .to_string()
}

/// One resource of a state.
pub fn declared(kind: &str, name: &str, attributes: Value) -> Value {
    json!({"mode": "managed", "type": kind, "name": name, "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
        "instances": [{"schema_version": 0, "attributes": attributes}]})
}

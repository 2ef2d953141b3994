//! The environment `host`: files on this machine, managed by Terraform's `local` provider.

use std::fs;
use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::World;
use super::scene::{Host, Scene};

pub(super) const MOTD: &str = "Welcome to bastion-1. Changes go through the repository.\n";
const SSHD: &str = "PermitRootLogin no\nPasswordAuthentication no\nMaxAuthTries 3\n";
const APP: &str = "[log]\nlevel = info\n\n[http]\nlisten = 127.0.0.1:8080\nworkers = 4\n";
const CRON: &str = "15 3 * * * backup /usr/local/bin/backup --all\n";
const ISSUE: &str = "Authorised use only.\n";
const TOKEN: &str = "deploy-token-b7f1c2d9e84a5063\n";

struct File {
    name: &'static str,
    resource: &'static str,
    mode: u32,
    /// As the code says.
    declared: &'static str,
    /// As it stands in a scene; `None` when it is gone.
    live: fn(&Host) -> Option<String>,
}

const FILES: [File; 6] = [
    File { name: "motd", resource: "motd", mode: 0o644, declared: MOTD, live: motd },
    File { name: "50-hardening.conf", resource: "sshd_hardening", mode: 0o600, declared: SSHD, live: sshd },
    File { name: "app.conf", resource: "app", mode: 0o644, declared: APP, live: app },
    File { name: "backup.cron", resource: "backup_cron", mode: 0o644, declared: CRON, live: cron },
    File { name: "issue", resource: "issue", mode: 0o644, declared: ISSUE, live: |_| Some(ISSUE.to_owned()) },
    File {
        name: "deploy.token",
        resource: "deploy_token",
        mode: 0o600,
        declared: TOKEN,
        live: |_| Some(TOKEN.to_owned()),
    },
];

fn motd(host: &Host) -> Option<String> {
    Some(if host.motd_edited { format!("{MOTD}Back at 14:00, do not restart anything! -- kim\n") } else { MOTD.into() })
}

fn sshd(host: &Host) -> Option<String> {
    Some(if host.root_login { SSHD.replace("PermitRootLogin no", "PermitRootLogin yes") } else { SSHD.into() })
}

fn app(host: &Host) -> Option<String> {
    Some(if host.debug_logging { APP.replace("level = info", "level = debug") } else { APP.into() })
}

fn cron(host: &Host) -> Option<String> {
    (!host.cron_missing).then(|| CRON.to_owned())
}

/// Writes the state.
pub(super) fn create(world: &World) -> io::Result<()> {
    let resources: Vec<Value> = FILES.iter().map(|file| resource(world, file)).collect();
    let state = json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 7, "lineage": "5f2c8a31-7b0e-4f6d-9a53-1d2e3f405162",
        "outputs": {}, "resources": resources, "check_results": null,
    });
    world.put_json("host/terraform.tfstate", &state)
}

/// Writes the files that the script changes from `before` to `now`; all of them at first.
pub(super) fn show(world: &World, before: Option<&Scene>, now: &Scene) -> io::Result<()> {
    for file in &FILES {
        let live = (file.live)(&now.host);
        if before.is_some_and(|scene| (file.live)(&scene.host) == live) {
            continue;
        }
        let name = format!("host/files/{}", file.name);
        match live {
            Some(content) => world.put(&name, content.as_bytes(), file.mode)?,
            // Somebody may have been faster.
            None => drop(fs::remove_file(world.path(&name))),
        }
    }
    Ok(())
}

fn resource(world: &World, file: &File) -> Value {
    let secret = file.name == "deploy.token";
    let content = file.declared.as_bytes();
    let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    let mut attributes = json!({
        "content": file.declared,
        "content_base64": null,
        "content_base64sha256": STANDARD.encode(Sha256::digest(content)),
        "content_base64sha512": STANDARD.encode(Sha512::digest(content)),
        "content_md5": hex(&Md5::digest(content)),
        "content_sha1": hex(&Sha1::digest(content)),
        "content_sha256": hex(&Sha256::digest(content)),
        "content_sha512": hex(&Sha512::digest(content)),
        "directory_permission": "0700",
        "file_permission": format!("{:04o}", file.mode),
        "filename": world.path("host/files").join(file.name).display().to_string(),
        "id": hex(&Sha1::digest(content)),
        "source": null,
    });
    let mut sensitive = json!([]);
    if secret {
        sensitive = json!([[{"type": "get_attr", "value": "content"}]]);
    } else {
        attributes["sensitive_content"] = Value::Null;
    }
    json!({
        "mode": "managed",
        "type": if secret { "local_sensitive_file" } else { "local_file" },
        "name": file.resource,
        "provider": "provider[\"registry.terraform.io/hashicorp/local\"]",
        "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": sensitive}],
    })
}

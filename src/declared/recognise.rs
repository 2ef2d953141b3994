//! What a file holds, told by its content and never by its name.

use std::ops::ControlFlow;
use std::path::Path;

use super::fault::json_fault;
use super::input;
use super::split::{SplitErrorKind, Splitter};

/// This much of a file decides.
pub(crate) const HEAD_BYTES: usize = 64 << 10;

/// What a file holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Content {
    TerraformState,
    /// Refused by version; the number as it stands in the file.
    TerraformStateOld(String),
    /// `serial` and `lineage` as they stand in the file.
    TerraformStateEncrypted {
        serial: Option<String>,
        lineage: Option<String>,
    },
    TerraformPlan,
    DriftctlReport,
    KubernetesJson,
    KubernetesYaml,
    /// Nothing we read; a sentence says what it seems to be, another what to do.
    Other {
        found: String,
        help: &'static str,
    },
    /// No whole JSON; a sentence says where it ends or breaks.
    Broken(String),
    Empty,
}

/// Looks at the start of a file.
pub(crate) fn recognise(path: &Path) -> std::io::Result<Content> {
    Ok(recognise_bytes(&input::head(path, HEAD_BYTES)?))
}

/// The same for a start of a file that has been read already.
pub(crate) fn recognise_bytes(head: &[u8]) -> Content {
    // What is wrong with a text can be told when all of it is there.
    let whole = head.len() < HEAD_BYTES;
    let head = &head[..head.len().min(HEAD_BYTES)];
    let text = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    match text {
        [] => Content::Empty,
        [b'{', ..] => json(text, whole),
        [b'[', ..] => list(text, whole),
        [b'P', b'K', 3, 4, ..] => zip(text),
        _ if text.contains(&0) => other("a binary file", NOTHING_WE_READ),
        _ => yaml(text),
    }
}

/// What to do about [`Content::Broken`].
pub(super) const WRITE_AGAIN: &str = "Write the file again: it was cut off while it was written or copied, or edited since. \
     driftguard expects a Terraform state (version 4), the output of `terraform show -json PLAN`, or Kubernetes manifests.";

const NOTHING_WE_READ: &str =
    "Give a Terraform state (version 4), the output of `terraform show -json PLAN`, or Kubernetes manifests.";

fn other(found: impl Into<String>, help: &'static str) -> Content {
    Content::Other { found: found.into(), help }
}

/// A saved plan is a zip with a member `tfplan`.
fn zip(text: &[u8]) -> Content {
    if memchr::memmem::find(text, b"tfplan").is_some() {
        other(
            "a saved plan in Terraform's binary format",
            "Run `terraform show -json PLAN > plan.json` and give plan.json.",
        )
    } else {
        other("a zip archive", "Unpack it first.")
    }
}

/// Nothing we read is a list.
fn list(text: &[u8], whole: bool) -> Content {
    match json_fault(text).filter(|_| whole) {
        Some(fault) => Content::Broken(fault),
        None => other("a JSON list", NOTHING_WE_READ),
    }
}

fn json(text: &[u8], whole: bool) -> Content {
    // No list is taken out: every top-level value is only stepped over.
    let mut splitter = Splitter::new("");
    let fed = splitter.feed(text, &mut |_| ControlFlow::Continue(()));
    let has = |key: &str| splitter.keys().any(|k| k == key);
    let any = |keys: &[&str]| keys.iter().any(|key| has(key));
    let scalar = |key: &str| splitter.scalar(key).map(|text| text.trim_matches('"').to_owned());

    if has("encrypted_data") || has("encryption_version") {
        Content::TerraformStateEncrypted { serial: scalar("serial"), lineage: scalar("lineage") }
    } else if has("@level") && has("@message") {
        other(
            "the log of `terraform plan -json`, which holds no values",
            "Save the plan with `-out PLAN`, run `terraform show -json PLAN > plan.json` and give plan.json.",
        )
    } else if any(&["resource_drift", "resource_changes", "planned_values"]) {
        Content::TerraformPlan
    } else if has("summary") && any(&["managed", "unmanaged", "missing", "differences"]) {
        Content::DriftctlReport
    } else if has("format_version") && has("values") {
        other(
            "the output of `terraform show -json` for a state",
            "Give the state itself: run `terraform state pull > terraform.tfstate`.",
        )
    } else if has("format_version") || (has("configuration") && !has("apiVersion")) {
        // Sorted by key, a plan starts with its long configuration.
        Content::TerraformPlan
    } else if has("apiVersion") && any(&["kind", "items", "metadata", "data", "spec"]) || has("kind") && has("items") {
        Content::KubernetesJson
    } else if any(&["version", "serial", "lineage", "terraform_version"]) && any(STATE_KEYS) {
        match scalar("version") {
            Some(version) if ["0", "1", "2", "3"].contains(&version.as_str()) => Content::TerraformStateOld(version),
            _ => Content::TerraformState,
        }
    } else if let Some(fault) = json_fault(text).filter(|_| whole) {
        Content::Broken(fault)
    } else if fed.is_err_and(|error| error.kind != SplitErrorKind::AfterTheEnd) {
        other("broken JSON", NOTHING_WE_READ)
    } else {
        let keys: Vec<String> = splitter.keys().take(4).map(|key| format!("`{key}`")).collect();
        let found =
            if keys.is_empty() { "an empty JSON object".to_owned() } else { format!("JSON with {}", keys.join(", ")) };
        other(found, NOTHING_WE_READ)
    }
}

const STATE_KEYS: &[&str] = &["resources", "modules", "lineage", "terraform_version", "outputs", "check_results"];

fn yaml(text: &[u8]) -> Content {
    // The head may end inside a character.
    let text = match std::str::from_utf8(text) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&text[..error.valid_up_to()]).unwrap_or(""),
        Err(_) => return other("a binary file", NOTHING_WE_READ),
    };
    let starts = |prefix: &str| text.lines().any(|line| line.starts_with(prefix));
    if starts("apiVersion:") || starts("kind:") || starts("\"apiVersion\":") || json_documents(text) {
        Content::KubernetesYaml
    } else if starts("resource \"") || starts("terraform {") || starts("provider \"") {
        other(
            "Terraform configuration (HCL), not state",
            "Run `terraform state pull > terraform.tfstate` and give that.",
        )
    } else {
        other("neither JSON nor manifests", NOTHING_WE_READ)
    }
}

/// JSON objects between `---` lines are YAML too.
fn json_documents(text: &str) -> bool {
    text.starts_with("---") && text.contains("\"apiVersion\"") && text.contains("\"kind\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> String {
        match recognise_bytes(text.as_bytes()) {
            Content::Other { found, .. } => found,
            content => panic!("{content:?}"),
        }
    }

    #[test]
    fn content_decides_and_not_the_name() {
        for (text, content) in [
            ("{\"version\": 4, \"serial\": 1, \"resources\": [", Content::TerraformState),
            ("\u{feff}{\"version\": 4, \"resources\": [", Content::TerraformState),
            ("{\"version\":3,\"serial\":8,\"modules\":[]}", Content::TerraformStateOld("3".into())),
            ("{\"format_version\":\"1.2\",\"planned_values\":{", Content::TerraformPlan),
            ("{\"summary\":{},\"managed\":[],\"unmanaged\":[", Content::DriftctlReport),
            ("{\"configuration\":{\"provider_config\":", Content::TerraformPlan),
            ("{\"apiVersion\":\"v1\",\"items\":[{", Content::KubernetesJson),
            ("# web\n---\napiVersion: v1\nkind: Service\n", Content::KubernetesYaml),
            ("\n \n", Content::Empty),
            (
                r#"{"serial":3,"lineage":"abc","meta":{},"encrypted_data":"AAAA"#,
                Content::TerraformStateEncrypted { serial: Some("3".into()), lineage: Some("abc".into()) },
            ),
        ] {
            assert_eq!(recognise_bytes(text.as_bytes()), content, "{text}");
        }
    }

    #[test]
    fn a_text_that_breaks_off_is_not_taken_for_another_one() {
        for text in ["{", "[1", "{\"a\": [", "{nonsense"] {
            assert!(matches!(recognise_bytes(text.as_bytes()), Content::Broken(_)), "{text}");
        }
        // The start of a larger file breaks off anyway.
        let large = format!("[{}", "1,".repeat(HEAD_BYTES));
        assert_eq!(found(&large), "a JSON list");
    }

    #[test]
    fn what_we_do_not_read_is_named() {
        assert!(found("PK\u{3}\u{4}......tfplan").contains("binary format"));
        assert!(found("{\"@level\":\"info\",\"@message\":\"x\"}\n{}").contains("plan -json"));
        assert!(found("{\"format_version\":\"1.0\",\"values\":{}}").contains("show -json"));
        assert!(found("resource \"aws_vpc\" \"a\" {}").contains("HCL"));
        assert_eq!(found("{\"name\":1,\"version\":\"2\"}"), "JSON with `name`, `version`");
        assert_eq!(found("[1]"), "a JSON list");
        assert_eq!(found("hello"), "neither JSON nor manifests");
    }
}

//! Text about a drift that is of use elsewhere: a command that reverts it, the block that takes it into the code, all of it.
//! Names come from outside: what would mean something else to a shell or to HCL is quoted, and what could not be read by the
//! person who pastes it is refused.

use jiff::Timestamp;

use crate::drift::{CloudProvider, DriftEvent, DriftType};
use crate::recommend::import::{self, exact};

/// Columns of a value.
const VALUE: usize = 4_000;

/// The command that puts a resource back to what the code says; for a host's files one that only shows it.
///
/// # Errors
/// A sentence that says why there is none.
pub fn revert(event: &DriftEvent, provider: Option<CloudProvider>) -> Result<String, String> {
    let resource = &event.resource;
    if event.drift_type == DriftType::Added {
        return Err("no code declares it: there is nothing to apply; copy the import block instead".into());
    }
    if is_manifest(event) {
        let file = resource.declared_in.as_ref().ok_or("the file that declares it is not known")?;
        let file = exact(file, "the file's name")?;
        // What begins with a hyphen would be a flag.
        let file = if file.starts_with('-') { format!("./{file}") } else { file.to_owned() };
        return Ok(format!("kubectl apply -f {}", shell(&file)));
    }
    // Files given by hand are an environment of the host, whatever they declare.
    let is_file = resource.resource_type.raw().starts_with("local_");
    let verb = if is_file && provider == Some(CloudProvider::Host) { "plan" } else { "apply" };
    Ok(format!("terraform {verb} -target={}", shell(exact(&resource.resource_id, "the address")?)))
}

/// The `import` block (Terraform 1.5 and later) for what no code declares.
///
/// # Errors
/// A sentence that says why there is none.
pub fn import(event: &DriftEvent) -> Result<String, String> {
    let resource = &event.resource;
    if event.drift_type != DriftType::Added {
        return Err("the code declares it already".into());
    }
    if is_manifest(event) {
        return Err("it is no resource of Terraform".into());
    }
    import::block(resource, &event.tags, None)
}

/// The whole drift, redacted as it is on the screen.
pub fn whole(event: &DriftEvent, now: Timestamp, clock: impl Fn(Timestamp) -> String) -> String {
    let resource = &event.resource;
    let mut lines = vec![
        format!("{} ({}) in {}", resource.resource_id.line(), resource.resource_type.line(), event.environment),
        format!(
            "{}, {}, {}; first seen {}, last {}",
            event.drift_type.as_str(),
            event.severity_class().as_str(),
            event.state_at(now).as_str(),
            clock(event.detected_at),
            clock(event.last_seen)
        ),
    ];
    lines.extend(resource.provider_id.iter().map(|id| format!("id {}", id.line())));
    lines.extend(resource.declared_in.iter().map(|file| format!("declared in {}", file.line())));
    for change in &event.changes {
        let values = match (&change.declared, &change.actual) {
            (Some(declared), Some(live)) => format!("{} -> {}", declared.inline(VALUE), live.inline(VALUE)),
            (Some(one), None) | (None, Some(one)) => one.inline(VALUE),
            (None, None) => String::new(),
        };
        lines.push(format!("{} {}: {values}", change.change_type.sign(), change.path.0.line()));
    }
    lines.join("\n")
}

/// From a Kubernetes manifest: `v1/ConfigMap`, `apps/v1/Deployment`.
fn is_manifest(event: &DriftEvent) -> bool {
    event.resource.resource_type.raw().contains('/')
}

/// One word to a POSIX shell, whatever is in it.
fn shell(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::sample::Sample;

    fn event(kind: &str, id: &str, drift_type: DriftType) -> DriftEvent {
        let sample = Sample::default();
        let mut event = sample.event(sample.ids()[0]).unwrap();
        event.drift_type = drift_type;
        event.resource.resource_type = kind.into();
        event.resource.resource_id = id.into();
        event.resource.provider_id = None;
        event
    }

    #[test]
    fn an_address_is_one_word_to_the_shell() {
        let drift = event("aws_vpc", "module.a[\"x'y\"].aws_vpc.main", DriftType::Modified);
        let command = revert(&drift, Some(CloudProvider::Aws)).unwrap();
        assert_eq!(command, r#"terraform apply -target='module.a["x'\''y"].aws_vpc.main'"#);
        let words = std::process::Command::new("sh").arg("-c").arg(format!("printf '%s|' {command}")).output().unwrap();
        assert_eq!(
            String::from_utf8(words.stdout).unwrap(),
            r#"terraform|apply|-target=module.a["x'y"].aws_vpc.main|"#
        );
    }

    #[test]
    fn a_host_is_only_looked_at_and_a_manifest_is_applied() {
        let drift = event("local_file", "local_file.motd", DriftType::Modified);
        assert_eq!(revert(&drift, Some(CloudProvider::Host)).unwrap(), "terraform plan -target='local_file.motd'");
        let mut drift = event("apps/v1/Deployment", "shop/Deployment/web", DriftType::Modified);
        drift.resource.declared_in = Some("-k8s/web app.yaml".into());
        assert_eq!(revert(&drift, None).unwrap(), "kubectl apply -f './-k8s/web app.yaml'");
        drift.resource.declared_in = None;
        assert!(revert(&drift, None).unwrap_err().contains("not known"));
    }

    #[test]
    fn what_cannot_be_seen_is_not_copied_into_a_command() {
        let drift = event("aws_vpc", "aws_vpc.a\u{1b}[2J", DriftType::Modified);
        assert!(revert(&drift, None).unwrap_err().contains("cannot be shown"));
        let drift = event("aws_vpc", "vpc-1\u{202e}", DriftType::Added);
        assert!(import(&drift).is_err() && revert(&drift, None).is_err());
    }

    #[test]
    fn an_import_block_is_for_what_no_code_declares() {
        let mut drift = event("aws_iam_role", "payroll", DriftType::Added);
        drift.tags = vec![("Name".into(), "Pay Roll".into())];
        assert!(import(&drift).unwrap().contains("to = aws_iam_role.pay_roll"));
        drift.drift_type = DriftType::Modified;
        assert!(import(&drift).unwrap_err().contains("declares it already"));
    }
}

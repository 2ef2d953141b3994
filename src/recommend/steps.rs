//! What to do, one sentence per step, with commands that can be pasted: every name from outside is quoted for a shell.

use std::path::Path;

use jiff::SignedDuration;

use super::{Case, is_gone};
use crate::analysis::Facts;
use crate::drift::{DriftType, RecommendationType};
use crate::safety::Tainted;

/// How the resource is changed.
enum Tool {
    Terraform,
    Kubectl,
    Cloudformation,
}

fn tool(facts: &Facts<'_>) -> Tool {
    let resource_type = facts.resource.resource_type.raw();
    if resource_type.starts_with("AWS::") {
        Tool::Cloudformation
    // Terraform may have what stands in a cluster, too.
    } else if resource_type.contains('/') {
        Tool::Kubectl
    } else {
        Tool::Terraform
    }
}

/// Those of a kind. `to`: who decides, `time`: how long an exception holds.
pub(super) fn of(
    kind: RecommendationType,
    case: &Case<'_>,
    to: Option<&Tainted>,
    time: Option<SignedDuration>,
) -> Vec<Tainted> {
    match kind {
        RecommendationType::AutoRevert => revert(case),
        RecommendationType::CodifyIac => codify(case),
        RecommendationType::EscalateReview => escalate(case, to),
        RecommendationType::AcceptException => accept(case.facts, time),
        RecommendationType::ManualReview => review(case.facts),
    }
}

/// Four steps: look, plan, do, verify.
pub(super) fn revert(case: &Case<'_>) -> Vec<Tainted> {
    let facts = case.facts;
    let address = quoted(facts.resource.resource_id.raw());
    let unmanaged = facts.drift_type == DriftType::Added;
    let (plan, apply) = match tool(facts) {
        Tool::Terraform if unmanaged => (
            format!("Make sure that nothing depends on {address}."),
            format!("Delete {address} with the provider's own tool."),
        ),
        // Terraform moves nothing that a target leaves out.
        Tool::Terraform if facts.drift_type == DriftType::Moved => (
            format!(
                "Plan all of the code, and see that {address} moves and nothing else does: terraform plan -out=driftguard.tfplan"
            ),
            "Apply exactly that plan: terraform apply driftguard.tfplan".to_owned(),
        ),
        Tool::Terraform => (
            format!("Plan only this resource: terraform plan -target={address} -out=driftguard.tfplan"),
            "Apply exactly that plan: terraform apply driftguard.tfplan".to_owned(),
        ),
        Tool::Kubectl => {
            let object = object(facts);
            let file = manifest(facts);
            if unmanaged {
                (
                    format!("Make sure that nothing depends on it: kubectl describe {object}"),
                    format!("Delete it: kubectl delete {object}"),
                )
            } else {
                (
                    format!("See what would change: kubectl diff -f {file}"),
                    format!("Apply the manifest{}: kubectl apply -f {file}", others(case)),
                )
            }
        }
        Tool::Cloudformation => (
            format!("Make a change set of the stack that declares {address}, with its template as it stands."),
            format!("Execute the change set for {address}."),
        ),
    };
    vec![
        format!("Read the diff of {address} and make sure that nobody relies on the live values.").into(),
        plan.into(),
        apply.into(),
        format!("Scan again and see the drift of {address} closed.").into(),
    ]
}

/// Leave it as it is, for a while.
fn accept(facts: &Facts<'_>, time: Option<SignedDuration>) -> Vec<Tainted> {
    let address = quoted(facts.resource.resource_id.raw());
    // No date: the same advice would be another one at every scan.
    let time = match time.map(|time| time.as_hours()) {
        Some(hours) if hours >= 48 => format!("for {} days", hours / 24),
        Some(hours) if hours > 0 => format!("for {hours} h"),
        _ => "for a while".to_owned(),
    };
    vec![
        format!("Read the diff of {address} and make sure that it can stay {time}.").into(),
        format!("Accept it {time}, with the reason: then it comes back by itself.").into(),
    ]
}

/// Bring the code up to what is live.
pub(super) fn codify(case: &Case<'_>) -> Vec<Tainted> {
    let facts = case.facts;
    let address = quoted(facts.resource.resource_id.raw());
    let place =
        facts.resource.declared_in.as_ref().map_or(String::new(), |p| format!(" (declared in {})", quoted(p.raw())));
    let write = match facts.drift_type {
        DriftType::Deleted => format!("Take {address}{place} out of the code."),
        DriftType::Added => format!("Declare {address} in the code, with an import of the live resource."),
        DriftType::Moved => {
            let old =
                facts.resource.previous_address.as_ref().map_or("its old address".to_owned(), |old| quoted(old.raw()));
            format!(
                "Have the code say that {old} is {address}: driftguard codify {address} shows the `moved` block or the new name, and \
                 where; --write makes it."
            )
        }
        DriftType::Modified => match (&tool(facts), case.code.map(|code| code.spot(facts.resource))) {
            (Tool::Terraform, Some(Ok(spot))) => format!(
                "Write the live values of {address} into {}: driftguard codify {address} shows the edit, --write makes it.",
                quoted(&spot.shown())
            ),
            _ => format!("Write the live values of {address}{place} into the code."),
        },
    };
    let check = match tool(facts) {
        Tool::Terraform if is_gone(facts) => format!("Take it out of the state: terraform state rm {address}"),
        Tool::Terraform if facts.drift_type == DriftType::Added => import(facts),
        Tool::Terraform if facts.drift_type == DriftType::Moved => {
            "See that it moves and nothing else changes: terraform plan".to_owned()
        }
        Tool::Terraform => format!("See that nothing is left to change: terraform plan -target={address}"),
        Tool::Kubectl => format!("See that nothing is left to change: kubectl diff -f {}", manifest(facts)),
        Tool::Cloudformation => "See that a change set of the stack is empty.".to_owned(),
    };
    vec![
        write.into(),
        check.into(),
        "Have the change reviewed, with the incident named in it.".into(),
        format!("Scan again and see the drift of {address} closed.").into(),
    ]
}

/// No address in the code is about a resource that no code has: it is brought in first, under a name that somebody chooses.
fn import(facts: &Facts<'_>) -> String {
    let kind = facts.resource.resource_type.line();
    match super::import::id(facts.resource, None) {
        Ok(id) => format!(
            "To bring it into the code: write import {{ to = {kind}.NAME, id = {} }} (an attribute a line), then terraform plan \
             -generate-config-out=imported.tf",
            quoted(&id)
        ),
        Err(why) => format!(
            "To bring it into the code: write import {{ to = {kind}.NAME, id = … }}, then terraform plan \
             -generate-config-out=imported.tf; {why}"
        ),
    }
}

/// Give it to somebody who may decide.
pub(super) fn escalate(case: &Case<'_>, to: Option<&Tainted>) -> Vec<Tainted> {
    let address = quoted(case.facts.resource.resource_id.raw());
    let to = to.map_or_else(|| "the security lead".to_owned(), Tainted::line);
    let worst = case.analysis.reasons.first().map_or(String::new(), |r| format!(" The worst of it: {}", r.text.line()));
    vec![
        format!("Show the diff of {address} to {to}.{worst}").into(),
        "Do not revert it before they have answered.".into(),
        "Write their decision down as the drift's resolution.".into(),
    ]
}

/// Find out why.
pub(super) fn review(facts: &Facts<'_>) -> Vec<Tainted> {
    let address = quoted(facts.resource.resource_id.raw());
    let look = match tool(facts) {
        Tool::Terraform if facts.drift_type == DriftType::Added => import(facts),
        Tool::Terraform if facts.drift_type == DriftType::Moved => {
            "See what the code would do: terraform plan".to_owned()
        }
        Tool::Terraform => format!("See what the code would do: terraform plan -target={address}"),
        Tool::Kubectl => {
            format!("See who owns the fields: kubectl get {} -o yaml --show-managed-fields", object(facts))
        }
        Tool::Cloudformation => {
            format!("See what the stack says about {address}: aws cloudformation describe-stack-resource-drifts")
        }
    };
    vec![
        format!("Read the diff of {address} and find out who changed it, and why.").into(),
        look.into(),
        "Then revert it, codify it, accept it for a while, or escalate it.".into(),
    ]
}

/// `, which declares 2 other objects too and puts them back with it`
fn others(case: &Case<'_>) -> String {
    let file = case.facts.resource.declared_in.as_ref();
    let objects = file.zip(case.code).and_then(|(file, code)| code.objects(Path::new(file.raw())));
    match objects.unwrap_or(0) {
        0 | 1 => String::new(),
        2 => ", which declares 1 other object too and puts it back as well".to_owned(),
        all => format!(", which declares {} other objects too and puts them back as well", all - 1),
    }
}

/// `shop/Deployment/web` as kubectl takes it: `deployment.v1.apps/web -n shop`. Kinds of two groups may have one name: only those of
/// the core go without it.
fn object(facts: &Facts<'_>) -> String {
    let group = match facts.resource.resource_type.raw().split('/').collect::<Vec<_>>().as_slice() {
        [group, version, _] => format!(".{version}.{group}"),
        _ => String::new(),
    };
    let named = |kind: &str, name: &str| quoted(&format!("{}{group}/{name}", kind.to_lowercase()));
    let parts: Vec<&str> = facts.resource.resource_id.raw().split('/').collect();
    match parts.as_slice() {
        [namespace, kind, name] if !namespace.is_empty() => format!("{} -n {}", named(kind, name), quoted(namespace)),
        [.., kind, name] => named(kind, name),
        _ => quoted(facts.resource.resource_id.raw()),
    }
}

fn manifest(facts: &Facts<'_>) -> String {
    facts.resource.declared_in.as_ref().map_or("MANIFEST".to_owned(), |p| quoted(p.raw()))
}

/// One word for a POSIX shell, whatever is in it; control and invisible characters are shown, not passed on, and a leading
/// dash cannot pass for an option.
fn quoted(text: &str) -> String {
    let safe = crate::safety::sanitise::line(text);
    let safe = if safe.starts_with('-') { format!("./{safe}") } else { safe };
    format!("'{}'", safe.replace('\'', r"'\''"))
}

//! What a resource of Kubernetes or CloudFormation is called in Terraform: the tables know mostly those names.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::tables::{PACKS, TABLES};

/// Kinds that hold pods, whose properties the tables know from pods alone.
const WORKLOADS: [&str; 7] =
    ["deployment", "statefulset", "daemonset", "replicaset", "job", "cronjob", "replicationcontroller"];

/// Type in lower case and path in normal form, as Terraform has them; `None` for what is Terraform's already, or nobody's.
pub(super) fn of(kind: &str, path: &str) -> Option<(String, String)> {
    if let Some(model) = kind.strip_prefix("aws::") {
        return cloudformation(model).map(|terraform| (terraform.to_owned(), path.to_owned()));
    }
    let declared = kind.strip_prefix("kubernetes_").map(|kind| kind.trim_end_matches("_v1").replace('_', ""));
    let name = match (&declared, kind.rsplit_once('/')) {
        (Some(name), _) => name.as_str(),
        (None, Some((group, name))) if is_version(group) => name,
        _ => return None,
    };
    let path = singular(path);
    if WORKLOADS.contains(&name) {
        let of_pod = path.split_once("template.spec.").map(|(_, below)| format!("spec.{below}"))?;
        return Some(("kubernetes_pod".to_owned(), of_pod));
    }
    let terraform = format!("kubernetes_{}", snake(name));
    (declared.is_none() || terraform != kind).then_some((terraform, path))
}

/// `v1`, `apps/v1`, `policy/v1beta1`; not `Microsoft.Storage`.
fn is_version(group: &str) -> bool {
    let version = group.rsplit('/').next().unwrap_or_default();
    version.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// The few names of two words, which are one in lower case.
fn snake(name: &str) -> &str {
    match name {
        "networkpolicy" => "network_policy",
        "clusterrole" => "cluster_role",
        "clusterrolebinding" => "cluster_role_binding",
        "rolebinding" => "role_binding",
        "serviceaccount" => "service_account",
        "persistentvolume" => "persistent_volume",
        "podsecuritypolicy" => "pod_security_policy",
        other => other,
    }
}

/// Terraform calls repeated blocks by the singular.
fn singular(path: &str) -> String {
    const BLOCKS: [&str; 8] =
        ["containers", "initcontainers", "volumes", "volumemounts", "ports", "rules", "subjects", "tolerations"];
    let names = path.split('.').map(|name| if BLOCKS.contains(&name) { &name[..name.len() - 1] } else { name });
    names.collect::<Vec<_>>().join(".")
}

/// `s3::bucket` is `aws_s3_bucket`, `ec2::instance` `aws_instance`; the table of disruptions has those that differ more.
fn cloudformation(model: &str) -> Option<&'static str> {
    let (service, name) = model.split_once("::")?;
    let named = [format!("aws::{model}"), format!("aws{service}{name}"), format!("aws{name}")];
    named.iter().find_map(|name| TERRAFORM.get(name).copied())
}

/// Terraform's types by CloudFormation's names, and by their own without `_`, all in lower case.
static TERRAFORM: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let mut all: HashMap<String, &'static str> = TABLES
        .keys()
        .filter(|kind| kind.starts_with("aws_"))
        .map(|kind| (kind.replace('_', ""), kind.as_str()))
        .collect();
    let table = PACKS.iter().find(|(name, _)| *name == "disruption").map_or("", |(_, text)| *text);
    let rows = table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split('\t').next());
    for kinds in rows {
        let mut kinds = kinds.split(' ');
        let Some(terraform) = kinds.next().filter(|kind| kind.starts_with("aws_")) else { continue };
        all.extend(kinds.map(|other| (other.to_lowercase(), terraform)));
    }
    all
});

#[cfg(test)]
mod tests {
    #[test]
    fn kinds_of_kubernetes_and_cloudformation_are_found_under_terraforms_names() {
        let of = |kind, path| super::of(kind, path).map(|(kind, path)| format!("{kind} {path}"));
        let pod = Some("kubernetes_pod spec.container.securitycontext.privileged".to_owned());
        let path = "spec.template.spec.containers.securitycontext.privileged";
        assert_eq!(of("apps/v1/deployment", path), pod);
        assert_eq!(of("kubernetes_deployment_v1", path), pod);
        assert_eq!(of("v1/pod", "spec.containers.securitycontext.privileged"), pod);
        assert_eq!(
            of("rbac.authorization.k8s.io/v1/clusterrole", "rules.verbs").as_deref(),
            Some("kubernetes_cluster_role rule.verbs")
        );
        assert_eq!(of("aws::s3::bucket", "x").as_deref(), Some("aws_s3_bucket x"));
        assert_eq!(of("aws::ec2::instance", "x").as_deref(), Some("aws_instance x"));
        assert_eq!(of("aws::rds::dbinstance", "x").as_deref(), Some("aws_db_instance x"));
        assert_eq!(of("microsoft.storage/storageaccounts", "x"), None);
        assert_eq!(of("aws_s3_bucket", "x"), None);
        assert_eq!(of("kubernetes_pod", "spec.container.image"), None);
    }
}

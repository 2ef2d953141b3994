//! What the kind of hand says: who did it is not why, but a service of the cloud fixes no emergency.

use super::nature::{closes, opens};
use super::vote::{Basis, Group, Vote};
use super::{Facts, Surroundings};
use crate::drift::{ActorClass, Attribution, Cause};
use crate::safety::Tainted;

/// Whose hand it was, as far as causes care.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Hand {
    Person,
    Machine,
    Unknown,
}

/// Of the audit event where there is one, else of the field managers.
pub(super) fn hand(around: &Surroundings<'_>) -> Hand {
    match around.attribution {
        Some(to) => match to.class {
            Some(ActorClass::Console | ActorClass::CommandLine) => Hand::Person,
            Some(_) => Hand::Machine,
            None => Hand::Unknown,
        },
        None => match manager(around.writers) {
            Some(Manager::Person) => Hand::Person,
            Some(_) => Hand::Machine,
            None => Hand::Unknown,
        },
    }
}

pub(super) fn votes(facts: &Facts<'_>, around: &Surroundings<'_>) -> Vec<Vote> {
    match around.attribution {
        Some(to) => by_class(facts, to),
        None => by_manager(around.writers),
    }
}

fn by_class(facts: &Facts<'_>, to: &Attribution) -> Vec<Vote> {
    use Cause::{AutomatedResponse, ConfigurationError, ManualTroubleshooting, SecurityResponse};
    let Some(class) = to.class else { return vec![] };
    let certain = to.is_certain();
    let (event, who) = (to.event.cell(60), to.actor.cell(60));
    let did = format!("CloudTrail has {event} by {who}, {} ({})", class.words(), to.class_reason.line());
    let says = |end: &str| format!("{did}{end}");
    let vote = |cause, alone, end| Vote::guess(Group::Hand, cause, alone, says(end));
    // What is only likely leaves room for another hand.
    let witnessed = |cause, sure, likely, end| match certain {
        true => Vote { basis: Basis::Witnessed, ..vote(cause, sure, end) },
        false => vote(cause, likely, end),
    };
    match class {
        ActorClass::Service => vec![witnessed(AutomatedResponse, 0.90, 0.70, ".")],
        ActorClass::SecurityTool if closes(facts) => {
            vec![witnessed(SecurityResponse, 0.85, 0.65, ": it closed what was open.")]
        }
        // Some of them try what attackers do.
        ActorClass::SecurityTool => vec![vote(SecurityResponse, 0.60, ".")],
        // A script does what somebody wrote into it, and opens nothing to everybody by itself.
        ActorClass::Script if opens(facts) => vec![],
        ActorClass::Script => vec![vote(AutomatedResponse, if certain { 0.55 } else { 0.45 }, ".")],
        ActorClass::Iac => vec![
            vote(ConfigurationError, 0.40, ": other code, or other values, than those that were compared."),
            vote(AutomatedResponse, 0.15, "."),
        ],
        ActorClass::Console | ActorClass::CommandLine if opens(facts) => vec![
            vote(AutomatedResponse, 0.02, ": it lets in whom the code keeps out."),
            vote(ManualTroubleshooting, 0.40, ": it lets in whom the code keeps out."),
        ],
        ActorClass::Console | ActorClass::CommandLine => vec![
            vote(AutomatedResponse, 0.02, ": that says who, not why."),
            vote(ManualTroubleshooting, 0.25, ": that says who, not why."),
        ],
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Manager {
    Person,
    Controller,
    Iac,
}

/// The kind of all field managers, where they are of one kind.
fn manager(writers: &[Tainted]) -> Option<Manager> {
    let mut kinds = writers.iter().map(|name| kind_of(name.raw()));
    let first = kinds.next()??;
    kinds.all(|kind| kind == Some(first)).then_some(first)
}

/// Field managers as kubectl and the common controllers name themselves.
fn kind_of(name: &str) -> Option<Manager> {
    const BY_HAND: &[&str] = &[
        "kubectl-edit",
        "kubectl-patch",
        "kubectl-scale",
        "kubectl-set",
        "kubectl-rollout",
        "kubectl-annotate",
        "kubectl-label",
        "k9s",
        "lens",
    ];
    const CODE: &[&str] = &[
        "kubectl",
        "kubectl-client-side-apply",
        "helm",
        "helm-controller",
        "argocd-controller",
        "argocd",
        "kustomize-controller",
        "terraform",
        "pulumi",
    ];
    const CONTROLLERS: &[&str] = &[
        "kube-controller-manager",
        "kube-scheduler",
        "cluster-autoscaler",
        "karpenter",
        "horizontal-pod-autoscaler",
        "vpa-updater",
        "vpa-recommender",
        "keda-operator",
        "kubelet",
    ];
    let is = |names: &[&str]| names.iter().any(|one| name.eq_ignore_ascii_case(one));
    if is(BY_HAND) {
        Some(Manager::Person)
    } else if is(CODE) {
        Some(Manager::Iac)
    } else if is(CONTROLLERS) || name.ends_with("-controller") || name.ends_with("-operator") {
        Some(Manager::Controller)
    } else {
        None
    }
}

fn by_manager(writers: &[Tainted]) -> Vec<Vote> {
    let names: Vec<String> = writers.iter().map(|name| name.cell(40)).collect();
    let wrote = format!("The field manager `{}` wrote what differs", names.join("`, `"));
    let vote = |cause, alone, end: &str| Vote::guess(Group::Hand, cause, alone, format!("{wrote}{end}"));
    match manager(writers) {
        Some(Manager::Controller) => {
            let by_itself = vote(Cause::AutomatedResponse, 0.85, ": a controller of the cluster.");
            vec![Vote { basis: Basis::Witnessed, ..by_itself }]
        }
        Some(Manager::Iac) => vec![vote(Cause::ConfigurationError, 0.35, ": other manifests than those compared.")],
        Some(Manager::Person) => vec![
            vote(Cause::AutomatedResponse, 0.02, ": somebody did it by hand, which says nothing of why."),
            vote(Cause::ManualTroubleshooting, 0.25, ": somebody did it by hand, which says nothing of why."),
        ],
        None => vec![],
    }
}

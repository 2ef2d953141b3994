//! What names say: the session, the role, the account that acted.

use std::sync::LazyLock;

use regex::Regex;

use super::nature::opens;
use super::vote::{Basis, Group, Vote};
use super::words::names_incident;
use super::{Facts, Surroundings};
use crate::drift::{ActorClass, Cause};

pub(super) fn votes(facts: &Facts<'_>, around: &Surroundings<'_>) -> Vec<Vote> {
    static URGENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)break-?glass|fire-?(?:fighter|call)|emergency|(?:^|[-_/.])(?:on-?call|hotfix)(?:[-_/.@]|$)")
            .ok()
    });
    static DEFENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)guard-?duty|security-?hub|config-?remediation|quarantine|forensic|incident-?respon|(?:^|[-_/.])soar(?:[-_/.@]|$)").ok()
    });
    static MACHINE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)(?:^|[-_/.@])(?:bots?|automation|svc|service-?account|ci|cd|cicd|jenkins|github-?actions|gitlab-?ci|lambda|cron(?:job)?",
            r"|auto-?scal\w*|scheduler|backup|controller|operator|robot|daemon)(?:[-_/.@]|$)|\[bot\]$"
        ))
        .ok()
    });
    let Some(to) = around.attribution else { return vec![] };
    let fits = |regex: &'static LazyLock<Option<Regex>>, text: &str| regex.as_ref().is_some_and(|r| r.is_match(text));
    // The role and the session are the tail of the ARN; the account before it says nothing.
    let acted = to.identity.raw().rsplit(':').next().unwrap_or_default();
    let any = |holds: &dyn Fn(&str) -> bool| [to.actor.raw(), acted].into_iter().any(holds);
    let says = |what: &str| format!("`{}` acted as `{}`: the name {what}.", to.actor.cell(60), to.identity.cell(100));
    let mut votes = vec![];
    let (role, session) = assumed(acted).unwrap_or_default();
    if is_chosen(role) && names_incident(session) {
        let sentence = says("names an incident");
        let (cause, alone, basis) = (Cause::EmergencyFix, 0.80, Basis::Stated);
        votes.push(Vote { cause, alone, basis, group: Group::Names, sentence });
    } else if any(&|text| fits(&URGENT, text)) {
        votes.push(Vote::guess(Group::Names, Cause::EmergencyFix, 0.65, says("is one for emergencies")));
    } else if any(&names_incident) {
        votes.push(Vote::guess(Group::Names, Cause::EmergencyFix, 0.55, says("may be that of an incident")));
    }
    if any(&|text| fits(&DEFENCE, text)) {
        votes.push(Vote::guess(Group::Names, Cause::SecurityResponse, 0.60, says("is one of those who defend")));
    }
    if role.starts_with("AWSServiceRoleFor") || acted.starts_with("role/aws-service-role/") {
        let sentence = says("is a service-linked role");
        let basis = if to.is_certain() { Basis::Witnessed } else { Basis::Guessed };
        let alone = if to.is_certain() { 0.90 } else { 0.70 };
        votes.push(Vote { cause: Cause::AutomatedResponse, alone, basis, group: Group::Hand, sentence });
    } else if matches!(to.class, None | Some(ActorClass::Script)) && !opens(facts) && any(&|text| fits(&MACHINE, text))
    {
        votes.push(Vote::guess(Group::Names, Cause::AutomatedResponse, 0.55, says("is that of an automation")));
    }
    votes
}

/// Role and session, of `assumed-role/ROLE/SESSION`.
fn assumed(acted: &str) -> Option<(&str, &str)> {
    acted.strip_prefix("assumed-role/")?.split_once('/')
}

/// Whoever assumes the role names the session for what is to be done; AWS's single sign-on gives it the name of the person.
fn is_chosen(role: &str) -> bool {
    !role.starts_with("AWSReservedSSO_")
}

//! A name says little of why: what was chosen for the act states it, what it is called anyway is a guess at most.

use super::*;

fn opened() -> Vec<Change> {
    vec![change("cidr_blocks", json!(["10.0.0.0/8"]), json!(["0.0.0.0/0"]))]
}

fn by_role(role: &str, session: &str, class: ActorClass) -> Attribution {
    by(session, &format!("arn:aws:sts::123456789012:assumed-role/{role}/{session}"), Some(class))
}

fn told(kind: &str, changes: &[Change], to: &Attribution) -> (Cause, u8) {
    said(&found(kind, changes, &Surroundings { attribution: Some(to), ..Surroundings::default() }))
}

#[test]
fn a_number_in_a_name_that_was_there_before_is_no_emergency() {
    let cli = ActorClass::CommandLine;
    let mut hands: Vec<Attribution> =
        ["acme-inc-2024", "inc2prod", "pd-1-operator", "team-sev-7"].map(|role| by_role(role, "bob", cli)).into();
    hands.push(by("pd1", "arn:aws:iam::123456789012:user/pd1", Some(cli)));
    for to in hands {
        assert_eq!(told("aws_security_group_rule", &opened(), &to).0, Unknown, "{:?}", to.identity);
    }
    // The role of an incident is a guess; the session that somebody opened for it is a word of theirs.
    let of = |role: &str, session: &str| told("aws_instance", &sizes(), &by_role(role, session, cli));
    assert_eq!(of("INC-4711", "bob"), (EmergencyFix, 51));
    assert!(of("Operator", "INC-4711") >= (EmergencyFix, 80));
    assert_eq!(of("AWSReservedSSO_Admin_0a1b", "inc-4711@example.com").1, 51, "whoever it is was called so before");
}

#[test]
fn only_a_service_linked_role_is_called_one() {
    let of = |role: &str| told("aws_instance", &sizes(), &by_role(role, "bob", ActorClass::Service)).1;
    assert_eq!(of("AWSServiceRoleForAutoScaling"), 90);
    let cli = by_role("my-AWSServiceRoleFor-x", "bob", ActorClass::CommandLine);
    assert_eq!(told("aws_instance", &sizes(), &cli).0, Unknown);
    let session = by_role("Operator", "AWSServiceRoleForAutoScaling", ActorClass::CommandLine);
    assert_eq!(told("aws_instance", &sizes(), &session).0, Unknown);
}

#[test]
fn what_opens_to_everybody_is_not_put_down_to_automation_because_a_script_did_it() {
    for (role, kind) in [("deploy", "aws_security_group_rule"), ("ci-bot", "aws_security_group"), ("x", "aws_subnet")] {
        let to = by_role(role, "run", ActorClass::Script);
        for path in ["cidr_blocks", "ingress"] {
            let changes = [change(path, json!(["10.0.0.0/8"]), json!(["0.0.0.0/0"]))];
            let told = told(kind, &changes, &to);
            assert_eq!(told.0, Unknown, "{role} {kind} {path}: {told:?}");
        }
    }
    // What opens nothing goes on being what scripts do.
    let to = by_role("deploy", "run", ActorClass::Script);
    assert_eq!(told("aws_instance", &sizes(), &to).0, AutomatedResponse);
}

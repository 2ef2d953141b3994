//! The person behind an identity, as far as there is one.

use super::event::Identity;

/// Who it was, in one word: the person where one is known, else the role, the service or the account.
pub(super) fn actor(identity: &Identity, source: &str) -> String {
    let first = |names: &[&str]| names.iter().find(|name| !name.is_empty()).map(|name| (*name).to_owned());
    let of_account = |what: &str| match identity.account.as_str() {
        "" => what.to_owned(),
        account => format!("{what} of {account}"),
    };
    let named = match identity.kind.as_str() {
        // Whoever started a chain of roles cannot change this on the way.
        _ if !identity.source_identity.is_empty() => Some(identity.source_identity.clone()),
        "Root" => Some(of_account("root")),
        "AWSService" => first(&[&identity.invoked_by]),
        "AWSAccount" => Some(of_account("somebody")),
        "AssumedRole" if is_person(&identity.session) => Some(identity.session.clone()),
        "AssumedRole" => first(&[&identity.role, &identity.session]),
        // `123456789012:alice`
        "FederatedUser" => first(&[identity.principal_id.rsplit(':').next().unwrap_or_default()]),
        _ => first(&[&identity.user_name, identity.arn.rsplit('/').next().unwrap_or_default()]),
    };
    named
        .or_else(|| first(&[&identity.session, &identity.user_name, &identity.invoked_by, source]))
        .unwrap_or_else(|| "nobody named".into())
}

/// What they acted as.
pub(super) fn acted_as(identity: &Identity) -> String {
    match (identity.arn.as_str(), identity.kind.as_str()) {
        ("", kind) => kind.to_owned(),
        (arn, _) => arn.to_owned(),
    }
}

/// SDKs and machines name their sessions too: instance ids, numbers, generated names.
fn is_person(session: &str) -> bool {
    let lower = session.to_ascii_lowercase();
    let generated =
        ["botocore-session-", "aws-go-sdk-", "aws-sdk-", "awscli-session-", "session-", "codebuild-", "awscodebuild-"];
    let is_hexadecimal = |text: &str| text.len() >= 8 && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    let is_instance = lower.strip_prefix("i-").is_some_and(is_hexadecimal);
    !(session.is_empty()
        || is_instance
        || is_hexadecimal(&lower)
        || generated.iter().any(|name| lower.starts_with(name)))
}

#[cfg(test)]
mod tests {
    use super::super::Event;
    use super::*;
    use serde_json::{Value, json};

    fn who(identity: Value) -> String {
        let event = json!({"eventName": "X", "eventTime": "2026-11-21T02:00:00Z", "userIdentity": identity});
        actor(&Event::of(&event).unwrap().identity, "ec2.amazonaws.com")
    }

    fn assumed(role: &str, session: &str) -> Value {
        json!({"type": "AssumedRole", "arn": format!("arn:aws:sts::123456789012:assumed-role/{role}/{session}")})
    }

    #[test]
    fn behind_an_assumed_role_is_the_person_who_named_the_session() {
        assert_eq!(who(assumed("AWSReservedSSO_Admin_0123456789abcdef", "alice@example.com")), "alice@example.com");
        assert_eq!(who(assumed("Operator", "bob")), "bob");
    }

    #[test]
    fn a_session_that_a_machine_named_says_less_than_its_role() {
        for session in ["i-0a1b2c3d4e5f67890", "botocore-session-1690000000", "1690000000123456789", "aws-go-sdk-17"] {
            assert_eq!(who(assumed("backup", session)), "backup", "{session}");
        }
    }

    #[test]
    fn who_started_a_chain_of_roles_counts_more_than_the_session() {
        let mut chained = assumed("Operator", "hop-2");
        chained["sessionContext"] = json!({"sourceIdentity": "carol"});
        assert_eq!(who(chained), "carol");
    }

    #[test]
    fn users_root_federated_ones_and_services_are_named_as_themselves() {
        assert_eq!(who(json!({"type": "IAMUser", "userName": "dave"})), "dave");
        assert_eq!(who(json!({"type": "Root", "accountId": "123456789012"})), "root of 123456789012");
        assert_eq!(who(json!({"type": "FederatedUser", "principalId": "123456789012:erin"})), "erin");
        assert_eq!(who(json!({"type": "AWSService", "invokedBy": "rds.amazonaws.com"})), "rds.amazonaws.com");
        assert_eq!(who(json!({})), "ec2.amazonaws.com");
    }
}

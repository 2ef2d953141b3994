//! Servers that are older or newer than this driftguard.

use std::collections::BTreeSet;

use crate::api::{Capability, Greeting, VERSION};
use crate::service::{Missing, ServiceError};

/// Whether a version of the contract is one we can speak: the first number is the same.
///
/// # Errors
/// When it is another one.
pub fn check(version: &str, server: &str) -> Result<(), ServiceError> {
    let major = |version: &str| version.split('.').next().and_then(|number| number.parse::<u32>().ok());
    let (theirs, ours) = (major(version), major(VERSION));
    if theirs == ours {
        return Ok(());
    }
    let older = if theirs < ours { "update the server, or use an older driftguard" } else { "update driftguard here" };
    // The header is theirs.
    let version = crate::safety::sanitise::cell(version, 20);
    let here = env!("CARGO_PKG_VERSION");
    Err(ServiceError::Invalid(format!(
        "{server} speaks version {version} of the API and this driftguard ({here}) speaks {VERSION}: {older}"
    )))
}

/// What this driftguard can ask for and the server does not know, and the sentence about it.
pub fn missing(greeting: &Greeting) -> Missing {
    let known: BTreeSet<&str> = match &greeting.capabilities {
        Some(known) => known.iter().map(String::as_str).collect(),
        // From before there was a list: all of this was known then.
        None => Capability::FIRST.iter().map(|one| one.as_str()).collect(),
    };
    let what = Capability::ALL.into_iter().filter(|one| !known.contains(one.as_str())).collect();
    let version = crate::safety::sanitise::cell(&greeting.server, 20);
    Missing { what, why: format!("the server is driftguard {version}, which does not know this") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_server_does_not_know_is_missing_and_what_a_newer_one_adds_is_no_matter() {
        let greeting = |capabilities: Option<Vec<&str>>| Greeting {
            organisation: crate::drift::Slug::from_text("acme"),
            name: "erin".into(),
            role: crate::api::Role::Editor,
            read_only: None,
            as_of: None,
            require_reason: String::new(),
            server: "0.9.0".into(),
            capabilities: capabilities.map(|all| all.into_iter().map(str::to_owned).collect()),
        };
        assert_eq!(
            missing(&greeting(None)).what,
            BTreeSet::from([
                Capability::Notifications,
                Capability::Outcomes,
                Capability::Presence,
                Capability::Remediations
            ])
        );
        let older = missing(&greeting(Some(vec!["groups", "rules", "scans", "teleport"])));
        assert!(older.what.contains(&Capability::Incident) && !older.what.contains(&Capability::Groups));
        assert!(older.why.contains("driftguard 0.9.0"), "{}", older.why);
    }

    #[test]
    fn another_first_number_is_refused_with_what_to_do() {
        assert!(check("1.0", "s").is_ok() && check("1.9", "s").is_ok());
        let newer = check("2.0", "https://s").unwrap_err().to_string();
        assert!(newer.contains("https://s speaks version 2.0") && newer.contains("update driftguard here"), "{newer}");
        assert!(check("0.9", "s").unwrap_err().to_string().contains("update the server"));
        assert!(check("\u{1b}[31m", "s").is_err());
    }
}

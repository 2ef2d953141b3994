//! Why a source of credentials failed, in words: what happened, where, and what to do next. The SDK's own words say neither which
//! profile it was nor what to do, and those of a process or an instance may quote what they should not.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_sdk_sts::operation::assume_role_with_web_identity::AssumeRoleWithWebIdentityError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::credentials::{NoCredentials, Source};
use crate::safety::sanitise;

/// A process's own words, as many of them as are shown.
const SAID: usize = 200;

/// `None`: the source has nothing to do with this machine, and the next one is asked.
pub(super) fn explain(source: &Source, is_absent: bool, error: &CredentialsError) -> Option<String> {
    // A role fails for want of what it is assumed with: that has said why.
    if NoCredentials::behind(error).is_some() {
        return None;
    }
    let said = chain(error);
    match source {
        Source::Profile { name, is_named } => of_profile(name, *is_named, is_absent, &said, error),
        _ if is_absent => None,
        Source::Environment => Some(format!("the environment variables are no credentials: {said}")),
        Source::WebIdentity => Some(of_web_identity(&said, error)),
        Source::Container => Some(format!(
            "the container's credentials could not be had: {}; AWS_CONTAINER_CREDENTIALS_FULL_URI, or _RELATIVE_URI, says where \
             they are asked for, and the task or pod needs a role",
            tail(&said)
        )),
        Source::Metadata => Some(of_metadata(&said)),
        Source::Role(arn) => Some(of_role(arn, &said, error)),
    }
}

fn of_profile(name: &str, is_named: bool, is_absent: bool, said: &str, error: &CredentialsError) -> Option<String> {
    let login = format!("log in with `aws sso login --profile {name}`");
    if said.contains("was not defined") {
        // The default one need not be there.
        let wanted = between(said, "profile `", "`").unwrap_or(name);
        return match between(said, "was not defined: `", "` was missing") {
            Some(key) => Some(format!("the profile {wanted} lacks {key}; add it to ~/.aws/config")),
            None if wanted == "default" => None,
            None => Some(format!(
                "there is no profile {wanted} in ~/.aws/config or ~/.aws/credentials; `aws configure list-profiles` lists those there are"
            )),
        };
    }
    if is_absent {
        return is_named.then(|| {
            format!("there is no profile {name} with credentials in it in ~/.aws/config or ~/.aws/credentials; `aws configure list-profiles` lists those there are")
        });
    }
    Some(if said.contains("SSO token has expired") || said.contains("SSO token is expired") {
        format!("the SSO session of the profile {name} has expired; {login}")
    } else if said.contains("SSO token") || said.contains("/sso/cache/") {
        format!("nobody is logged in to SSO for the profile {name}; {login}")
    } else if said.contains("UnauthorizedException") {
        format!("SSO does not accept the session of the profile {name} any more; {login}")
    } else if said.contains("ForbiddenException") {
        format!(
            "SSO does not give the role of the profile {name}; check its sso_account_id and sso_role_name, or ask for the role"
        )
    } else if let Some(rest) = said.split("external process").nth(1) {
        of_process(name, rest)
    } else if let Some((code, message)) = refusal(error) {
        format!("the role of the profile {name} could not be assumed: {code}: {message}; {TRUST}")
    } else {
        format!("the profile {name} gives none: {}; mend it in ~/.aws/config or ~/.aws/credentials", tail(said))
    })
}

const TRUST: &str = "the caller needs sts:AssumeRole on it, the role's trust policy has to name the caller, and external_id has to be right";

/// `rest`: after the words "external process".
fn of_process(name: &str, rest: &str) -> String {
    let what = match rest.split_once("Stderr:") {
        Some((status, stderr)) => {
            let status = status.rsplit("code ").next().unwrap_or_default().trim_end_matches(['.', ' ']);
            let stderr: String = sanitise::line(stderr.trim()).chars().take(SAID).collect();
            let stderr = if stderr.is_empty() { stderr } else { format!(": {stderr}") };
            format!("failed with {status}{stderr}")
        }
        // What it printed instead may be anything.
        None => "prints no JSON with Version 1, AccessKeyId and SecretAccessKey".into(),
    };
    format!("the credential_process of the profile {name} {what}; run it by hand to see why")
}

fn of_web_identity(said: &str, error: &CredentialsError) -> String {
    let file = std::env::var("AWS_WEB_IDENTITY_TOKEN_FILE").unwrap_or_default();
    let file = sanitise::line(&file);
    match refusal(error) {
        Some((code, message)) => format!(
            "the web identity in {file} (AWS_WEB_IDENTITY_TOKEN_FILE) was refused: {code}: {message}; a new token may be due, and \
             the trust policy of AWS_ROLE_ARN has to name its issuer and subject"
        ),
        None => format!(
            "the web identity in {file} (AWS_WEB_IDENTITY_TOKEN_FILE) could not be used: {}; check the file and AWS_ROLE_ARN",
            tail(said)
        ),
    }
}

fn of_metadata(said: &str) -> String {
    let why = match between(said, "error response from IMDS (code: ", ")") {
        Some(code) => format!("it answered {code}"),
        None => tail(said).to_owned(),
    };
    format!(
        "the instance's metadata service gives none: {why}; attach a role to the instance, or allow IMDSv2 as far as here \
         (http_put_response_hop_limit is 2 for containers)"
    )
}

fn of_role(arn: &str, said: &str, error: &CredentialsError) -> String {
    match refusal(error) {
        Some((code, message)) => format!("the role {arn} could not be assumed: {code}: {message}; {TRUST}"),
        None => format!("the role {arn} could not be assumed: {}", tail(said)),
    }
}

/// Code and message of STS's answer, when there was one.
fn refusal(error: &(dyn Error + 'static)) -> Option<(String, String)> {
    let of = |meta: &dyn ProvideErrorMetadata| {
        Some((meta.code()?.to_owned(), meta.message().unwrap_or_default().to_owned()))
    };
    causes(error).find_map(|error| {
        let role = error.downcast_ref::<AssumeRoleError>().and_then(|e| of(e));
        role.or_else(|| error.downcast_ref::<AssumeRoleWithWebIdentityError>().and_then(|e| of(e)))
    })
}

/// Without the words that every failure begins with.
fn tail(said: &str) -> &str {
    const EMPTY: [&str; 7] = [
        "an error occurred while loading credentials: ",
        "the credentials provider was not properly configured: ",
        "ProfileFile provider could not be built: ",
        "unexpected credentials error: ",
        "dispatch failure: ",
        "io error: ",
        "client error (Connect): ",
    ];
    let mut said = said;
    while let Some(rest) = EMPTY.iter().find_map(|words| said.strip_prefix(words)) {
        said = rest;
    }
    said
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    rest.split_once(end).map(|(found, _)| found)
}

/// An error, and what it goes back to.
pub(super) fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        let error: &'a (dyn Error + 'static) = *error;
        error.source()
    })
}

/// What each error of the chain adds, in one line: the SDK's own words for people say everything twice.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut said: Vec<String> = vec![];
    for error in causes(error) {
        let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if !said.iter().any(|before| before.contains(&text)) {
            said.push(text);
        }
    }
    said.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(source: &Source, error: CredentialsError) -> String {
        let is_absent = matches!(error, CredentialsError::CredentialsNotLoaded(_));
        explain(source, is_absent, &error).unwrap_or_default()
    }

    fn profile(name: &str, is_named: bool) -> Source {
        Source::Profile { name: name.into(), is_named }
    }

    #[test]
    fn an_expired_sso_session_says_how_to_log_in_again() {
        let expired = CredentialsError::provider_error("the SSO token has expired and cannot be refreshed");
        let words = told(&profile("prod", true), expired);
        assert_eq!(
            words,
            "the SSO session of the profile prod has expired; log in with `aws sso login --profile prod`"
        );
        let never = CredentialsError::provider_error("failed to load the cached SSO token");
        assert!(told(&profile("prod", true), never).starts_with("nobody is logged in to SSO"));
    }

    #[test]
    fn what_a_process_prints_where_credentials_should_be_is_not_repeated() {
        let bad =
            "Error retrieving credentials from external process, could not parse response: unexpected token 'hunter2'";
        let words = told(&profile("p", true), CredentialsError::provider_error(bad));
        assert!(!words.contains("hunter2") && words.contains("credential_process of the profile p"), "{words}");
        let failed = "Error retrieving credentials: external process exited with code exit status: 3. Stderr: log in\x1b[2J first";
        let words = told(&profile("p", true), CredentialsError::provider_error(failed));
        assert!(words.contains("failed with exit status: 3: log in") && !words.contains('\x1b'), "{words}");
    }

    #[test]
    fn only_a_profile_that_was_named_has_to_be_there() {
        let missing = |name: &str| {
            CredentialsError::not_loaded(format!("profile `{name}` was not defined: could not find source profile"))
        };
        assert_eq!(told(&profile("default", false), missing("default")), "");
        assert!(told(&profile("prdo", true), missing("prdo")).contains("there is no profile prdo in ~/.aws/config"));
        assert_eq!(told(&profile("default", false), CredentialsError::not_loaded_no_source()), "");
        assert_eq!(told(&Source::Metadata, CredentialsError::not_loaded("received 404 from IMDS")), "");
    }
}

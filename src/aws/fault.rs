//! What a refused or failed call means, and what to do about it.

use std::fmt;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::credentials::NoCredentials;
use super::explain::chain;
use crate::drift::UnverifiedReason;

/// Kinds of faults one acts differently on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FaultKind {
    /// The credentials do not allow it.
    Denied,
    /// There are no credentials, or they have expired.
    NoCredentials,
    /// The request was signed at a time AWS does not accept.
    Clock,
    /// Slowed down, and still so after the last retry.
    Throttled,
    /// What was asked for is not there.
    NotFound,
    /// AWS does not know the request, or not for this type.
    Unsupported,
    /// The endpoint could not be reached in time.
    Unreachable,
    /// The breaker is open: several calls failed in a row, so no more are made for now.
    Tripped {
        /// They were told to slow down.
        throttled: bool,
    },
    /// Something answered, in words that are not AWS's: a proxy, a portal, another server.
    Foreign,
    Other,
}

/// One failed call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    pub kind: FaultKind,
    /// As IAM spells it: `config:ListDiscoveredResources`.
    pub action: &'static str,
    /// AWS's code, empty when there was no answer.
    pub code: String,
    pub message: String,
}

/// Error codes of refusals: the services never agreed on one.
const DENIED: [&str; 8] = [
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "NotAuthorizedException",
    "AuthorizationError",
    "OrganizationAccessDeniedException",
    "403",
    "Forbidden",
];
const NO_CREDENTIALS: [&str; 8] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "AuthFailure",
];
/// The clocks of both sides differ by more than AWS allows.
const CLOCK: [&str; 3] = ["RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture"];
/// The SDK's own list of throttling codes (`aws-runtime`'s retry classifier).
const THROTTLED: [&str; 14] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "RequestThrottled",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
];

impl Fault {
    /// Reads an SDK error.
    pub fn of<E>(action: &'static str, error: &SdkError<E, Response>) -> Self
    where
        E: ProvideErrorMetadata + std::error::Error + 'static,
    {
        if let Some(why) = NoCredentials::behind(error) {
            return Self { kind: FaultKind::NoCredentials, action, code: String::new(), message: why.to_string() };
        }
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default().to_owned();
        let said = error.as_service_error().and_then(ProvideErrorMetadata::message).map(str::to_owned);
        let status = error.raw_response().map_or(0, |r| r.status().as_u16());
        if code.is_empty() && status != 429 && error.raw_response().is_some_and(is_foreign) {
            let message = format!("the endpoint answered HTTP {status} with something that is not AWS's");
            return Self { kind: FaultKind::Foreign, action, code, message };
        }
        let message = said.filter(|m| !m.is_empty()).unwrap_or_else(|| chain(error));
        let kind = match error {
            SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) if !mentions_credentials(&message) => {
                FaultKind::Unreachable
            }
            _ => kind(&code, status, &message),
        };
        Self { kind, action, code, message }
    }

    /// The reason resources are given that could not be looked at because of this.
    pub fn reason(&self) -> UnverifiedReason {
        match self.kind {
            FaultKind::Denied => UnverifiedReason::Denied,
            FaultKind::Throttled | FaultKind::Tripped { throttled: true } => UnverifiedReason::Throttled,
            FaultKind::Unsupported => UnverifiedReason::NotObservable,
            _ => UnverifiedReason::SourceFailed,
        }
    }

    /// What to do next; for refusals the statement that would allow the call.
    pub fn help(&self) -> String {
        match self.kind {
            FaultKind::Denied => format!(
                "allow it: {{\"Effect\":\"Allow\",\"Action\":\"{}\",\"Resource\":\"*\"}}; `driftguard aws policy` prints all that is needed",
                self.action
            ),
            // Where they come from said itself what to do.
            FaultKind::NoCredentials if self.code.is_empty() => "then scan again".into(),
            FaultKind::NoCredentials => {
                "AWS does not accept the credentials (any more): log in again (`aws sso login`), or name another profile or role \
                 in [environment.aws]"
                    .into()
            }
            FaultKind::Clock => {
                "set the clock of this machine: AWS refuses requests signed more than 5 minutes from its own time"
                    .into()
            }
            FaultKind::Throttled | FaultKind::Tripped { throttled: true } => "scan less often, or at another time: the account's call rate is used up".into(),
            FaultKind::NotFound => "check the name, the account and the region".into(),
            FaultKind::Unsupported => "nothing can be done here: AWS does not offer it for this type or region".into(),
            FaultKind::Unreachable => "check the network, the proxy and the endpoint".into(),
            FaultKind::Tripped { throttled: false } => "mend what the first of them says, then scan again".into(),
            FaultKind::Foreign => {
                "is the endpoint right? Check endpoint_url, AWS_ENDPOINT_URL and what stands between here and AWS".into()
            }
            FaultKind::Other => "scan again; if it stays, the message is AWS's own".into(),
        }
    }
}

/// Neither a JSON document nor the XML AWS tells errors in. What came without a body, or was cut off, says nothing.
fn is_foreign(response: &Response) -> bool {
    let text = response.body().bytes().map(String::from_utf8_lossy).unwrap_or_default();
    let text = text.trim_start();
    let is_html = || text.get(..200.min(text.len())).unwrap_or(text).to_ascii_lowercase().contains("<html");
    !text.is_empty() && !text.starts_with('{') && (!text.starts_with("<") || is_html())
}

fn kind(code: &str, status: u16, message: &str) -> FaultKind {
    let is = |codes: &[&str]| codes.contains(&code);
    if is(&THROTTLED) || status == 429 {
        FaultKind::Throttled
    } else if is(&CLOCK) || mentions_clock(message) {
        FaultKind::Clock
    } else if is(&NO_CREDENTIALS) || mentions_credentials(message) {
        FaultKind::NoCredentials
    } else if is(&DENIED) || status == 403 || message.contains("is not authorized to perform") {
        FaultKind::Denied
    } else if code.contains("Unsupported")
        || matches!(code, "TypeNotFoundException" | "InvalidAction" | "UnknownOperationException")
    {
        FaultKind::Unsupported
    } else if code.ends_with("NotFound")
        || code.ends_with("NotFoundException")
        || code.starts_with("NoSuch")
        || status == 404
        || (code == "ValidationError" && message.contains("does not exist"))
    {
        FaultKind::NotFound
    } else {
        FaultKind::Other
    }
}

/// The credentials chain fails before there is any answer, with words only.
fn mentions_credentials(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    [
        "credentials provider",
        "loading credentials",
        "no credentials",
        "security token included in the request is expired",
    ]
    .iter()
    .any(|words| message.contains(words))
}

/// Services say so beside the code of a wrong signature.
fn mentions_clock(message: &str) -> bool {
    ["Signature expired:", "Signature not yet current:"].iter().any(|words| message.contains(words))
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            FaultKind::Denied => "was denied",
            FaultKind::NoCredentials => "has no valid credentials",
            FaultKind::Clock => "was refused because this machine's clock is wrong",
            FaultKind::Throttled => "was throttled until the retries ran out",
            FaultKind::NotFound => "found nothing",
            FaultKind::Unsupported => "is not supported here",
            FaultKind::Unreachable => "could not be reached in time",
            FaultKind::Tripped { .. } => "was not tried",
            FaultKind::Other | FaultKind::Foreign => "failed",
        };
        write!(f, "{} {what}", self.action)?;
        match (self.code.as_str(), self.message.as_str()) {
            ("", "") => Ok(()),
            ("", message) => write!(f, ": {message}"),
            (code, message) => write!(f, ": {code}: {message}"),
        }
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_spells_refusal_and_throttling_differently_and_all_are_understood() {
        for code in ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation"] {
            assert_eq!(kind(code, 400, ""), FaultKind::Denied, "{code}");
        }
        for code in ["ThrottlingException", "SlowDown", "RequestLimitExceeded"] {
            assert_eq!(kind(code, 400, ""), FaultKind::Throttled, "{code}");
        }
        assert_eq!(kind("", 429, ""), FaultKind::Throttled);
        assert_eq!(kind("ExpiredToken", 403, ""), FaultKind::NoCredentials);
        assert_eq!(kind("RequestTimeTooSkewed", 403, ""), FaultKind::Clock);
        let early = "Signature not yet current: 20261121T040000Z is still later than 20261121T020000Z";
        assert_eq!(kind("InvalidSignatureException", 403, early), FaultKind::Clock);
        assert_eq!(kind("ValidationError", 400, "Stack with id shop does not exist"), FaultKind::NotFound);
        assert_eq!(kind("ResourceNotFoundException", 400, ""), FaultKind::NotFound);
        assert_eq!(kind("", 403, ""), FaultKind::Denied);
        assert_eq!(kind("InternalFailure", 500, ""), FaultKind::Other);
    }

    #[test]
    fn a_refusal_names_the_statement_that_would_allow_it() {
        let action = "config:BatchGetResourceConfig";
        let fault = Fault { kind: FaultKind::Denied, action, code: "AccessDenied".into(), message: "no".into() };
        assert!(fault.help().contains(r#""Action":"config:BatchGetResourceConfig""#));
        assert_eq!(fault.to_string(), "config:BatchGetResourceConfig was denied: AccessDenied: no");
    }
}

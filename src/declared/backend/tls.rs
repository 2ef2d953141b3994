//! TLS of the http backend, as Terraform's variables have it: an own CA, a certificate of the client, no verification.

use reqwest::{Certificate, ClientBuilder, Identity};

use super::http::Refusal;

const CA: &str = "TF_HTTP_CLIENT_CA_CERTIFICATE_PEM";
const CERTIFICATE: &str = "TF_HTTP_CLIENT_CERTIFICATE_PEM";
const KEY: &str = "TF_HTTP_CLIENT_PRIVATE_KEY_PEM";
const SKIP: &str = "TF_HTTP_SKIP_CERT_VERIFICATION";

/// Said of every state that was read so.
pub(super) const UNVERIFIED: &str = "whether the server is who it says it is was not checked (TF_HTTP_SKIP_CERT_VERIFICATION): anybody on the way could have sent this state";

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.trim().is_empty())
}

/// Nobody's certificate is checked.
pub(super) fn is_skipped() -> bool {
    variable(SKIP).is_some_and(|text| matches!(text.as_str(), "1" | "t" | "T" | "TRUE" | "true" | "True"))
}

/// Puts what the variables say into the client.
pub(super) fn configure(mut client: ClientBuilder) -> Result<ClientBuilder, Refusal> {
    let wrong =
        |name: &str, what: &str| (format!("{name} {what}"), "It takes the PEM text itself, not a path.".to_owned());
    if let Some(pem) = variable(CA) {
        let certificates = Certificate::from_pem_bundle(pem.as_bytes()).unwrap_or_default();
        if certificates.is_empty() {
            return Err(wrong(CA, "holds no certificate"));
        }
        // As with Terraform: whoever names a CA means this one and no other.
        client = client.tls_certs_only(certificates);
    }
    match (variable(CERTIFICATE), variable(KEY)) {
        (Some(certificate), Some(key)) => {
            let both = format!("{key}\n{certificate}");
            let identity = Identity::from_pem(both.as_bytes());
            client =
                client.identity(identity.map_err(|_| wrong(CERTIFICATE, "and its key are no certificate with key"))?);
        }
        (None, None) => {}
        (Some(_), None) => {
            return Err((format!("{CERTIFICATE} is set and {KEY} is not"), "Set both, or neither.".into()));
        }
        (None, Some(_)) => {
            return Err((format!("{KEY} is set and {CERTIFICATE} is not"), "Set both, or neither.".into()));
        }
    }
    Ok(if is_skipped() { client.tls_danger_accept_invalid_certs(true) } else { client })
}

/// What to do about a certificate that is not believed; `None`: it was something else.
pub(super) fn help(why: &str) -> Option<String> {
    let why = why.to_ascii_lowercase();
    let says = |words: &str| why.contains(words);
    if says("unknownissuer") || says("unknown issuer") || says("not trusted") {
        return Some(format!(
            "Its certificate is of a CA that is not known here: set {CA} to that CA's certificate, as Terraform's http backend takes it."
        ));
    }
    if says("notvalidforname") || says("not valid for name") {
        return Some("Its certificate is for another name: use a name of the server that stands in it.".into());
    }
    if says("expired") {
        return Some("Its certificate has expired: renew it on the server, or check this machine's clock.".into());
    }
    if says("certificaterequired") || says("certificate required") {
        return Some(format!("It wants to know who asks: set {CERTIFICATE} and {KEY}."));
    }
    (says("certificate") || says("tls")).then(|| "Check the server's certificate.".into())
}

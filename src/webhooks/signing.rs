//! Signatures: HMAC-SHA256 (RFC 2104) over when something was sent and what.

use ring::hmac;

/// Seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "x-driftguard-timestamp";
/// `v1=` and the signature in hexadecimal digits.
pub const SIGNATURE_HEADER: &str = "x-driftguard-signature";

const VERSION: &str = "v1=";
/// As GitHub has it: "Validating webhook deliveries" in its documentation.
const GITHUB: &str = "sha256=";

/// Known to both ends, and never shown.
#[derive(Clone, Debug)]
pub struct SigningKey(hmac::Key);

impl SigningKey {
    pub fn new(secret: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()))
    }

    /// Of `timestamp.body`.
    pub fn sign(&self, timestamp: i64, body: &[u8]) -> String {
        let tag = hmac::sign(&self.0, &signed(&timestamp.to_string(), body));
        format!("{VERSION}{}", hex(tag.as_ref()))
    }

    /// Takes as long whatever is wrong.
    pub fn verifies(&self, timestamp: &str, body: &[u8], signature: &str) -> bool {
        let tag = signature.strip_prefix(VERSION).and_then(unhex).unwrap_or_default();
        hmac::verify(&self.0, &signed(timestamp, body), &tag).is_ok()
    }

    /// Of the body alone.
    pub fn verifies_github(&self, body: &[u8], signature: &str) -> bool {
        let tag = signature.strip_prefix(GITHUB).and_then(unhex).unwrap_or_default();
        hmac::verify(&self.0, body, &tag).is_ok()
    }
}

fn signed(timestamp: &str, body: &[u8]) -> Vec<u8> {
    [timestamp.as_bytes(), b".", body].concat()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = text.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of GitHub's documentation.
    #[test]
    fn a_signature_of_github_is_known() {
        let key = SigningKey::new("It's a Secret to Everybody");
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        assert!(key.verifies_github(b"Hello, World!", signature));
        assert!(!key.verifies_github(b"Hello, World?", signature));
    }

    #[test]
    fn whoever_changes_time_body_or_key_has_no_signature() {
        let key = SigningKey::new("0123456789abcdef");
        let signature = key.sign(1_700_000_000, b"{}");
        assert!(signature.len() == 67 && key.verifies("1700000000", b"{}", &signature));
        assert!(!key.verifies("1700000001", b"{}", &signature) && !key.verifies("1700000000", b"[]", &signature));
        assert!(!SigningKey::new("0123456789abcdeg").verifies("1700000000", b"{}", &signature));
        for odd in ["", "v1=", "v1=00", "v2=00", "v1=ä", "v1=0", &signature[3..], &signature[..66]] {
            assert!(!key.verifies("1700000000", b"{}", odd), "{odd}");
        }
    }
}

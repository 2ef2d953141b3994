//! Values that stand for a secret instead of holding it.

use serde_json::Value;

use super::Dialect;

/// Whether the value is a mask: comparing it would compare the mask.
pub(super) fn hides_value(value: &Value) -> bool {
    let Value::String(s) = value else { return false };
    match s.as_bytes().first() {
        Some(b'*') => s.len() >= 3 && s.bytes().all(|b| b == b'*'),
        Some(b'(') => matches!(s.as_str(), "(sensitive value)" | "(sensitive)"),
        Some(b'<') => matches!(s.as_str(), "<redacted>" | "<REDACTED>" | "<sensitive>" | "<masked>"),
        Some(b'[') => matches!(s.as_str(), "[REDACTED]" | "[redacted]"),
        Some(0xC2) => is_keyed_hash(value),
        _ => false,
    }
}

/// Our own mask, `«secret #a1b2c3d4»`: the same hash is the same secret.
pub(super) fn is_keyed_hash(value: &Value) -> bool {
    value.as_str().is_some_and(|s| s.starts_with("«secret #") && s.ends_with('»'))
}

/// A reference whose value nobody knows yet: Terraform's word for it, an intrinsic function or a dynamic reference of
/// CloudFormation (an image by parameter, a secret), or a marker that a case file puts there (`__…unresolved__`). A reference that
/// came back as one is plain text.
pub(super) fn is_unresolved(dialect: Dialect, value: &Value, live: Option<&Value>) -> bool {
    let came_back = |reference: &str| live.and_then(Value::as_str).is_some_and(|live| live.contains(reference));
    match value {
        Value::String(s) => {
            s == "(known after apply)"
                || (s.starts_with("__") && s.ends_with("unresolved__"))
                || (matches!(dialect, Dialect::Cloudformation | Dialect::AwsConfig)
                    && s.contains("{{resolve:")
                    && !came_back("{{resolve:"))
                || (s.starts_with("resolve:ssm:") && !came_back("resolve:ssm:"))
        }
        Value::Object(o) => o.len() == 1 && o.keys().all(|k| k == "Ref" || k.starts_with("Fn::")),
        _ => false,
    }
}

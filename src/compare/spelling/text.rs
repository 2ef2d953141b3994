//! Texts of several lines, keys and certificates, file modes, user data.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha1::{Digest, Sha1};

use super::Place;
use crate::compare::facts::Kind;

/// Line ends, spaces before them and final newlines; a text of one line is taken literally.
pub(super) fn multiline(place: &Place<'_>, value: &Value) -> Option<String> {
    let text = value.as_str().filter(|_| !place.free)?;
    // The newline at the end of a single line is content: a secret with one is another secret. So are the line ends of a script.
    if !text.trim_end().contains('\n') || text.starts_with("#!") {
        return Some(text.to_owned());
    }
    let lines: Vec<&str> = text.lines().map(|l| l.trim_end_matches([' ', '\t', '\r'])).collect();
    Some(lines.join("\n").trim_end_matches('\n').to_owned())
}

/// PEM blocks by label and content.
pub(super) fn pem(place: &Place<'_>, value: &Value) -> Option<String> {
    let mut rest = value.as_str().filter(|t| !place.free && t.contains("-----BEGIN "))?.trim();
    let mut out = String::new();
    while !rest.is_empty() {
        let (label, tail) = rest.strip_prefix("-----BEGIN ")?.split_once("-----")?;
        let (body, tail) = tail.split_once("-----END ")?;
        out.push_str(label);
        out.push('\n');
        out.extend(body.split_whitespace());
        out.push('\n');
        rest = tail.strip_prefix(label)?.strip_prefix("-----")?.trim_start();
    }
    Some(out)
}

/// A public SSH key by type and content; the comment at its end means nothing.
pub(super) fn ssh_key(place: &Place<'_>, value: &Value) -> Option<String> {
    let text = value.as_str().filter(|t| !place.free && (t.starts_with("ssh-") || t.starts_with("ecdsa-sha2-")))?;
    let mut words = text.lines().next().filter(|_| text.trim_end().lines().count() == 1)?.split_whitespace();
    let (kind, body) = (words.next()?, words.next()?);
    STANDARD.decode(body).ok().map(|_| format!("{kind} {body}"))
}

/// Access rules of a Redis user: everything starts from `-@all`, whether it is written or not.
pub(super) fn redis_acl(place: &Place<'_>, value: &Value) -> Option<String> {
    let text =
        value.as_str().filter(|_| place.kind == Some(Kind::RedisAcl) || super::is_named(place.key, "accessstring"))?;
    let first = text.split_whitespace().position(|word| word.starts_with(['+', '-']));
    let start = |(i, word): &(usize, &str)| !(Some(*i) == first && *word == "-@all");
    let words: Vec<&str> = text.split_whitespace().enumerate().filter(start).map(|(_, word)| word).collect();
    Some(words.join(" "))
}

pub(super) fn file_mode(place: &Place<'_>, value: &Value) -> Option<String> {
    if place.kind != Some(Kind::FileMode) {
        return None;
    }
    u32::from_str_radix(value.as_str()?, 8).ok().map(|mode| format!("{mode:o}"))
}

/// `755` and `0755` at properties named after permissions.
pub(super) fn same_mode(place: &Place<'_>, a: &str, b: &str) -> bool {
    let mode = |text: &str| {
        let octal = matches!(text.len(), 3 | 4) && text.bytes().all(|c| matches!(c, b'0'..=b'7'));
        octal.then(|| u32::from_str_radix(text, 8).ok())?
    };
    !place.free && super::is_named(place.key, "permissions") && mode(a).is_some_and(|x| mode(b) == Some(x))
}

/// User data in plain text and in base64.
pub(super) fn same_user_data(place: &Place<'_>, a: &str, b: &str) -> bool {
    let decodes = |encoded: &str, plain: &str| STANDARD.decode(encoded).is_ok_and(|bytes| bytes == plain.as_bytes());
    let named = ["userdata", "userdatabase64"].iter().any(|name| super::is_named(place.key, name));
    !place.free && named && (decodes(a, b) || decodes(b, a))
}

/// The SHA-1 that Terraform keeps in its state of the plain text, whichever of the three forms is given.
pub(super) fn user_data(place: &Place<'_>, value: &Value) -> Option<String> {
    let text = value.as_str().filter(|_| place.kind == Some(Kind::UserData))?;
    if text.len() == 40 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Some(text.to_ascii_lowercase());
    }
    let decoded = STANDARD.decode(text).ok();
    let digest = Sha1::digest(decoded.as_deref().unwrap_or(text.as_bytes()));
    Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::same;
    use super::super::testing::{at, of};
    use super::*;

    #[test]
    fn line_ends_are_not_content() {
        for (a, b) in [("a\nb\n", "a\r\nb"), ("a  \nb", "a\nb")] {
            assert_eq!(same(&at("description"), &json!(a), &json!(b)), Some("multiline"), "{a:?} {b:?}");
        }
    }

    #[test]
    fn another_line_or_indentation_is_reported() {
        for (a, b) in [
            ("a\nb\n", "a\nc\n"),
            ("a\n b", "a\nb"),
            ("x ", "x"),
            ("a\n\nb", "a\nb"),
            ("secret\n", "secret"),
            ("#!/bin/sh\r\nx", "#!/bin/sh\nx"),
        ] {
            assert_eq!(same(&at("description"), &json!(a), &json!(b)), None, "{a:?} {b:?}");
        }
    }

    #[test]
    fn a_key_is_its_content() {
        let pem = |body: &str| json!(format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----"));
        assert_eq!(same(&at("k"), &pem("QUJD\nREVG"), &pem("QUJDREVG")), Some("pem"));
        assert_eq!(same(&at("k"), &pem("QUJDREVG"), &pem("QUJDREVH")), None);
        assert_eq!(same(&at("k"), &json!("ssh-rsa QUJD me@here"), &json!("ssh-rsa QUJD")), Some("pem"));
        assert_eq!(same(&at("k"), &json!("ssh-rsa QUJD"), &json!("ssh-rsa QUJE")), None);
    }

    #[test]
    fn a_file_mode_may_lack_its_leading_zero() {
        assert_eq!(same(&of(Kind::FileMode), &json!("644"), &json!("0644")), Some("file-mode"));
        assert_eq!(same(&of(Kind::FileMode), &json!("0644"), &json!("0666")), None);
    }

    #[test]
    fn user_data_is_compared_through_its_hash() {
        let hash = json!("0a4d55a8d778e5022fab701977c5d840bbc486d0");
        assert_eq!(same(&of(Kind::UserData), &hash, &json!("Hello World")), Some("user-data"));
        assert_eq!(same(&of(Kind::UserData), &hash, &json!("SGVsbG8gV29ybGQ=")), Some("user-data"));
        assert_eq!(same(&of(Kind::UserData), &hash, &json!("Hello world")), None);
    }

    #[test]
    fn the_access_of_a_redis_user_starts_from_nothing() {
        let acl = of(Kind::RedisAcl);
        assert_eq!(same(&acl, &json!("on ~app:* +@read"), &json!("on ~app:* -@all +@read")), Some("redis-acl"));
        assert_eq!(same(&acl, &json!("on ~app:* +@read"), &json!("on ~app:* +@all")), None);
        assert_eq!(same(&acl, &json!("on +@read -@all"), &json!("on +@read")), None);
    }
}

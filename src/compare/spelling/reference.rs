//! References: a thing by its name, its id, its ARN or an alias.

use serde_json::Value;

use super::{Place, is_named};
use crate::compare::arn::{Arn, Home};
use crate::drift::UnverifiedReason;

impl Arn<'_> {
    /// Whether it can be the thing called `name` in the place's own account and region. What the place does not know is not
    /// assumed.
    fn is_called(&self, name: &str, place: &Place<'_>) -> bool {
        if name.len() < 2 || !self.is_at(place.account, place.region) {
            return false;
        }
        // `log-group:/a:*` names a group and everything in it.
        let resource = self.resource.strip_suffix(":*").unwrap_or(self.resource);
        let Some(split) = resource.find(['/', ':']) else { return resource == name };
        let (kind, rest) = resource.split_at(split);
        // Paths are part of a role's ARN and not of its name; a parameter's name starts with the slash.
        let in_path = self.service == "iam" && rest.rsplit('/').next() == Some(name);
        resource == name || &rest[1..] == name || in_path || (name.starts_with('/') && rest == name && !kind.is_empty())
    }
}

/// The name of a thing and its ARN in the same account and region.
pub(super) fn same_thing(place: &Place<'_>, a: &str, b: &str) -> bool {
    if place.free || is_prose(place.key) {
        return false;
    }
    let (arn, name) = match (Arn::parse(a), Arn::parse(b)) {
        (Some(arn), None) => (arn, b),
        (None, Some(arn)) => (arn, a),
        _ => return alias_of(place, a, b) == Some(true),
    };
    arn.is_called(name, place) || alias_of(place, a, b) == Some(true)
}

/// Text for people or programs, where an ARN is other text than the name in it.
fn is_prose(key: &str) -> bool {
    const NAMES: [&str; 9] =
        ["description", "comment", "content", "body", "message", "text", "userdata", "templatebody", "value"];
    NAMES.iter().any(|name| is_named(key, name))
}

/// Whether one side is a KMS alias and the other the key it names; `None` where that is not known, or where there is no alias.
fn alias_of(place: &Place<'_>, a: &str, b: &str) -> Option<bool> {
    let (alias, key) = if alias(a).is_some() { (a, b) } else { (alias(b).map(|_| b)?, a) };
    let home = place.account.zip(place.region);
    let target = place.context?.key_of(alias, home)?;
    // Key ids of recordings may be made unreadable; what an alias names is one.
    let same_id = key_id(key)? == key_id(target).unwrap_or(target);
    // Where one of them is, is perhaps not known; that it is elsewhere may be.
    let places = [home_of(key).or(home), home_of(target).or(home_of(alias)).or(home)];
    Some(same_id && !matches!(places, [Some(key), Some(target)] if key != target))
}

/// `alias/a`, bare or at the end of an ARN.
fn alias(text: &str) -> Option<&str> {
    let resource = Arn::parse(text).filter(|arn| arn.service == "kms").map_or(text, |arn| arn.resource);
    resource.starts_with("alias/").then_some(resource)
}

fn home_of(text: &str) -> Option<Home<'_>> {
    Arn::parse(text).map(|arn| (arn.account, arn.region))
}

/// The id of a KMS key, bare or at the end of an ARN.
fn key_id(text: &str) -> Option<&str> {
    match Arn::parse(text) {
        Some(arn) if arn.service == "kms" => arn.resource.strip_prefix("key/"),
        Some(_) => None,
        None => is_key_id(text).then_some(text),
    }
}

fn is_key_id(text: &str) -> bool {
    let uuid = text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-');
    uuid || text.strip_prefix("mrk-").is_some_and(|id| id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// Which may change when all sources were read.
pub(crate) const ALIAS_UNKNOWN: &str = "Which key the alias names is not known.";

/// Why nobody can say whether two texts mean the same; `None` when it can be said.
pub(in crate::compare) fn undecidable(
    place: &Place<'_>,
    a: &Value,
    b: &Value,
) -> Option<(UnverifiedReason, &'static str)> {
    let (a, b) = (a.as_str()?, b.as_str()?);
    let alias_and_key = |x, y| alias(x).is_some() && key_id(y).is_some() && alias(y).is_none();
    if !place.free && (alias_and_key(a, b) || alias_and_key(b, a)) && alias_of(place, a, b).is_none() {
        return Some((UnverifiedReason::Unresolved, ALIAS_UNKNOWN));
    }
    if follows_newest(place, a, b) {
        return Some((
            UnverifiedReason::Unresolved,
            "The code follows the newest version; which one that is, is not known.",
        ));
    }
    if masks_letters(a, b) || masks_letters(b, a) {
        return Some((
            UnverifiedReason::Unresolved,
            "One side has question marks where the other has letters beyond ASCII.",
        ));
    }
    None
}

/// `LATEST` in the code and a version live, at properties that hold a platform's version. The other way round the code's
/// version is no longer held.
fn follows_newest(place: &Place<'_>, declared: &str, live: &str) -> bool {
    let named =
        place.kind == Some(super::Kind::VersionTrack) || (!place.free && is_named(place.key, "platformversion"));
    let is_version = live.split('.').all(|part| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit()));
    named && declared.eq_ignore_ascii_case("latest") && is_version
}

/// CloudFormation gives templates back with `?` for every character beyond ASCII.
fn masks_letters(masked: &str, text: &str) -> bool {
    let fits = |(m, t): (char, char)| m == t || (m == '?' && !t.is_ascii());
    !text.is_ascii() && masked.chars().count() == text.chars().count() && masked.chars().zip(text.chars()).all(fits)
}

/// A version and the track it is on: `8.0` and `8.0.45`, at properties that are known or named to hold an engine's version.
pub(super) fn same_track(place: &Place<'_>, a: &str, b: &str) -> bool {
    let named = place.kind == Some(super::Kind::VersionTrack) || (!place.free && is_named(place.key, "engineversion"));
    let numbers = |text: &str| text.split('.').all(|part| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit()));
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    named && numbers(short) && numbers(long) && long.strip_prefix(short).is_some_and(|rest| rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::same;
    use super::super::testing::{at, of};
    use super::*;
    use crate::compare::facts::Kind;
    use crate::compare::{Context, Dialect};

    fn home<'c>(key: &'c str, context: &'c Context) -> Place<'c> {
        Place { account: Some("1234"), region: Some("eu-west-1"), context: Some(context), ..at(key) }
    }

    fn rule(a: &str, b: &str) -> Option<&'static str> {
        let context =
            Context::from_json(&json!({"kmsAliasTargets": {"alias/a": "11111111-2222-3333-4444-555555555555"}}));
        let there = same(&home("x", &context), &json!(a), &json!(b));
        assert_eq!(there, same(&home("x", &context), &json!(b), &json!(a)), "{a} {b}");
        there
    }

    #[test]
    fn a_name_and_its_arn_are_the_same_at_home() {
        for (name, arn) in [
            ("fn", "arn:aws:lambda:eu-west-1:1234:function:fn"),
            ("deploy", "arn:aws:iam::1234:role/ci/deploy"),
            ("bucket", "arn:aws:s3:::bucket"),
            ("alias/aws/s3", "arn:aws:kms:eu-west-1:1234:alias/aws/s3"),
            ("/a/b", "arn:aws:ssm:eu-west-1:1234:parameter/a/b"),
            ("/a/b", "arn:aws:logs:eu-west-1:1234:log-group:/a/b:*"),
            ("alias/a", "arn:aws:kms:eu-west-1:1234:key/11111111-2222-3333-4444-555555555555"),
        ] {
            assert_eq!(rule(name, arn), Some("reference"), "{name} {arn}");
        }
    }

    #[test]
    fn the_same_name_elsewhere_is_another_thing() {
        for (name, arn) in [
            ("fn", "arn:aws:lambda:eu-west-1:9999:function:fn"),
            ("fn", "arn:aws:lambda:us-east-1:1234:function:fn"),
            ("fn", "arn:aws:lambda:eu-west-1:1234:function:fn2"),
            ("prod", "arn:aws:lambda:eu-west-1:1234:function:fn:prod"),
            ("arn:aws:iam::1234:role/a", "arn:aws:iam::1234:user/a"),
            ("bucket", "arn:aws-cn:s3:::bucket"),
            ("deploy", "arn:aws-us-gov:iam::1234:role/deploy"),
            ("alias/a", "arn:aws:kms:eu-west-1:1234:key/99999999-2222-3333-4444-555555555555"),
            ("alias/a", "arn:aws:kms:eu-west-1:9999:key/11111111-2222-3333-4444-555555555555"),
            ("alias/a", "arn:aws:kms:us-east-1:1234:key/11111111-2222-3333-4444-555555555555"),
            ("arn:aws:kms:eu-west-1:9999:alias/a", "11111111-2222-3333-4444-555555555555"),
        ] {
            assert_eq!(rule(name, arn), None, "{name} {arn}");
        }
        let unknown = same(&at("x"), &json!("fn"), &json!("arn:aws:lambda:eu-west-1:1234:function:fn"));
        assert_eq!(unknown, None, "whose account it is, is not known");
    }

    #[test]
    fn what_an_alias_without_a_known_target_names_is_not_decided() {
        let context = Context::default();
        let place = home("x", &context);
        let key = json!("arn:aws:kms:eu-west-1:1234:key/11111111-2222-3333-4444-555555555555");
        assert!(undecidable(&place, &json!("alias/aws/sqs"), &key).is_some());
        assert!(undecidable(&place, &json!("alias/aws/sqs"), &json!("alias/other")).is_none());
    }

    #[test]
    fn masked_letters_are_not_decided_and_other_texts_are() {
        let place = Place { dialect: Dialect::Cloudformation, ..at("Value") };
        assert!(undecidable(&place, &json!("???o"), &json!("áéío")).is_some());
        assert!(undecidable(&place, &json!("???o"), &json!("áéíu")).is_none());
        assert!(undecidable(&place, &json!("???"), &json!("abc")).is_none());
    }

    #[test]
    fn a_version_on_its_track_is_the_same_and_another_track_is_not() {
        for (a, b, same_track) in
            [("8.0", "8.0.45", true), ("1.6.22", "1.6", true), ("8.0", "8.4", false), ("8.0", "8.01", false)]
        {
            let expected = same_track.then_some("version-track");
            assert_eq!(same(&of(Kind::VersionTrack), &json!(a), &json!(b)), expected, "{a} {b}");
            assert_eq!(same(&at("engine_version"), &json!(a), &json!(b)), expected, "{a} {b}");
        }
        assert_eq!(same(&at("version"), &json!("8.0"), &json!("8.0.45")), None);
    }
}

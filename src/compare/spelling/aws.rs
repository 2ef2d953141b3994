//! AWS: one thing under two names that no other cloud has.

use super::{Place, is_named, name_ends_with};

/// Log groups, buckets, queues, hosted zones, functions and access identities, each by another of its documented names.
pub(super) fn same_resource(place: &Place<'_>, a: &str, b: &str) -> bool {
    if place.free {
        return false;
    }
    let either = |same: fn(&Place<'_>, &str, &str) -> bool| same(place, a, b) || same(place, b, a);
    either(log_group) || either(bucket) || either(queue) || either(hosted_zone) || either(function) || either(identity)
}

/// `…:log-group:name:*` is the group and its streams; in a policy that is more than the group.
fn log_group(place: &Place<'_>, long: &str, short: &str) -> bool {
    let whole = |text: &str| text.starts_with("arn:") && text.contains(":log-group:");
    place.account.is_some() && whole(short) && long.strip_suffix(":*") == Some(short)
}

/// A bucket and its root, `arn:aws:s3:::b` and `arn:aws:s3:::b/`; in a policy the one is the bucket, the other an object.
fn bucket(place: &Place<'_>, root: &str, bucket: &str) -> bool {
    let name = bucket.strip_prefix("arn:").and_then(|rest| rest.split_once(":s3:::")).map(|(_, name)| name);
    place.account.is_some()
        && name.is_some_and(|name| !name.is_empty() && !name.contains('/'))
        && root.strip_suffix('/') == Some(bucket)
}

/// `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME` is `arn:aws:sqs:REGION:ACCOUNT:NAME`.
fn queue(_: &Place<'_>, url: &str, arn: &str) -> bool {
    let Some(rest) = url.strip_prefix("https://sqs.") else { return false };
    let Some((region, path)) = rest.split_once(".amazonaws.com/") else { return false };
    let Some((account, name)) = path.split_once('/') else { return false };
    let mut parts = arn.splitn(6, ':');
    let mut is = |part: &str| parts.next() == Some(part);
    is("arn") && is("aws") && is("sqs") && is(region) && is(account) && is(name)
}

/// `/hostedzone/Z1` is `Z1`.
fn hosted_zone(_: &Place<'_>, long: &str, id: &str) -> bool {
    long.strip_prefix("/hostedzone/") == Some(id)
}

/// `ACCOUNT:function:NAME` is the function of that account; a bare name is one of this account.
fn function(place: &Place<'_>, partial: &str, other: &str) -> bool {
    let Some((account, name)) = partial.split_once(":function:").filter(|(a, _)| !a.contains(':')) else {
        return false;
    };
    let (Some(own), Some(region)) = (place.account, place.region) else { return false };
    (account == own && other == name) || other == format!("arn:aws:lambda:{region}:{account}:function:{name}")
}

/// `origin-access-identity/cloudfront/E1` is `E1`.
fn identity(place: &Place<'_>, long: &str, id: &str) -> bool {
    name_ends_with(place.key, "originaccessidentity")
        && long.strip_prefix("origin-access-identity/cloudfront/") == Some(id)
}

/// ECS: `1 vCPU` is 1024 units, `2 GB` are 2048 MiB (ECS documentation, "Task size").
pub(super) fn task_size(place: &Place<'_>, a: &str, b: &str) -> bool {
    let unit = match place.key {
        _ if place.free => return false,
        key if is_named(key, "cpu") => "vcpu",
        key if is_named(key, "memory") => "gb",
        _ => return false,
    };
    let units = |text: &str| {
        let lower = text.to_ascii_lowercase();
        match lower.strip_suffix(unit) {
            Some(number) => number.trim().parse::<f64>().ok().map(|n| n * 1024.0),
            None => lower.parse::<u32>().ok().map(f64::from),
        }
    };
    a.chars().chain(b.chars()).any(|c| c.is_ascii_alphabetic()) && units(a).is_some_and(|x| units(b) == Some(x))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::same;
    use super::super::testing::at;
    use super::*;

    fn rule(key: &str, a: &str, b: &str) -> Option<&'static str> {
        let place = Place { account: Some("1234"), region: Some("eu-west-1"), ..at(key) };
        let there = same(&place, &json!(a), &json!(b));
        assert_eq!(there, same(&place, &json!(b), &json!(a)), "{a} {b}");
        there
    }

    #[test]
    fn a_thing_is_the_same_under_each_of_its_names() {
        for (key, a, b) in [
            (
                "LogDestination",
                "arn:aws:logs:eu-west-1:1234:log-group:/a",
                "arn:aws:logs:eu-west-1:1234:log-group:/a:*",
            ),
            ("ResourceArn", "arn:aws:s3:::data", "arn:aws:s3:::data/"),
            ("Queue", "https://sqs.eu-west-1.amazonaws.com/1234/jobs", "arn:aws:sqs:eu-west-1:1234:jobs"),
            ("HostedZoneId", "Z0123", "/hostedzone/Z0123"),
            ("FunctionName", "1234:function:resize", "resize"),
            ("FunctionName", "1234:function:resize", "arn:aws:lambda:eu-west-1:1234:function:resize"),
            ("OriginAccessIdentity", "origin-access-identity/cloudfront/E12", "E12"),
        ] {
            assert_eq!(rule(key, a, b), Some("reference"), "{a} {b}");
        }
    }

    #[test]
    fn another_thing_of_the_same_kind_is_reported() {
        for (key, a, b) in [
            (
                "LogDestination",
                "arn:aws:logs:eu-west-1:1234:log-group:/a",
                "arn:aws:logs:eu-west-1:1234:log-group:/b:*",
            ),
            ("ResourceArn", "arn:aws:s3:::data", "arn:aws:s3:::data/x"),
            ("ResourceArn", "arn:aws:s3:::data/x", "arn:aws:s3:::data/x/"),
            ("Queue", "https://sqs.eu-west-1.amazonaws.com/1234/jobs", "arn:aws:sqs:eu-west-1:9999:jobs"),
            ("HostedZoneId", "Z0124", "/hostedzone/Z0123"),
            ("FunctionName", "9999:function:resize", "resize"),
            ("x", "origin-access-identity/cloudfront/E12", "E12"),
        ] {
            assert_eq!(rule(key, a, b), None, "{a} {b}");
        }
        let in_policy = at("Resource");
        assert_eq!(same(&in_policy, &json!("arn:aws:s3:::data"), &json!("arn:aws:s3:::data/")), None);
    }

    #[test]
    fn the_size_of_a_task_may_have_its_unit() {
        assert_eq!(rule("Cpu", "1 vCPU", "1024"), Some("task-size"));
        assert_eq!(rule("memory", "0.5GB", "512"), Some("task-size"));
        assert_eq!(rule("Cpu", "1 vCPU", "2048"), None);
        assert_eq!(rule("Memory", "1024", "2048"), None);
    }
}

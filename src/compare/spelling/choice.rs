//! Choices from a fixed list, which clouds answer in their own case: `managed` is `MANAGED`.

use serde_json::Value;

use super::{Place, name_ends_with};
use crate::compare::Dialect;

/// How properties with such a choice end, and the words they choose from. A word that is not here may be a name somebody gave.
/// From the API references of AWS, Azure and Google; none of them has two of these words that differ in case only.
const CHOICES: [(&[&str], &[&str]); 9] = [
    (
        &["protocol", "protocols", "scheme"],
        &[
            "http",
            "https",
            "http1",
            "http2",
            "grpc",
            "tcp",
            "udp",
            "tls",
            "ssl",
            "tcp_udp",
            "tcp-udp",
            "icmp",
            "icmpv6",
            "esp",
            "ah",
            "sctp",
            "geneve",
            "smtp",
            "smtps",
            "ftp",
            "ftps",
            "sftp",
            "nfs",
            "smb",
            "mqtt",
            "ws",
            "wss",
            "ldap",
            "ldaps",
            "all",
            "any",
            "internal",
            "internet-facing",
            "email",
            "email-json",
            "sms",
            "sqs",
            "lambda",
        ],
    ),
    (&["method", "methods"], &["get", "head", "post", "put", "patch", "delete", "options", "trace", "connect", "any"]),
    (&["effect"], &["allow", "deny"]),
    (
        &["mode", "status", "state", "encryption", "logging"],
        &[
            "enabled",
            "disabled",
            "enable",
            "disable",
            "on",
            "off",
            "active",
            "inactive",
            "suspended",
            "none",
            "auto",
            "manual",
            "always",
            "never",
            "required",
            "optional",
            "provisioned",
            "on_demand",
            "pay_per_request",
            "passthrough",
        ],
    ),
    (
        &["type", "types"],
        &[
            "managed",
            "unmanaged",
            "container",
            "multinode",
            "source",
            "target",
            "public",
            "private",
            "internal",
            "external",
            "standard",
            "express",
            "application",
            "network",
            "gateway",
            "interface",
            "instance",
            "ip",
            "lambda",
            "spot",
            "ec2",
            "fargate",
            "send",
            "reject",
            "bounce",
            "complaint",
            "delivery",
            "open",
            "click",
            "subscription",
            "string",
            "number",
            "binary",
            "oneway",
            "linux",
            "windows",
            "dns",
            "none",
        ],
    ),
    (
        &["class", "tier", "visibility", "mutability"],
        &[
            "standard",
            "basic",
            "premium",
            "free",
            "advanced",
            "public",
            "private",
            "internal",
            "mutable",
            "immutable",
            "hot",
            "cool",
            "cold",
            "archive",
            "intelligent-tiering",
            "intelligent_tiering",
            "glacier",
        ],
    ),
    (
        &["format", "compression", "encoding"],
        &[
            "json",
            "csv",
            "tsv",
            "xml",
            "yaml",
            "text",
            "parquet",
            "orc",
            "avro",
            "gzip",
            "zip",
            "bzip2",
            "snappy",
            "lzo",
            "none",
            "uncompressed",
            "base64",
            "utf-8",
            "utf8",
        ],
    ),
    (
        &["level", "statistic", "unit", "operator"],
        &[
            "trace",
            "debug",
            "info",
            "warn",
            "warning",
            "error",
            "fatal",
            "critical",
            "off",
            "all",
            "average",
            "sum",
            "minimum",
            "maximum",
            "samplecount",
            "and",
            "or",
            "not",
            "seconds",
            "bytes",
            "percent",
            "count",
            "none",
        ],
    ),
    (
        &["engine", "algorithm"],
        &[
            "mysql",
            "postgres",
            "postgresql",
            "mariadb",
            "aurora",
            "aurora-mysql",
            "aurora-postgresql",
            "oracle",
            "sqlserver",
            "redis",
            "valkey",
            "memcached",
            "docdb",
            "neptune",
            "mongodb",
            "aes256",
            "aes-256",
            "aws:kms",
            "sha-256",
        ],
    ),
];

/// The word in lower case, by the property's name. Kubernetes does distinguish case.
pub(super) fn choice(place: &Place<'_>, value: &Value) -> Option<String> {
    let text = value.as_str().filter(|text| text.len() <= 20)?;
    if place.free || place.dialect == Dialect::Kubernetes {
        return None;
    }
    let named = |ends: &[&str]| ends.iter().any(|end| name_ends_with(place.key, end));
    let (_, words) = CHOICES.iter().find(|(ends, _)| named(ends))?;
    words.iter().any(|word| word.eq_ignore_ascii_case(text)).then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::same;
    use super::super::testing::at;
    use super::*;

    #[test]
    fn a_choice_ignores_case() {
        for (key, a, b) in [
            ("InstanceProtocol", "http", "HTTP"),
            ("EndpointType", "source", "SOURCE"),
            ("http_method", "any", "ANY"),
            ("effect", "allow", "Allow"),
            ("status", "Enabled", "ENABLED"),
        ] {
            assert_eq!(same(&at(key), &json!(a), &json!(b)), Some("fold-case"), "{key}");
        }
    }

    #[test]
    fn another_choice_is_reported_and_so_is_the_case_of_a_name() {
        for (key, a, b) in [
            ("type", "managed", "fargate"),
            ("name", "http", "HTTP"),
            ("detail_type", "OrderPlaced", "orderplaced"),
            ("status", "GREEN-team", "green-TEAM"),
            ("hash_state", "AbC", "aBc"),
            ("storage_class", "Fast-Disks", "fast-disks"),
        ] {
            assert_eq!(same(&at(key), &json!(a), &json!(b)), None, "{key} {a} {b}");
        }
        let kubernetes = Place { dialect: Dialect::Kubernetes, ..at("scheme") };
        assert_eq!(same(&kubernetes, &json!("http"), &json!("HTTP")), None);
    }
}

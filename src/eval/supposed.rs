//! Drifts that nobody saw: a policy tool grades an attribute, and what it warns of is supposed to have happened.
//!
//! Somebody labelled a few hundred drifts; the tables of policy tools grade thousands of attributes, without values. Each gets
//! the first pair of values by which it loosens, as its name allows, and becomes a row like any other, from which can be learned
//! how severely tools grade properties of its kind. What the tool itself says is left out of the numbers of its rows.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::Row;
use super::case::read;

/// The tools that grade, as the tables of knowledge call them, and their rows.
const TABLES: [(&str, &str); 4] = [
    ("trivy", "policy_trivy.jsonl"),
    ("terrascan", "policy_terrascan.jsonl"),
    ("prowler", "policy_prowler.jsonl"),
    ("psrule", "policy_psrule_azure.jsonl"),
];

/// A row for each attribute that a check grades, from a folder with `policy_*.jsonl`; those with no way to loosen that their
/// name tells stay out. The error says which file, which line, and why.
pub fn supposed(from: &Path) -> Result<Vec<Row>, String> {
    let (mut rows, mut seen) = (vec![], BTreeSet::new());
    for (tool, file) in TABLES {
        let (graded, errors) = read(&from.join(file), |line| graded(tool, line));
        if let Some(error) = errors.first() {
            return Err(error.to_string());
        }
        for one in graded.into_iter().flatten() {
            if seen.insert((tool, one.check.clone(), one.kind.clone(), one.path.clone())) {
                rows.extend(one.row()?);
            }
        }
    }
    Ok(rows)
}

/// What one check says of one attribute.
struct Graded {
    tool: &'static str,
    check: String,
    severity: String,
    kind: String,
    path: String,
}

/// `None`: the line names no attribute, or grades none.
fn graded(tool: &'static str, line: &str) -> Result<Option<Graded>, String> {
    let row: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
    let text = |name: &str| row[name].as_str().filter(|text| !text.is_empty());
    // PSRule names Azure's own types, several at once: the first says what they have in common.
    let kinds = text("resource_type").or_else(|| text("cloud_type")).unwrap_or_default();
    let kind = kinds.split(',').next().map(str::trim).filter(|kind| !kind.is_empty() && !kind.contains(' '));
    let (Some(severity), Some(path), Some(check), Some(kind)) =
        (text("severity"), text("attribute_path"), text("check_id"), kind)
    else {
        return Ok(None);
    };
    let path = path.strip_prefix("properties.").unwrap_or(path).replace("[*]", "");
    Ok(Some(Graded { tool, check: check.to_owned(), severity: severity.to_owned(), kind: kind.to_owned(), path }))
}

impl Graded {
    /// With the first pair of values by which it loosens.
    fn row(&self) -> Result<Option<Row>, String> {
        for [declared, actual] in ways_to_loosen(&self.path) {
            let case = json!({
                "id": format!("{} {} {}", self.check, self.kind, self.path), "source": self.tool, "check_id": self.check,
                "resource_type": self.kind, "severity": self.severity,
                "declared": nested(&self.path, declared), "actual": nested(&self.path, actual),
            });
            if let Some(row) = Row::parse(&case.to_string())?.filter(Row::loosens) {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }
}

/// `a.b` and a value as an object; nothing for no value.
fn nested(path: &str, value: Value) -> Value {
    if value.is_null() {
        return json!({});
    }
    let keys = path.split('.').filter(|key| !key.is_empty() && *key != "*" && !key.bytes().all(|b| b.is_ascii_digit()));
    keys.rev().fold(value, |value, key| Value::Object(Map::from_iter([(key.to_owned(), value)])))
}

/// Pairs of a good and a bad value that an attribute of this name may have, the likeliest first.
fn ways_to_loosen(path: &str) -> Vec<[Value; 2]> {
    const ADDRESSES: [&str; 7] =
        ["cidr", "source_range", "address_prefix", "ip_range", "authorized", "remote_ip", "allowed_ip"];
    const SWITCHES: [&str; 18] = [
        "enable",
        "enforce",
        "require",
        "encrypted",
        "public",
        "allow",
        "disable",
        "privileged",
        "only",
        "protection",
        "validation",
        "skip",
        "is_",
        "host_",
        "_access",
        "logging",
        "versioning",
        "auto",
    ];
    let path = path.to_lowercase();
    let last = path.rsplit('.').next().unwrap_or(&path);
    let has = |words: &[&str]| words.iter().any(|word| last.contains(word));
    let mut ways = vec![];
    if last.ends_with("policy") || ["access_policies", "policy_document"].contains(&last) {
        ways.push([
            policy("s3:GetObject", json!({"AWS": "arn:aws:iam::123456789012:role/app"})),
            policy("*", json!("*")),
        ]);
    }
    if ["acl", "container_access_type"].contains(&last) {
        ways.push([json!("private"), json!("public-read")]);
    }
    if has(&["tls", "ssl_policy", "security_policy", "protocol_version"]) {
        ways.push([json!("TLS1_2"), json!("TLS1_0")]);
    }
    if ADDRESSES.iter().any(|word| path.contains(word)) {
        ways.push([json!(["10.0.0.0/16"]), json!(["0.0.0.0/0"])]);
    }
    if last.ends_with("protocol") || last.contains("protocol_policy") {
        ways.push([json!("HTTPS"), json!("HTTP")]);
    }
    if has(&["days", "retention", "period", "length", "_age"]) {
        ways.push([json!(30), json!(0)]);
    }
    let (switched, gone) =
        ([[json!(true), json!(false)], [json!(false), json!(true)]], [json!("some-value"), Value::Null]);
    if has(&SWITCHES) {
        ways.extend(switched.into_iter().chain([gone]));
    } else {
        ways.extend(std::iter::once(gone).chain(switched));
    }
    ways
}

/// A policy that lets these principals do this.
fn policy(action: &str, principal: Value) -> Value {
    let statement = json!({"Effect": "Allow", "Action": [action], "Principal": principal, "Resource": "*"});
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::SeverityClass;

    fn row(tool: &'static str, kind: &str, path: &str) -> Option<Row> {
        let line = json!({"check_id": "c", "severity": "HIGH", "resource_type": kind, "attribute_path": path});
        graded(tool, &line.to_string()).unwrap().unwrap().row().unwrap()
    }

    #[test]
    fn what_a_tool_warns_of_is_supposed_to_have_happened() {
        for (kind, path) in [
            ("aws_instance", "metadata_options.http_tokens"),
            ("aws_db_instance", "storage_encrypted"),
            ("aws_db_instance", "publicly_accessible"),
            ("aws_s3_bucket", "acl"),
            ("aws_s3_bucket_policy", "policy"),
            ("google_compute_firewall", "source_ranges"),
        ] {
            let row = row("terrascan", kind, path).unwrap_or_else(|| panic!("{path}"));
            assert!(row.loosens() && row.is_graded && row.severity == SeverityClass::High, "{path}");
        }
        assert!(row("terrascan", "aws_db_instance", "identifier").is_none());
    }

    #[test]
    fn what_the_tool_itself_says_is_not_among_the_numbers() {
        let said = |tool: &'static str, of: &str| {
            let at = crate::analysis::feature_names().iter().position(|name| name == of).unwrap();
            row(tool, "aws_db_instance", "storage_encrypted").unwrap().numbers[at]
        };
        assert!(said("terrascan", "terrascan") < 0.0 && said("terrascan", "trivy") >= 0.0);
        assert!(said("trivy", "trivy") < 0.0 && said("psrule", "trivy") >= 0.0);
    }

    #[test]
    fn what_names_no_attribute_is_left_out_and_a_broken_line_is_named() {
        assert!(graded("trivy", r#"{"check_id":"c","severity":"LOW","resource_type":"aws_vpc"}"#).unwrap().is_none());
        let home = tempfile::tempdir().unwrap();
        assert!(supposed(home.path()).unwrap_err().contains("policy_trivy.jsonl"));
        std::fs::write(home.path().join("policy_trivy.jsonl"), "{}\n{broken\n").unwrap();
        assert!(supposed(home.path()).unwrap_err().contains("policy_trivy.jsonl:2: "));
    }
}

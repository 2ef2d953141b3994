//! Making the tables from the rows of others: the same rows give the same bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::answer::Framework;
use super::normal;
use crate::drift::SeverityClass;

/// Ids kept of one framework for one attribute.
const IDS: usize = 3;

/// Why a table cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error("{0}: {1}")]
    Read(String, std::io::Error),
    #[error("{0}:{1}: {2}")]
    Row(String, usize, String),
}

/// Type, attribute in normal form.
pub(super) type Key = (String, String);

/// By framework: release and id.
type Controls = BTreeMap<Framework, BTreeSet<(Vec<u32>, String)>>;

/// File name and text of every pack but that of [disruptions](super::disruptions), from a folder with `policy_*.jsonl`, `axis_*.jsonl` and
/// `expected_external_change_*.jsonl`.
/// Security Hub's table is not among them: its licence does not allow it to be shipped.
pub fn build(from: &Path) -> Result<Vec<(&'static str, String)>, BuildError> {
    let graders = [("prowler", "prowler"), ("psrule", "psrule_azure"), ("terrascan", "terrascan"), ("trivy", "trivy")];
    let mut severity: BTreeMap<Key, BTreeMap<&str, Vec<SeverityClass>>> = BTreeMap::new();
    let mut controls: BTreeMap<Key, Controls> = BTreeMap::new();
    for (grader, file) in graders {
        for row in rows(from, &format!("policy_{file}.jsonl"))? {
            for key in keys(&row) {
                if let Some(class) = class(&row) {
                    severity.entry(key.clone()).or_default().entry(grader).or_default().push(class);
                }
                for (framework, release, id) in control_ids(&row) {
                    controls.entry(key.clone()).or_default().entry(framework).or_default().insert((release, id));
                }
            }
        }
    }
    let mut watched: BTreeMap<Key, BTreeSet<&str>> = BTreeMap::new();
    for (tool, file) in [("checkov", "checkov_noseverity"), ("steampipe", "steampipe_compliance")] {
        for row in rows(from, &format!("policy_{file}.jsonl"))? {
            keys(&row).into_iter().for_each(|key| _ = watched.entry(key).or_default().insert(tool));
        }
    }
    let cost: BTreeMap<Key, ()> = rows(from, "axis_cost_infracost.jsonl")?
        .iter()
        .filter(|row| row["cost_relevant"] == true)
        .flat_map(keys)
        .map(|key| (key, ()))
        .collect();
    let mut expected: BTreeMap<Key, u64> = BTreeMap::new();
    for row in rows(from, "expected_external_change_ignore_changes.jsonl")? {
        keys(&row)
            .into_iter()
            .for_each(|key| *expected.entry(key).or_default() += row["n_repos"].as_u64().unwrap_or(0));
    }
    Ok(vec![
        ("severity.tsv", table(SEVERITY, severity, grades)),
        ("watched.tsv", table(WATCHED, watched, |tools| tools.into_iter().collect::<Vec<_>>().join(" "))),
        ("controls.tsv", table(CONTROLS, controls, ids)),
        ("cost.tsv", table(COST, cost, |()| "moves".to_owned())),
        ("expected.tsv", table(EXPECTED, expected, |repositories| repositories.to_string())),
    ])
}

const SEVERITY: &str = "How severely policy tools grade an attribute: C(RITICAL), H(IGH), M(EDIUM), L(OW), one letter a check.\n\
    Sources: trivy-checks (MIT), terrascan (Apache-2.0), prowler (Apache-2.0), PSRule for Azure (MIT).";
const WATCHED: &str = "Attributes that tools look at without grading them.\n\
    Sources: checkov (Apache-2.0), Powerpipe/Steampipe Terraform compliance mods (Apache-2.0).";
const CONTROLS: &str = "Controls that name an attribute, of the newest release of each framework.\n\
    Source: prowler (Apache-2.0). The ids are those of the frameworks; their texts are not here.";
const COST: &str = "Attributes that move the bill. Source: infracost (Apache-2.0).";
const EXPECTED: &str = "Attributes that practitioners declare as changed outside of code (`ignore_changes`): in how many repositories.\n\
    Source: counts over public repositories; no code of theirs is here.";

pub(super) fn table<T>(about: &str, rows: BTreeMap<Key, T>, what: impl Fn(T) -> String) -> String {
    let mut out: String = about.lines().map(|line| format!("# {}\n", line.trim())).collect();
    out.push_str("# Made by `driftguard knowledge build`; do not edit.\n");
    for ((kind, attribute), row) in rows {
        let what = what(row);
        if !what.is_empty() {
            out.push_str(&format!("{kind}\t{attribute}\t{what}\n"));
        }
    }
    out
}

pub(super) fn rows(from: &Path, name: &str) -> Result<Vec<Value>, BuildError> {
    let path = from.join(name);
    let text = std::fs::read_to_string(&path).map_err(|e| BuildError::Read(path.display().to_string(), e))?;
    let row = |(at, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|e| BuildError::Row(path.display().to_string(), at + 1, e.to_string()))
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(row).collect()
}

/// What a row is about; PSRule names Azure's own types, several at once.
pub(super) fn keys(row: &Value) -> Vec<Key> {
    let Some(path) = row["attribute_path"].as_str() else { return vec![] };
    let is_path = path.chars().all(|c| c.is_ascii_alphanumeric() || "_-.[]*".contains(c));
    let path = path.replace("[*]", "");
    let attribute = normal(path.strip_prefix("properties.").unwrap_or(&path));
    let kinds = row["resource_type"].as_str().or_else(|| row["cloud_type"].as_str()).unwrap_or_default();
    let kinds = kinds.split(',').map(str::trim).filter(|kind| !kind.is_empty() && !kind.contains(char::is_whitespace));
    if !is_path || attribute.is_empty() {
        return vec![];
    }
    kinds.map(|kind| (kind.to_owned(), attribute.clone())).collect()
}

fn class(row: &Value) -> Option<SeverityClass> {
    Some(match row["severity"].as_str()? {
        "CRITICAL" => SeverityClass::Critical,
        "HIGH" => SeverityClass::High,
        "MEDIUM" => SeverityClass::Medium,
        _ => SeverityClass::Low,
    })
}

fn grades(by_grader: BTreeMap<&str, Vec<SeverityClass>>) -> String {
    let one = |(grader, mut classes): (&str, Vec<SeverityClass>)| {
        classes.sort_unstable();
        format!("{grader}={}", classes.into_iter().map(SeverityClass::letter).collect::<String>())
    };
    by_grader.into_iter().map(one).collect::<Vec<_>>().join(" ")
}

/// Framework, release, id of those that are kept: `PCI-4.0:1.2.5.14` → PCI DSS, 4.0, 1.2.5.14.
fn control_ids(row: &Value) -> Vec<(Framework, Vec<u32>, String)> {
    let named = row["frameworks"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let kept = named.filter_map(|name| {
        let (name, id) = name.split_once(':')?;
        let release = |prefix: &str| {
            let release: Option<Vec<u32>> = name.strip_prefix(prefix)?.split('.').map(|n| n.parse().ok()).collect();
            release
        };
        let (framework, release) = match name {
            "SOC2" => (Framework::Soc2, vec![]),
            "HIPAA" => (Framework::Hipaa, vec![]),
            "GDPR" => (Framework::Gdpr, vec![]),
            _ if name.starts_with("CIS-") => (Framework::Cis, release("CIS-")?),
            _ if name.starts_with("PCI-") => (Framework::PciDss, release("PCI-")?),
            _ if name.starts_with("ISO27001-") => (Framework::Iso27001, release("ISO27001-")?),
            _ if name.starts_with("NIST-800-53-Revision-") => (Framework::Nist, release("NIST-800-53-Revision-")?),
            _ => return None,
        };
        let is_plain = id.chars().all(|c| c.is_ascii_alphanumeric() || "._-()".contains(c));
        is_plain.then(|| (framework, release, id.to_owned()))
    });
    kept.collect()
}

/// The ids of the newest release, the first few.
fn ids(by_framework: Controls) -> String {
    let one = |(framework, ids): (Framework, BTreeSet<(Vec<u32>, String)>)| {
        let newest = ids.last().map(|(release, _)| release.clone()).unwrap_or_default();
        let ids: Vec<String> =
            ids.into_iter().filter(|(release, _)| *release == newest).map(|(_, id)| id).take(IDS).collect();
        format!("{}={}", framework.as_str(), ids.join(","))
    };
    by_framework.into_iter().map(one).collect::<Vec<_>>().join(" ")
}

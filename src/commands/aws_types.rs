//! `driftguard aws types`: the table of what can be read from AWS, for the terminal and for `docs/aws.md`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use serde_json::json;

use crate::cli::TableFormat;
use crate::live::aws_config::{Covered, covered};

/// Attributes that are named in one row of `docs/aws.md`.
const NAMED: usize = 6;

pub(super) fn run(format: TableFormat) -> anyhow::Result<u8> {
    let all: Vec<Covered> = covered().collect();
    let text = match format {
        TableFormat::Text => text(&all),
        TableFormat::Markdown => markdown(&all),
        TableFormat::Json => json(&all)?,
    };
    io::stdout().lock().write_all(text.as_bytes())?;
    Ok(0)
}

/// One line each, and one below it with what stays unverified.
fn text(all: &[Covered]) -> String {
    let width = all.iter().map(|one| one.terraform.len()).max().unwrap_or_default();
    let mut out = String::new();
    for one in all {
        let _ = writeln!(
            out,
            "{:<width$}  {}  ({}, {} attributes)",
            one.terraform,
            one.config,
            read_as(one),
            one.compared.len()
        );
        if !one.not_observable.is_empty() {
            let _ = writeln!(out, "    unverified: {}", one.not_observable.join(", "));
        }
    }
    out
}

/// Grouped by service, what is repeated left out.
fn markdown(all: &[Covered]) -> String {
    let mut services: BTreeMap<String, Vec<&Covered>> = BTreeMap::new();
    for one in all {
        services.entry(service(one).to_lowercase()).or_default().push(one);
    }
    let mut out = format!(
        "<details>\n<summary>{} Terraform types of {} services</summary>\n\n| Terraform | AWS | read as | unverified |\n|---|---|---|---|\n",
        all.len(),
        services.len()
    );
    for types in services.values() {
        let _ = writeln!(out, "| **{}** | | | |", service(types[0]));
        for one in types {
            let kind = one.config.splitn(3, "::").nth(2).unwrap_or(one.config);
            let terraform = one.terraform.strip_prefix("aws_").unwrap_or(one.terraform);
            let _ = writeln!(out, "| `{terraform}` | {kind} | {} | {} |", read_as(one), unverified(one.not_observable));
        }
    }
    out.push_str("\n</details>\n");
    out
}

fn json(all: &[Covered]) -> anyhow::Result<String> {
    let row = |one: &Covered| {
        json!({"terraform": one.terraform, "config": one.config, "shape": one.shape, "cloud_control": one.cloud_control,
            "compared": one.compared, "unverified": one.not_observable})
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    Ok(serde_json::to_string_pretty(&rows)? + "\n")
}

fn service(one: &Covered) -> &'static str {
    one.config.split("::").nth(1).unwrap_or_default()
}

/// `described` and `model` are AWS Config's two ways to record a type; `Cloud Control` gives the model too, one by one.
fn read_as(one: &Covered) -> &'static str {
    match (one.shape, one.cloud_control.is_some()) {
        ("described", true) => "described; model",
        ("described", false) => "described",
        ("cloudformation", _) => "model",
        _ => "model, Cloud Control only",
    }
}

fn unverified(attributes: &[String]) -> String {
    let named: Vec<String> = attributes.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    match attributes.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

//! What a report says, in lines.

use std::process::Command;

use serde_json::Value;

use crate::support::run;

/// Exit code and report of a scan with `--format json`.
pub fn report(command: &mut Command) -> (i32, Value) {
    let (code, out, err) = run(command);
    (code, serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: exit {code}: {out}{err}")))
}

/// `modified aws_s3_bucket.data-1 tags.team`, sorted.
pub fn told(report: &Value) -> Vec<String> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let line = |d: &Value| {
        let paths: Vec<String> = d["changes"].as_array().unwrap().iter().map(|c| text(&c["path"])).collect();
        format!("{} {} {}", text(&d["drift_type"]), text(&d["resource_id"]), paths.join(" ")).trim_end().to_owned()
    };
    let mut lines: Vec<String> = report["drifts"].as_array().unwrap().iter().map(line).collect();
    lines.sort();
    lines
}

/// Whole resources that could not be compared: `shop/Q denied`, sorted.
pub fn unverified(report: &Value) -> Vec<String> {
    let rows = report["unverified"].as_array().unwrap().iter().filter(|u| u["path"].is_null());
    let line = |u: &Value| format!("{} {}", u["resource_id"].as_str().unwrap(), u["reason"].as_str().unwrap());
    let mut lines: Vec<String> = rows.map(line).collect();
    lines.sort();
    lines
}

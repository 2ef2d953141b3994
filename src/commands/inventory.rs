//! `driftguard inventory`: what there is, by what one wants to know of it. Exit code 3 when something could not be read.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;

use serde_json::{Map, Value, json};
use unicode_width::UnicodeWidthStr;

use super::scan::{chosen_of, one_time_key};
use super::state::words;
use super::{Session, complain};
use crate::cli::{InventoryArgs, InventoryFormat, InventoryKind};
use crate::drift::{Completeness, Environment};
use crate::safety::{Tainted, escape, sanitise};
use crate::scan::inventory::{Entry, inventory};
use crate::scan::{EnvironmentSpec, ScanReport};

/// Rows that are lined up with each other.
const PAGE: usize = 500;

pub(super) fn run(session: &Session, args: &InventoryArgs) -> anyhow::Result<u8> {
    session.refuse_problems()?;
    let specs = chosen_of(session, &args.env, &args.paths)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut table =
        Table { out: &mut out, format: args.format, columns: columns(args.kind), page: vec![], is_begun: false };
    let mut is_whole = true;
    for spec in &specs {
        let report = one(spec, args.kind, &mut table)?;
        is_whole &= report.errors.is_empty() && report.summary.completeness == Completeness::Complete;
        for error in &report.errors {
            complain(&words(error).to_string());
        }
    }
    table.flush()?;
    out.flush()?;
    Ok(if is_whole { 0 } else { 3 })
}

fn columns(kind: InventoryKind) -> &'static [&'static str] {
    match kind {
        InventoryKind::Infrastructure => {
            &["environment", "type", "id", "provider_id", "region", "owner", "managed", "drift", "dependants"]
        }
        InventoryKind::Configuration => {
            &["environment", "source", "serial", "terraform", "written_at", "read", "problem", "notice"]
        }
        InventoryKind::Dependency => &["environment", "type", "id", "dependants", "depends_on"],
        InventoryKind::Compliance => &["environment", "type", "id", "finding", "detail"],
    }
}

fn one(spec: &EnvironmentSpec, kind: InventoryKind, table: &mut Table<'_>) -> anyhow::Result<ScanReport> {
    let (cancel, mut failed) = (AtomicBool::new(false), None);
    let mut ranked: Vec<(u32, Vec<Value>)> = vec![];
    let environment = &spec.environment;
    let report = inventory(spec, one_time_key()?, &cancel, &mut |item| {
        let rows = match kind {
            InventoryKind::Infrastructure => vec![infrastructure(environment, &item)],
            InventoryKind::Configuration => return ControlFlow::Break(()),
            InventoryKind::Dependency => {
                let is_alone = item.dependants == 0 && item.depends_on.is_empty();
                ranked.extend((!is_alone).then(|| (item.dependants, dependency(environment, &item))));
                vec![]
            }
            InventoryKind::Compliance => compliance(environment, &item),
        };
        match rows.into_iter().try_for_each(|row| table.row(row)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    ranked.sort_by_key(|(dependants, _)| std::cmp::Reverse(*dependants));
    ranked.into_iter().try_for_each(|(_, row)| table.row(row))?;
    if kind == InventoryKind::Configuration {
        configuration(environment, &report).into_iter().try_for_each(|row| table.row(row))?;
    }
    failed.map_or(Ok(report), |error| Err(error.into()))
}

fn text(text: &Tainted) -> Value {
    json!(text.line())
}

fn resource(environment: &Environment, item: &Entry) -> Vec<Value> {
    vec![json!(environment.slug), text(&item.resource.resource_type), text(&item.resource.resource_id)]
}

fn infrastructure(environment: &Environment, item: &Entry) -> Vec<Value> {
    let drift = match (&item.drift, &item.unverified) {
        (Some(drift), _) => json!(drift.drift_type.as_str()),
        (None, Some(_)) => json!("unverified"),
        // None that is known.
        (None, None) => Value::Null,
    };
    let mut row = resource(environment, item);
    row.extend([
        item.resource.provider_id.as_ref().map_or(Value::Null, text),
        text(&item.region),
        item.owner.as_ref().map_or(Value::Null, text),
        json!(item.is_managed),
        drift,
        json!(item.dependants),
    ]);
    row
}

fn dependency(environment: &Environment, item: &Entry) -> Vec<Value> {
    let mut row = resource(environment, item);
    row.extend([json!(item.dependants), item.depends_on.iter().map(text).collect()]);
    row
}

fn compliance(environment: &Environment, item: &Entry) -> Vec<Vec<Value>> {
    let mut found: Vec<(&str, String)> = vec![];
    if item.is_taggable && item.owner.is_none() {
        found.push(("no_owner", "no tag says whose it is: owner, team, …".into()));
    }
    if !item.is_managed {
        found.push(("unmanaged", "no state declares it".into()));
    }
    if let Some(why) = &item.unverified {
        found.push(("unverified", why.detail.line()));
    }
    if let Some(drift) = item.drift.filter(|drift| drift.is_security_critical) {
        found.push(("security", format!("{} drift that touches security", drift.severity.as_str())));
    }
    let row = |(finding, detail): (&str, String)| {
        let mut row = resource(environment, item);
        row.extend([json!(finding), json!(detail)]);
        row
    };
    found.into_iter().map(row).collect()
}

fn configuration(environment: &Environment, report: &ScanReport) -> Vec<Vec<Value>> {
    let row = |source: &crate::drift::SourceState| {
        let version = source.version.as_ref();
        let notices: Vec<String> = source.notices.iter().map(Tainted::line).collect();
        vec![
            json!(environment.slug),
            text(&source.source),
            json!(version.map(|v| v.serial)),
            version.and_then(|v| v.terraform_version.as_ref()).map_or(Value::Null, text),
            json!(source.written_at),
            json!(source.error.is_none()),
            source.error.as_ref().map_or(Value::Null, |error| text(&error.message)),
            if notices.is_empty() { Value::Null } else { json!(notices.join("; ")) },
        ]
    };
    report.summary.sources.iter().map(row).collect()
}

/// Rows on their way out: a page is lined up, the other formats go line by line.
struct Table<'a> {
    out: &'a mut dyn Write,
    format: InventoryFormat,
    columns: &'static [&'static str],
    page: Vec<Vec<String>>,
    is_begun: bool,
}

impl Table<'_> {
    fn row(&mut self, row: Vec<Value>) -> io::Result<()> {
        match self.format {
            InventoryFormat::Json => {
                let object: Map<String, Value> = self.columns.iter().map(|name| (*name).to_owned()).zip(row).collect();
                escape::to_json_writer(&mut self.out, &object, false)?;
                writeln!(self.out)
            }
            InventoryFormat::Csv => {
                self.begin(|columns| columns.join(","))?;
                let cells: Vec<String> = row.iter().map(|cell| escape::csv(&shown(cell))).collect();
                writeln!(self.out, "{}", cells.join(","))
            }
            InventoryFormat::Text => {
                self.page.push(row.iter().map(shown).collect());
                if self.page.len() < PAGE { Ok(()) } else { self.flush() }
            }
        }
    }

    fn begin(&mut self, head: impl Fn(&[&str]) -> String) -> io::Result<()> {
        if std::mem::replace(&mut self.is_begun, true) {
            return Ok(());
        }
        writeln!(self.out, "{}", head(self.columns))
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.format {
            // Readers of it want its columns, rows or not.
            InventoryFormat::Csv => return self.begin(|columns| columns.join(",")),
            InventoryFormat::Text if !self.page.is_empty() => {}
            InventoryFormat::Text | InventoryFormat::Json => return Ok(()),
        }
        let page = std::mem::take(&mut self.page);
        let widest = |at: usize| {
            page.iter().map(|row| row[at].width()).chain([self.columns[at].width()]).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(widest).collect();
        let lined = |cells: &[&str]| {
            let pad = |(cell, width): (&&str, &usize)| format!("{cell}{}", " ".repeat(width - cell.width()));
            let cells: Vec<String> = cells.iter().zip(&widths).map(pad).collect();
            cells.join("  ").trim_end().to_owned()
        };
        self.begin(lined)?;
        page.iter()
            .try_for_each(|row| writeln!(self.out, "{}", lined(&row.iter().map(String::as_str).collect::<Vec<_>>())))
    }
}

/// A cell for people.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.into(),
        Value::String(text) => sanitise::line(text),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

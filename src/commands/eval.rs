//! `driftguard eval`: what the analysis says of cases, and how well it does on those with labels.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde_json::json;

use super::complain;
use crate::cli::Eval;
use crate::eval::{self, Case, Gold, Prediction, SCHEMA};

pub(super) fn run(args: &Eval) -> anyhow::Result<u8> {
    if args.score { score(args) } else { predictions(args) }
}

/// The cases of a file; how many lines were none is told and counted.
fn cases<T>(file: &Path, parse: impl Fn(&str) -> Result<T, String>) -> (Vec<T>, usize) {
    let (cases, errors) = eval::read(file, parse);
    errors.iter().for_each(|error| complain(&error.to_string()));
    (cases, errors.len())
}

fn predictions(args: &Eval) -> anyhow::Result<u8> {
    let Some(out) = &args.predictions else { bail!("say where to with `--predictions FILE` (`-` is standard output)") };
    let mut writer: Box<dyn Write> = if out.as_os_str() == "-" {
        Box::new(std::io::stdout().lock())
    } else {
        Box::new(std::fs::File::create(out).with_context(|| format!("{}: cannot be written", out.display()))?)
    };
    let mut writer = BufWriter::new(&mut writer);
    writeln!(writer, "{}", json!({"schema": SCHEMA}))?;
    let (mut bad, mut good, now) = (0, 0, Timestamp::now());
    for file in &args.cases {
        let (cases, errors) = cases(file, Case::parse);
        bad += errors;
        for prediction in said(&cases, now)? {
            serde_json::to_writer(&mut writer, &prediction)?;
            writeln!(writer)?;
            good += 1;
        }
    }
    writer.flush()?;
    if good == 0 {
        bail!("no case to judge; a case file holds one JSON object a line with id, resource_type, declared and actual");
    }
    Ok(u8::from(bad > 0))
}

fn score(args: &Eval) -> anyhow::Result<u8> {
    let (mut bad, now, mut out) = (0, Timestamp::now(), std::io::stdout().lock());
    for file in &args.cases {
        let (labelled, errors) = cases(file, |line| Ok((Case::parse(line)?, Gold::parse(line)?)));
        bad += errors;
        let (cases, labels): (Vec<Case>, Vec<Gold>) = labelled.into_iter().unzip();
        let said = said(&cases, now)?;
        let rows: Vec<_> =
            cases.into_iter().zip(said).zip(labels).map(|((case, said), gold)| (case, said, gold)).collect();
        if rows.is_empty() {
            bail!("{}: no case to judge", file.display());
        }
        let name =
            file.file_name().map_or_else(|| file.display().to_string(), |name| name.to_string_lossy().into_owned());
        write!(out, "{}", eval::text(&name, &eval::score(&rows)))?;
    }
    Ok(u8::from(bad > 0))
}

fn said(cases: &[Case], now: Timestamp) -> anyhow::Result<Vec<Prediction>> {
    eval::predict(cases, now).map_err(anyhow::Error::msg)
}

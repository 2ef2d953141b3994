//! `driftguard eval`: what the analysis says of cases, and how well it does on those with labels.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{BufWriter, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use jiff::Timestamp;
use serde_json::json;
use tempfile::NamedTempFile;

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
    let files = eval::files_of(&args.cases)?;
    if out.as_os_str() == "-" {
        return judge(&files, &mut BufWriter::new(std::io::stdout().lock()));
    }
    if let Some(file) = files.iter().find(|file| is_same(file, out)) {
        bail!("{} is one of the case files ({}); name another file for the predictions", out.display(), file.display());
    }
    let cannot = || format!("{}: cannot be written", out.display());
    match OpenOptions::new().write(true).open(out) {
        // A pipe or a device holds nothing that could be lost.
        Ok(there) if !there.metadata().with_context(cannot)?.is_file() => judge(&files, &mut BufWriter::new(there)),
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e).with_context(cannot),
        _ => {
            let (mut new, to) = beside(out).with_context(cannot)?;
            let code = judge(&files, &mut BufWriter::new(&mut new))?;
            new.as_file().sync_all().with_context(cannot)?;
            new.persist(to).with_context(cannot)?;
            Ok(code)
        }
    }
}

/// The same file, whatever links lead to it.
fn is_same(one: &Path, other: &Path) -> bool {
    let place = |path: &Path| fs::metadata(path).ok().map(|meta| (meta.dev(), meta.ino()));
    place(one).is_some_and(|one| place(other) == Some(one))
}

/// A new file in the folder of `out`, and the name it is to take once it is whole: until then what stood there stays. A link
/// stays one, and who may read the file may still.
fn beside(out: &Path) -> std::io::Result<(NamedTempFile, PathBuf)> {
    let to = fs::canonicalize(out).unwrap_or_else(|_| out.to_owned());
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut make = tempfile::Builder::new();
    // As any new file, less what the umask takes.
    let new = make.prefix(".predictions-").permissions(Permissions::from_mode(0o666)).tempfile_in(folder)?;
    if let Ok(meta) = fs::metadata(&to) {
        new.as_file().set_permissions(meta.permissions())?;
    }
    Ok((new, to))
}

/// What is said of each case, a line each; not one case is an error.
fn judge(files: &[PathBuf], out: &mut impl Write) -> anyhow::Result<u8> {
    writeln!(out, "{}", json!({"schema": SCHEMA}))?;
    let (mut bad, mut good, now) = (0, 0, Timestamp::now());
    for file in files {
        let (cases, errors) = cases(file, Case::parse);
        bad += errors;
        for prediction in said(&cases, now)? {
            serde_json::to_writer(&mut *out, &prediction)?;
            writeln!(out)?;
            good += 1;
        }
    }
    out.flush()?;
    if good == 0 {
        bail!("no case to judge; a case file holds one JSON object a line with id, resource_type, declared and actual");
    }
    Ok(u8::from(bad > 0))
}

fn score(args: &Eval) -> anyhow::Result<u8> {
    let (mut bad, now, mut out) = (0, Timestamp::now(), std::io::stdout().lock());
    for file in &eval::files_of(&args.cases)? {
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

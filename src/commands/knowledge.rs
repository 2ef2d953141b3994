//! `driftguard knowledge`: makes what is shipped as packs from the rows of others. For those who work on driftguard.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};

use crate::cli::KnowledgeCommand;
use crate::eval::{self, Lessons, Row};
use crate::{analysis, knowledge};

pub(super) fn run(command: &KnowledgeCommand) -> anyhow::Result<u8> {
    match command {
        KnowledgeCommand::Build { from, schemas, to } => build(from, schemas.as_deref(), to),
        KnowledgeCommand::Train { cases, tables, to } => train(cases, tables.as_deref(), to.as_deref()),
        KnowledgeCommand::Features { cases } => features(cases),
    }
}

fn rows(cases: &[PathBuf]) -> anyhow::Result<Vec<Row>> {
    let mut all = vec![];
    for file in &eval::files_of(cases)? {
        let (rows, errors) = eval::read(file, Row::parse);
        if let Some(error) = errors.first() {
            bail!("{error}; case files hold one JSON object a line");
        }
        all.extend(rows.into_iter().flatten());
    }
    Ok(all)
}

fn train(cases: &[PathBuf], tables: Option<&Path>, to: Option<&Path>) -> anyhow::Result<u8> {
    let rows = rows(cases)?;
    let beside = || match cases.first() {
        Some(folder) if folder.is_dir() => folder,
        first => first.and_then(|file| file.parent()).unwrap_or(Path::new(".")),
    };
    let supposed = eval::supposed(tables.unwrap_or_else(beside)).map_err(|e| {
        anyhow!("{e}; --tables names the folder of these tables, else it is that of the first case file")
    })?;
    println!("{} attributes that policy tools grade are learned from.\n", supposed.len());
    let lessons = Lessons::of(rows, &supposed)?;
    print!("{}", eval::learning_report(&lessons)?);
    if let Some(to) = to {
        let model = lessons.learn()?;
        let texts = [
            ("severity.txt", model.forest.to_string()),
            ("severity-line.txt", model.line.to_string()),
            ("severity-tools.txt", model.tools.to_string()),
            ("severity.toml", model.card(lessons.count())),
        ];
        for (name, text) in texts {
            let file = to.join(name);
            std::fs::write(&file, &text).with_context(|| format!("{}: cannot be written", file.display()))?;
            println!("{}: {} bytes", file.display(), text.len());
        }
    }
    Ok(0)
}

fn features(cases: &[PathBuf]) -> anyhow::Result<u8> {
    let rows = rows(cases)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "id\tfamily\tsource\tgraded\tseverity\tproperty\twhy\t{}", analysis::feature_names().join("\t"))?;
    for row in rows {
        let numbers: Vec<String> = row.numbers.iter().map(f64::to_string).collect();
        let (severity, graded) = (row.severity.as_str(), u8::from(row.is_graded));
        let (id, family, source, told) = (&row.id, &row.family, &row.source, row.told.join("\t"));
        writeln!(out, "{id}\t{family}\t{source}\t{graded}\t{severity}\t{told}\t{}", numbers.join("\t"))?;
    }
    Ok(0)
}

fn build(from: &Path, schemas: Option<&Path>, to: &Path) -> anyhow::Result<u8> {
    let cannot = |path: &Path| format!("{}: cannot be written", path.display());
    std::fs::create_dir_all(to).with_context(|| cannot(to))?;
    let mut tables = knowledge::build(from)?;
    if let Some(schemas) = schemas {
        tables.push(("disruption.tsv", knowledge::disruptions(from, schemas)?));
    }
    for (name, text) in tables {
        let file = to.join(name);
        std::fs::write(&file, &text).with_context(|| cannot(&file))?;
        let rows = text.lines().filter(|line| !line.starts_with('#')).count();
        println!("{}: {rows} rows, {} bytes", file.display(), text.len());
    }
    Ok(0)
}

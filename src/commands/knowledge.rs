//! `driftguard knowledge`: makes what is shipped as packs from the rows of others. For those who work on driftguard.

use std::path::Path;

use anyhow::Context;

use crate::cli::KnowledgeCommand;
use crate::knowledge;

pub(super) fn run(command: &KnowledgeCommand) -> anyhow::Result<u8> {
    match command {
        KnowledgeCommand::Build { from, to } => build(from, to),
    }
}

fn build(from: &Path, to: &Path) -> anyhow::Result<u8> {
    let cannot = |path: &Path| format!("{}: cannot be written", path.display());
    std::fs::create_dir_all(to).with_context(|| cannot(to))?;
    for (name, text) in knowledge::build(from)? {
        let file = to.join(name);
        std::fs::write(&file, &text).with_context(|| cannot(&file))?;
        let rows = text.lines().filter(|line| !line.starts_with('#')).count();
        println!("{}: {rows} rows, {} bytes", file.display(), text.len());
    }
    Ok(0)
}

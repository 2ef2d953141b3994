//! `driftguard rules`: what is ignored on purpose, and what the comparer explains away by itself.

use std::io::{self, Write};

use super::{Session, complain, store};
use crate::cli::RulesFormat;
use crate::compare;
use crate::drift::RuleStatus;
use crate::report::rules;

pub(super) fn run(session: &Session, format: RulesFormat) -> anyhow::Result<u8> {
    let path = &session.settings().store.value;
    let ignoring: Vec<RuleStatus> = if path.exists() {
        store::open_to_read(session)?.store.rule_statuses()?
    } else {
        complain(&format!("there is no store at {} yet, and so no ignore rule", path.display()));
        vec![]
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    match format {
        RulesFormat::Text => rules::write_text(&ignoring, compare::rules(), &mut out)?,
        RulesFormat::Json => rules::write_json(&ignoring, compare::rules(), &mut out)?,
    }
    out.flush()?;
    Ok(0)
}

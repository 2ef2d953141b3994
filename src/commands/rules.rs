//! `driftguard rules`: what is ignored on purpose, and what the comparer explains away by itself.

use std::io::{self, Write};

use super::{Session, complain, store};
use crate::cli::RulesFormat;
use crate::compare;
use crate::drift::{NeverHideRule, RuleStatus};
use crate::report::rules;

pub(super) fn run(session: &Session, format: RulesFormat) -> anyhow::Result<u8> {
    let path = &session.settings().store.value;
    let (ignoring, never_hide): (Vec<RuleStatus>, Vec<NeverHideRule>) =
        if path.exists() || crate::store::url_of(path).is_some() {
            let store = store::open_to_read(session)?.store;
            (store.rule_statuses()?, store.never_hidden()?)
        } else {
            complain(&format!("there is no store at {} yet, and so no ignore rule", path.display()));
            Default::default()
        };
    let mut out = io::BufWriter::new(io::stdout().lock());
    match format {
        RulesFormat::Text => rules::write_text(&ignoring, &never_hide, compare::rules(), &mut out)?,
        RulesFormat::Json => rules::write_json(&ignoring, &never_hide, compare::rules(), &mut out)?,
    }
    out.flush()?;
    Ok(0)
}

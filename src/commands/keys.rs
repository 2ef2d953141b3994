//! `driftguard keys`: the key table, as it is in the README.

use std::io::Write;

use super::{Session, complain, screens};
use crate::tui::app::action;

pub(super) fn run(session: &Session) -> anyhow::Result<u8> {
    let options = screens::options(session, &Default::default());
    options.notices.iter().for_each(|notice| complain(notice));
    write!(std::io::stdout().lock(), "{}", action::key_table_markdown(&options.keymap))?;
    Ok(0)
}

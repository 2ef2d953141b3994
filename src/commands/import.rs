//! `driftguard import`: a store made of an export, as it was when that was made or at an earlier time.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use anyhow::Context;
use jiff::Timestamp;

use super::{Session, complain, store, times};
use crate::store::OpenMode;

pub(super) fn run(session: &Session, file: &Path, until: Option<&str>) -> anyhow::Result<u8> {
    let until = until.map(|text| times::at(text, "--until", Timestamp::now(), &times::zone(session))).transpose()?;
    let mut input: Box<dyn BufRead> = match file {
        file if file == Path::new("-") => Box::new(io::stdin().lock()),
        file => {
            let opened = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
            Box::new(BufReader::new(opened))
        }
    };
    let store = store::open(session, OpenMode::ReadWrite)?.store;
    let Some(until) = until else {
        complain(&format!("{} records read", store.import(&mut input)?));
        return Ok(0);
    };
    let restored = store.import_until(&mut input, until)?;
    let entry = restored.last.map_or_else(String::new, |(seq, at)| format!(", up to decision {seq} of {at}"));
    complain(&format!("{} records read{entry}; {} later ones left out", restored.records, restored.later));
    restored.unknown.iter().for_each(|sentence| complain(sentence));
    Ok(0)
}

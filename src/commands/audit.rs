//! `driftguard audit`: the two trails, of what was decided and of what happened to accounts.

use std::io::{self, BufWriter, Write};

use anyhow::Context;
use jiff::Timestamp;
use serde::Serialize;

use super::store::open_to_read;
use super::{Session, complain, output, times};
use crate::accounts::{self, AccountsError, By, Registry};
use crate::cli::{AuditCommand, AuditExport, AuditFormat, AuditKind};
use crate::report::trail;
use crate::safety::{escape, sanitise};
use crate::store::{self, AuditRequest, StoreError};

/// Entries read at once.
const PIECE: usize = 1000;

pub(super) fn run(session: &Session, command: &AuditCommand) -> anyhow::Result<u8> {
    match command {
        AuditCommand::Verify => verify(session),
        AuditCommand::Export(args) => export(session, args),
    }
}

fn registry(session: &Session) -> Result<Registry, AccountsError> {
    accounts::open(&accounts::beside(&session.settings().store.value), false).map(Registry::new)
}

fn verify(session: &Session) -> anyhow::Result<u8> {
    let has_store = store::is_there(&session.settings().store.value);
    let mut faults = match has_store {
        true => decisions(session)?,
        false => {
            writeln!(io::stdout().lock(), "decisions: there is no store at {}", session.store_shown())?;
            vec![]
        }
    };
    let by = By::operator(session.settings().actor.value.clone());
    let mut out = io::stdout().lock();
    match registry(session).and_then(|registry| registry.verify(&by)) {
        Ok(report) => {
            writeln!(out, "accounts: {} records, head {}: {}", report.records, report.head, verdict(&report.faults))?;
            faults.extend(report.faults);
        }
        Err(AccountsError::Missing { .. }) if has_store => writeln!(out, "accounts: there are none here")?,
        Err(error) => return Err(error).context("the trail of accounts was not checked"),
    }
    faults.iter().try_for_each(|fault| writeln!(out, "{}", sanitise::line(fault)))?;
    if !faults.is_empty() {
        complain(
            "nothing was changed; keep a copy of the store as it is before anything is mended, and look who could write to it",
        );
    }
    Ok(u8::from(!faults.is_empty()))
}

/// The chain of the store.
fn decisions(session: &Session) -> anyhow::Result<Vec<String>> {
    let checked = open_to_read(session).and_then(|opened| opened.store.verify_audit().map_err(Into::into));
    let (entries, faults) = match checked {
        Ok(entries) => (entries.to_string(), vec![]),
        Err(error) => match error.downcast::<StoreError>()? {
            StoreError::Damaged { tree, detail } => ("?".to_owned(), vec![format!("{tree}: {detail}")]),
            other => return Err(other).context("the trail of decisions was not checked"),
        },
    };
    writeln!(io::stdout().lock(), "decisions: {entries} entries: {}", verdict(&faults))?;
    Ok(faults)
}

fn verdict(faults: &[String]) -> String {
    match faults.len() {
        0 => "nobody has tampered with them".to_owned(),
        n => format!("{n} fault(s)"),
    }
}

fn export(session: &Session, args: &AuditExport) -> anyhow::Result<u8> {
    let (now, zone) = (Timestamp::now(), times::zone(session));
    let at =
        |text: &Option<String>, flag: &str| text.as_deref().map(|text| times::at(text, flag, now, &zone)).transpose();
    let first = AuditRequest {
        from: at(&args.from, "--from")?.unwrap_or(Timestamp::MIN),
        until: at(&args.until, "--until")?.unwrap_or(Timestamp::MAX),
        ..AuditRequest::newest(PIECE)
    };
    let is_csv = args.format == AuditFormat::Csv;
    let written = match args.kind {
        AuditKind::Drifts => {
            let store = open_to_read(session)?.store;
            let ask = |request: &AuditRequest| Ok(store.audit_between(request)?);
            let table = is_csv.then_some((trail::DRIFTS, trail::of_drift as fn(&_) -> _));
            output::to(args.output.as_deref(), |out| write(out, first, ask, |entry| entry.seq, table))?
        }
        AuditKind::Security => {
            let (registry, by) = (registry(session)?, By::operator(session.settings().actor.value.clone()));
            let organization = session.settings().organization.value.clone();
            let ask = |request: &AuditRequest| Ok(registry.audit_between(&by, &organization, request)?);
            let table = is_csv.then_some((trail::SECURITY, trail::of_security as fn(&_) -> _));
            output::to(args.output.as_deref(), |out| write(out, first, ask, |record| record.seq, table))?
        }
    };
    complain(&format!("{written} entries written"));
    Ok(0)
}

/// The line above a table, and a row of it.
type Table<T> = (&'static str, fn(&T) -> Vec<String>);

/// As CSV or as one JSON list, a piece at a time; gives how many there were.
fn write<T: Serialize>(
    out: &mut dyn Write,
    first: AuditRequest,
    ask: impl Fn(&AuditRequest) -> anyhow::Result<Vec<T>>,
    seq: fn(&T) -> u64,
    table: Option<Table<T>>,
) -> anyhow::Result<u64> {
    let mut out = BufWriter::new(out);
    let (mut request, mut written) = (first, 0_u64);
    match table {
        Some((head, _)) => write!(out, "{head}\r\n")?,
        None => write!(out, "[")?,
    }
    loop {
        let found = ask(&request)?;
        for one in &found {
            match table {
                Some((_, cells)) => {
                    let row: Vec<String> = cells(one).iter().map(|cell| escape::csv(cell)).collect();
                    write!(out, "{}\r\n", row.join(","))?;
                }
                None => write!(out, "{}{}", if written == 0 { "\n" } else { ",\n" }, escape::to_json(one))?,
            }
            written += 1;
        }
        match found.last().filter(|_| found.len() == request.limit) {
            Some(last) => request.cursor = Some(seq(last)),
            None => break,
        }
    }
    if table.is_none() {
        writeln!(out, "\n]")?;
    }
    out.flush()?;
    Ok(written)
}

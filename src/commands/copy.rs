//! `driftguard store copy`: everything from one store into an empty one, be they directories or databases.

use std::io::{self, BufReader, BufWriter, PipeWriter, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};

use super::{Session, complain};
use crate::drift::Slug;
use crate::safety::sanitise;
use crate::store::{self, OpenMode, Store};

/// What went by, and what it hashes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Copied {
    records: u64,
    hash: blake3::Hash,
}

pub(super) fn copy(session: &Session, from: &str, to: &str, organization: &str) -> anyhow::Result<u8> {
    let organization =
        Slug::new(organization).with_context(|| format!("'{}' is no organisation", sanitise::line(organization)))?;
    if !store::is_url(from) && !store::is_there(Path::new(from)) {
        bail!("there is no store at {}", sanitise::line(from));
    }
    // Open for writing: then nobody changes it meanwhile, as far as it is only this machine's.
    let source = open(session, from, &organization).context("the store to copy from")?;
    let target = open(session, to, &organization).context("the store to copy to")?;
    let sent = transfer(source.as_ref(), target.as_ref())?;
    let arrived = digest(target.as_ref())?;
    if sent != arrived {
        bail!(
            "what arrived is not what was sent ({} and {} records): if decisions were made meanwhile, stop the servers, \
             empty the target and copy again",
            arrived.records,
            sent.records
        );
    }
    let faults = target.verify()?.faults;
    if !faults.is_empty() {
        faults.iter().for_each(|fault| complain(fault));
        bail!("the copy is not sound; the store that was copied is unchanged");
    }
    writeln!(io::stdout().lock(), "{} records copied and compared, BLAKE3 {}", sent.records, sent.hash)?;
    Ok(0)
}

fn open(session: &Session, place: &str, organization: &Slug) -> anyhow::Result<Arc<dyn Store>> {
    let options = session.settings().store_options();
    let opened = match store::is_url(place) {
        true => store::open_url(place, organization, OpenMode::ReadWrite, options)?,
        false => store::open_with(Path::new(place), OpenMode::ReadWrite, options)?,
    };
    opened.notices.iter().for_each(|notice| complain(notice));
    Ok(opened.store)
}

/// Through a pipe: nothing lies anywhere in between.
fn transfer(source: &dyn Store, target: &dyn Store) -> anyhow::Result<Copied> {
    let (reader, writer) = io::pipe()?;
    std::thread::scope(|threads| {
        let sending = threads.spawn(move || send(source, writer));
        let read = target.import(&mut BufReader::new(reader));
        let sent = sending.join().map_err(|_| anyhow!("reading the store to copy from was given up"))?;
        // Why nothing could be taken says more than that nothing could be sent any more.
        let read = read?;
        let sent = sent?;
        if read != sent.records {
            bail!("{read} of {} records arrived", sent.records);
        }
        Ok(sent)
    })
}

fn send(source: &dyn Store, pipe: PipeWriter) -> anyhow::Result<Copied> {
    let mut out = Hashing { out: BufWriter::with_capacity(1 << 16, pipe), hasher: blake3::Hasher::new() };
    let records = source.export(&mut out)?;
    out.flush()?;
    Ok(Copied { records, hash: out.hasher.finalize() })
}

fn digest(store: &dyn Store) -> anyhow::Result<Copied> {
    let mut out = Hashing { out: io::sink(), hasher: blake3::Hasher::new() };
    let records = store.export(&mut out)?;
    Ok(Copied { records, hash: out.hasher.finalize() })
}

struct Hashing<W> {
    out: W,
    hasher: blake3::Hasher,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

//! `driftguard report`: all there is on one page.

use anyhow::{anyhow, bail};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Session, output, store};
use crate::cli::{ReportArgs, ReportFormat};
use crate::config::SETTINGS;
use crate::drift::Slug;
use crate::report::book::Book;

pub(super) fn run(session: &Session, args: &ReportArgs) -> anyhow::Result<u8> {
    let ReportFormat::Html = args.format;
    let only = args.env.iter().map(|name| Slug::new(name).map_err(|why| anyhow!("--env {name}: {why}")));
    let only = only.collect::<Result<Vec<_>, _>>()?;
    let store = store::open_to_read(session)?.store;
    let known = store.environments()?;
    if let Some(odd) = only.iter().find(|slug| known.iter().all(|one| one.slug != **slug)) {
        let names: Vec<&str> = known.iter().map(|one| one.slug.as_str()).collect();
        bail!("the store knows no environment {odd}; there are {}", names.join(", "));
    }
    let now = Timestamp::now();
    let zone = if session.settings().utc.value { TimeZone::UTC } else { TimeZone::system() };
    let settings = SETTINGS.iter().map(|setting| {
        let (value, origin) = setting.show(session.settings());
        [setting.key.to_owned(), value, origin.to_string()]
    });
    let book = Book { settings: settings.collect(), ..Book::read(store.as_ref(), &only, now)? };
    output::to(args.output.as_deref(), |out| {
        let mut out = std::io::BufWriter::new(out);
        book.write(now, &zone, &mut out)?;
        Ok(std::io::Write::flush(&mut out)?)
    })?;
    Ok(0)
}

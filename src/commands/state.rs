//! `driftguard state`: versions of a state, and where code keeps its state.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{anyhow, bail};
use serde_json::json;

use super::{Session, complain};
use crate::cli::{RulesFormat, StateCommand, Versions};
use crate::config::{Found, Offered, offered};
use crate::declared::backend::{Address, Reach, s3, shown};
use crate::declared::discover;
use crate::drift::SourceError;
use crate::safety::{escape, sanitise};

pub(super) fn run(session: &Session, command: &StateCommand) -> anyhow::Result<u8> {
    match command {
        StateCommand::Versions(args) => versions(session, args),
        StateCommand::Discover { place, add } if add.is_empty() => find(session, place),
        StateCommand::Discover { place, add } => add_all(session, place, add),
    }
}

/// As an environment that reads the same state would be reached; the surroundings' AWS when there is none.
pub(super) fn reach_for<'a>(session: &'a Session, text: &str) -> Reach<'a> {
    let Ok(Address::S3(wanted)) = Address::parse(text) else { return Reach::default() };
    let holds = |known: &String| match Address::parse(known) {
        Ok(Address::S3(known)) if known.bucket == wanted.bucket => {
            known.key == wanted.key || known.is_prefix() && wanted.key.starts_with(&known.key)
        }
        _ => false,
    };
    match session.config.environments.iter().find(|spec| spec.state.iter().any(holds)) {
        Some(spec) => Reach { aws: spec.aws.as_deref(), region: spec.environment.region.raw(), ..Reach::default() },
        None => Reach::default(),
    }
}

fn versions(session: &Session, args: &Versions) -> anyhow::Result<u8> {
    let address = match Address::parse(&args.address) {
        Ok(Address::S3(address)) if args.address.starts_with("s3://") => address,
        Ok(_) => bail!("{}: only a bucket keeps versions: s3://BUCKET/KEY", shown(&args.address)),
        Err(why) => bail!("{}: {why}", shown(&args.address)),
    };
    let reach = reach_for(session, &args.address);
    let found = s3::versions(&address, &reach, usize::from(args.limit)).map_err(|error| words(&error))?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    match args.format {
        RulesFormat::Text => text(&found, &mut out)?,
        RulesFormat::Json => {
            let row = |one: &s3::Version| {
                json!({
                    "version": one.id.line(), "serial": one.serial, "written_at": one.written_at, "bytes": one.bytes,
                    "is_latest": one.is_latest, "is_deletion": one.is_deletion,
                    "terraform_version": one.terraform_version.as_ref().map(|t| t.line()),
                })
            };
            let rows: Vec<_> = found.iter().map(row).collect();
            escape::to_json_writer(&mut out, &rows, true)?;
            writeln!(out)?;
        }
    }
    out.flush()?;
    Ok(0)
}

fn text(found: &[s3::Version], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{:>8}  {:<20}  {:>12}  {:<10}  version", "serial", "written", "bytes", "terraform")?;
    for one in found {
        let serial = match one.serial {
            Some(serial) => serial.to_string(),
            None if one.is_deletion => "deleted".into(),
            None => "?".into(),
        };
        let written = one.written_at.map_or("?".into(), |at| at.strftime("%FT%TZ").to_string());
        let terraform = one.terraform_version.as_ref().map_or(String::new(), |text| text.line());
        let latest = if one.is_latest { "  (now)" } else { "" };
        writeln!(out, "{serial:>8}  {written:<20}  {:>12}  {terraform:<10}  {}{latest}", one.bytes, one.id.line())?;
    }
    Ok(())
}

/// What is offered there, and what could not be read.
fn look(session: &Session, place: &str) -> anyhow::Result<Found> {
    match place.strip_prefix("s3://") {
        Some(_) => {
            Ok(Found { offered: offered(in_bucket(session, place)?, &session.config.environments), errors: vec![] })
        }
        None if !Path::new(place).is_dir() => bail!("{}: no such directory", sanitise::line(place)),
        None => Ok(session.adding(Path::new(place)).find()),
    }
}

fn find(session: &Session, place: &str) -> anyhow::Result<u8> {
    let Found { offered, errors } = look(session, place)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    for (n, Offered { offer, known_as }) in offered.iter().enumerate() {
        // What is configured already is not to be pasted once more.
        let text = match known_as {
            Some(slug) => {
                format!("# {}\n# it is in the configuration already, as {slug}\n", sanitise::line(&offer.found))
            }
            None => offer.to_string(),
        };
        write!(out, "{}{text}", if n > 0 { "\n" } else { "" })?;
    }
    out.flush()?;
    errors.iter().for_each(|error| complain(&words(error).to_string()));
    if offered.is_empty() && errors.is_empty() {
        complain(&format!("{}: neither a backend block in any .tf file nor a *.tfstate", sanitise::line(place)));
    }
    Ok(u8::from(!errors.is_empty()))
}

/// Writes those that are named into the configuration; one that cannot be ends it.
fn add_all(session: &Session, place: &str, names: &[String]) -> anyhow::Result<u8> {
    let found = look(session, place)?;
    let adding = session.adding(Path::new(place));
    for name in names {
        let Some(one) = found.offered.iter().find(|one| one.offer.slug == *name && one.known_as.is_none()) else {
            bail!("{}: nothing new of this name is offered by {}", sanitise::line(name), sanitise::line(place));
        };
        let slug = adding.add(&one.offer).map_err(|why| anyhow!("{}: {why}", sanitise::line(name)))?;
        complain(&format!("{slug} is in {} now", sanitise::line(&adding.file.display().to_string())));
    }
    Ok(0)
}

fn in_bucket(session: &Session, place: &str) -> anyhow::Result<Vec<discover::Offer>> {
    let address = match Address::parse(place) {
        Ok(Address::S3(address)) if address.is_prefix() => address,
        Ok(_) => bail!("{}: name a bucket or a prefix: s3://BUCKET/ or s3://BUCKET/PREFIX/", shown(place)),
        Err(why) => bail!("{}: {why}", shown(place)),
    };
    let keys = s3::keys(&address, &reach_for(session, place)).map_err(|error| words(&error))?;
    let query = place.split_once('?').map(|(_, query)| query).unwrap_or_default();
    Ok(discover::in_bucket(&address.bucket, &keys, query))
}

pub(super) fn words(error: &SourceError) -> anyhow::Error {
    anyhow!("{}: {}", error.source.line(), error.sentences())
}

//! One account and region, read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{StreamExt, future, stream};
use jiff::Timestamp;

use super::counts::Counts;
use super::full::{How, Read};
use super::items::Item;
use super::memory::{Place, Types};
use super::proof::Proof;
use super::reader::Reader;
use super::recorder::Recorded;
use super::{Told, Wanted, aggregate, changed, counts, full, history, listing, merged, recorder};
use crate::aws::{Access, Fault, Session, Target};
use crate::drift::UnverifiedReason;
use crate::live::aws_config::ListingFault;

/// What was read of one account and region.
pub(super) struct Reading {
    /// For people.
    pub name: String,
    /// `{"baseConfigurationItems": [...]}`, as the CLI would print it.
    pub text: String,
    /// Type, account and region listed to the last page.
    pub covered: Vec<(String, String, String)>,
    pub faults: Vec<ListingFault>,
    /// Types AWS Config does not record here.
    pub refused: Vec<TypeFault>,
    /// Worth knowing; nothing is incomplete because of it.
    pub notices: Vec<String>,
    /// Account and region whose recorder has not finished its first recording: what it lacks may be there.
    pub unfinished: Option<Arc<Target>>,
}

/// One resource of a listing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Key {
    pub config_type: Arc<str>,
    pub id: String,
    /// Empty, as the region is: those of the session. Always there where an aggregator is read.
    pub account: String,
    pub region: String,
}

impl Key {
    /// In the session's own account and region.
    pub fn here(config_type: &Arc<str>, id: &str) -> Self {
        let config_type = Arc::clone(config_type);
        Self { config_type, id: id.to_owned(), account: String::new(), region: String::new() }
    }
}

/// A type that could not be read to the end.
#[derive(Clone)]
pub(super) struct TypeFault {
    pub config_type: String,
    pub reason: UnverifiedReason,
    pub message: String,
    pub help: String,
}

impl TypeFault {
    pub fn of(config_type: &str, fault: &Fault) -> Self {
        Self {
            config_type: config_type.to_owned(),
            reason: fault.reason(),
            message: fault.to_string(),
            help: fault.help(),
        }
    }
}

impl Reading {
    /// Nothing could be read at all.
    fn nothing(wanted: &Wanted, name: String, message: String, help: String, reason: UnverifiedReason) -> Self {
        let types = wanted.config_types.iter().chain(&wanted.unrecorded).cloned().collect();
        let fault = ListingFault { source: name.clone(), message, help, types, reason };
        Self {
            name,
            text: text(vec![]),
            covered: vec![],
            faults: vec![fault],
            refused: vec![],
            notices: vec![],
            unfinished: None,
        }
    }

    /// What is not recorded is no fault of the types that were read otherwise.
    pub fn settle(&mut self, otherwise: &BTreeSet<&'static str>) {
        let left =
            std::mem::take(&mut self.refused).into_iter().filter(|f| !otherwise.contains(f.config_type.as_str()));
        self.faults.extend(by_message(left, &self.name));
    }

    pub fn failed(wanted: &Wanted, why: &str) -> Self {
        let help = "scan again; nothing was concluded from what was missing".to_owned();
        Self::nothing(wanted, "AWS".into(), why.to_owned(), help, UnverifiedReason::SourceFailed)
    }

    /// The way into the account is shut.
    pub fn closed(wanted: &Wanted, role: &str, fault: &Fault) -> Self {
        let name = if role.is_empty() { "AWS".to_owned() } else { format!("AWS as {role}") };
        Self::nothing(wanted, name, fault.to_string(), fault.help(), fault.reason())
    }
}

/// Counts what was fetched over all accounts and regions.
pub(super) struct Progress<'a> {
    fetched: AtomicU64,
    listed: AtomicU64,
    expected: AtomicU64,
    told: &'a Told<'a>,
}

impl<'a> Progress<'a> {
    pub fn new(told: &'a Told<'a>) -> Self {
        Self { fetched: AtomicU64::new(0), listed: AtomicU64::new(0), expected: AtomicU64::new(0), told }
    }

    /// So many resources are said to be there, before they are listed.
    pub fn expected(&self, more: u64) {
        self.expected.fetch_add(more, Ordering::Relaxed);
        self.listed(0);
    }

    pub fn listed(&self, more: usize) {
        self.listed.fetch_add(more as u64, Ordering::Relaxed);
        self.fetched(0);
    }

    pub fn fetched(&self, more: usize) {
        let fetched = self.fetched.fetch_add(more as u64, Ordering::Relaxed) + more as u64;
        let there = self.listed.load(Ordering::Relaxed).max(self.expected.load(Ordering::Relaxed));
        (self.told)(fetched, there);
    }
}

/// Reads all wanted types. `place`: where what was read is kept for the next time.
pub(super) async fn read(
    session: &Session,
    access: &Access,
    wanted: &Wanted,
    place: Option<&Place>,
    progress: &Progress<'_>,
) -> Reading {
    let target = &session.target;
    let name = match &access.aggregator {
        Some(aggregator) => format!("AWS Config aggregator {aggregator} in {} {}", target.account, target.region),
        None => format!("AWS Config of {} in {}", target.account, target.region),
    };
    let reader = Reader { session, aggregator: access.aggregator.as_deref() };
    let mut book = Book::default();
    match &access.aggregator {
        Some(aggregator) => read_aggregated(reader, aggregator, access, wanted, place, progress, &mut book).await,
        None => read_recorded(reader, access, wanted, place, progress, &mut book).await,
    }
    let faults = by_message(book.faults, &name);
    let unfinished = book.unfinished.then(|| Arc::clone(target));
    let (text, covered, notices) = (text(book.items), book.covered, book.notices);
    Reading { faults, name, text, covered, refused: book.refused, notices, unfinished }
}

fn by_message(faults: impl IntoIterator<Item = TypeFault>, source: &str) -> Vec<ListingFault> {
    let mut merging: BTreeMap<(String, String), (UnverifiedReason, Vec<String>)> = BTreeMap::new();
    for fault in faults {
        merging.entry((fault.message, fault.help)).or_insert((fault.reason, vec![])).1.push(fault.config_type);
    }
    merged(merging, source)
}

/// What is gathered on the way.
#[derive(Default)]
struct Book {
    /// The recorder has not finished its first recording.
    unfinished: bool,
    pub items: Vec<Item>,
    pub covered: Vec<(String, String, String)>,
    pub faults: Vec<TypeFault>,
    pub refused: Vec<TypeFault>,
    pub notices: Vec<String>,
}

impl Book {
    /// What was read, of all these accounts and regions.
    fn take(&mut self, mut read: Read, scopes: &[(String, String)]) {
        // Sources list what nobody declares in the order they have it.
        read.items.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        let of = |t: &Arc<str>| {
            let t = t.to_string();
            scopes.iter().map(move |(account, region)| (t.clone(), account.clone(), region.clone()))
        };
        self.covered = read.complete.keys().flat_map(of).collect();
        self.items = read.items;
        self.faults.extend(read.faults);
        self.notices.extend(read.notices);
    }
}

/// An account or region the aggregator does not cover is never said to lack anything.
async fn read_aggregated(
    reader: Reader<'_>,
    aggregator: &str,
    access: &Access,
    wanted: &Wanted,
    place: Option<&Place>,
    progress: &Progress<'_>,
    book: &mut Book,
) {
    let types: Vec<Arc<str>> = wanted.config_types.iter().map(|t| Arc::from(t.as_str())).collect();
    let (scopes, counts) = future::join(aggregate::sources(reader.session, aggregator), counts::counts(reader)).await;
    let scopes = match scopes {
        Ok(scopes) => scopes,
        Err(fault) => return book.faults.extend(types.iter().map(|t| TypeFault::of(t, &fault))),
    };
    let counts = known(counts, &types, progress);
    let read = present(reader, access, wanted, &types, counts.as_ref(), place, progress).await;
    book.take(read, &scopes);
}

async fn read_recorded(
    reader: Reader<'_>,
    access: &Access,
    wanted: &Wanted,
    place: Option<&Place>,
    progress: &Progress<'_>,
    book: &mut Book,
) {
    let session = reader.session;
    let (recorded, counts) = future::join(recorder::recorded(session), counts::counts(reader)).await;
    // Whoever may not ask what is recorded may still be allowed to read it.
    let (recorded, is_new) = recorded.unwrap_or_else(|fault| {
        tracing::info!(%fault, "whether AWS Config records is not known");
        (Recorded::Everything, None)
    });
    // Of those without a region, what stands in the recording counts, and only that.
    let is_there = |t: &str| counts.as_ref().is_ok_and(|counts| counts.get(t).is_some_and(|count| *count > 0));
    let has = |t: &&String| recorded.has(t) || (recorded == Recorded::Regional && is_there(t));
    let (types, refused): (Vec<&String>, Vec<&String>) = wanted.config_types.iter().partition(has);
    book.refused.extend(refused.into_iter().map(|t| recorded.refusal(t)));
    let types: Vec<Arc<str>> = types.into_iter().map(|t| Arc::from(t.as_str())).collect();
    let counts = known(counts, &types, progress);
    let read = match access.as_of {
        Some(moment) => past(reader, types, moment, progress).await,
        None => present(reader, access, wanted, &types, counts.as_ref(), place, progress).await,
    };
    book.take(read, &[(session.target.account.clone(), session.target.region.clone())]);
    book.unfinished = is_new.is_some();
    book.notices.extend(is_new);
}

/// How much there is, if that could be asked; told to whoever waits.
fn known(counts: Result<Counts, Fault>, types: &[Arc<str>], progress: &Progress<'_>) -> Option<Counts> {
    let counts = counts.inspect_err(|fault| tracing::info!(%fault, "how much there is is not known")).ok()?;
    progress.expected(types.iter().filter_map(|t| counts.get(&**t)).sum());
    Some(counts)
}

/// As it is: all of it, or only what has changed since it was read last.
async fn present(
    reader: Reader<'_>,
    access: &Access,
    wanted: &Wanted,
    types: &[Arc<str>],
    counts: Option<&Counts>,
    place: Option<&Place>,
    progress: &Progress<'_>,
) -> Read {
    let now = Timestamp::now();
    let memory = place.filter(|_| !access.full).and_then(Place::read);
    let whole = memory.iter().flat_map(|m| &m.types).filter(|(_, (proof, _))| proof.whole).map(|(t, _)| Arc::clone(t));
    let how = How { counts, tagged: &wanted.tagged, prove: place.is_some(), whole: whole.collect() };
    let (mut full_at, mut since) = (now, 0);
    let mut known = Types::new();
    if let Some(memory) = memory.filter(|m| m.is_fresh(now)) {
        (full_at, since) = (memory.full_at, memory.since + 1);
        known = changed::fit(memory.types, types);
    }
    let (fit, rest): (Vec<Arc<str>>, Vec<Arc<str>>) = types.iter().cloned().partition(|t| known.contains_key(t));
    let (changed, mut read) =
        future::join(changed::read(reader, known, &how, full_at, progress), full::read(reader, &rest, &how, progress))
            .await;
    let settled = &changed.complete;
    let doubtful: Vec<Arc<str>> = fit.into_iter().filter(|t| !settled.contains_key(t)).collect();
    if !doubtful.is_empty() {
        read.add(full::read(reader, &doubtful, &how, progress).await);
    }
    read.add(changed);
    if let Some(place) = place {
        read.items.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        place.write(full_at, since, &read.complete, &read.items);
    }
    reader.session.reused(read.items.iter().filter(|item| item.is_remembered).count() as u64);
    read
}

/// As it was: what there is and what there was, from the history of each.
async fn past(reader: Reader<'_>, types: Vec<Arc<str>>, moment: Timestamp, progress: &Progress<'_>) -> Read {
    let pages = stream::iter(types).map(|t| Box::pin(listing::pages(reader, t, true)));
    let mut pages = pages.flatten_unordered(full::TYPES_AT_ONCE);
    let (mut read, mut keys) = (Read::default(), BTreeSet::new());
    while let Some(page) = pages.next().await {
        progress.listed(page.keys.len());
        keys.extend(page.keys);
        match page.end {
            None => {}
            Some(Ok(())) => drop(read.complete.insert(page.config_type, Proof::default())),
            Some(Err(fault)) => read.faults.push(TypeFault::of(&page.config_type, &fault)),
        }
    }
    let keys: Vec<Key> = keys.into_iter().collect();
    let fetched = history::fetch(reader.session, &keys, moment, progress).await;
    read.complete.retain(|t, _| !fetched.faults.iter().any(|fault| *fault.config_type == **t));
    (read.items, read.faults) = (fetched.items, [read.faults, fetched.faults].concat());
    read
}

/// The recording. Each item is let go when it stands there.
fn text(items: Vec<Item>) -> String {
    let mut text = String::with_capacity(items.iter().map(|i| i.text.len() + 2).sum::<usize>() + 40);
    text.push_str("{\"baseConfigurationItems\":[");
    for (n, item) in items.into_iter().enumerate() {
        text.push_str(if n == 0 { "\n" } else { ",\n" });
        text.push_str(&item.text);
    }
    text.push_str("\n]}");
    text
}

//! One account and region, read.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt;
use futures_util::stream;

use super::recorder::Recorded;
use super::{Told, Wanted, aggregate, history, items, listing, merged, recorder, tags};
use crate::aws::{Access, Fault, Session};
use crate::drift::UnverifiedReason;
use crate::live::aws_config::ListingFault;

/// Types listed at the same time; the limiter decides how many calls that makes.
const TYPES_AT_ONCE: usize = 8;

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
}

/// One resource of a listing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) struct Key {
    pub config_type: String,
    pub id: String,
    /// Empty: those of the session.
    pub account: String,
    pub region: String,
}

/// A type that could not be read to the end.
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
        Self { name, text: text(&[]), covered: vec![], faults: vec![fault], refused: vec![] }
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
    told: &'a Told<'a>,
}

impl<'a> Progress<'a> {
    pub fn new(told: &'a Told<'a>) -> Self {
        Self { fetched: AtomicU64::new(0), listed: AtomicU64::new(0), told }
    }

    pub fn listed(&self, more: usize) {
        let listed = self.listed.fetch_add(more as u64, Ordering::Relaxed) + more as u64;
        (self.told)(self.fetched.load(Ordering::Relaxed), listed);
    }

    pub fn fetched(&self, more: usize) {
        let fetched = self.fetched.fetch_add(more as u64, Ordering::Relaxed) + more as u64;
        (self.told)(fetched, self.listed.load(Ordering::Relaxed));
    }
}

/// Reads all wanted types.
pub(super) async fn read(session: &Session, access: &Access, wanted: &Wanted, progress: &Progress<'_>) -> Reading {
    let target = &session.target;
    let name = match &access.aggregator {
        Some(aggregator) => format!("AWS Config aggregator {aggregator} in {} {}", target.account, target.region),
        None => format!("AWS Config of {} in {}", target.account, target.region),
    };
    let mut book = Book::default();
    match &access.aggregator {
        Some(aggregator) => aggregate::read(session, aggregator, wanted, progress, &mut book).await,
        None => read_recorded(session, access, wanted, progress, &mut book).await,
    }
    let (text, covered) = (text(&book.items), book.covered);
    let faults = by_message(book.faults, &name);
    Reading { faults, name, text, covered, refused: book.refused }
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
pub(super) struct Book {
    /// Items as JSON text.
    pub items: Vec<String>,
    pub covered: Vec<(String, String, String)>,
    pub faults: Vec<TypeFault>,
    pub refused: Vec<TypeFault>,
}

async fn read_recorded(session: &Session, access: &Access, wanted: &Wanted, progress: &Progress<'_>, book: &mut Book) {
    let recorded = match recorder::recorded(session).await {
        Ok(recorded) => recorded,
        // Whoever may not ask what is recorded may still be allowed to read it.
        Err(fault) => {
            tracing::info!(%fault, "whether AWS Config records is not known");
            Recorded::Everything
        }
    };
    let (types, refused): (Vec<&String>, Vec<&String>) = wanted.config_types.iter().partition(|t| recorded.has(t));
    book.refused.extend(refused.into_iter().map(|t| recorded.refusal(t)));

    let deleted_too = access.as_of.is_some();
    let listings = stream::iter(types).map(|t| async move { (t, listing::list(session, t, deleted_too).await) });
    let mut keys: BTreeSet<Key> = BTreeSet::new();
    let mut complete = vec![];
    let mut listings = listings.buffer_unordered(TYPES_AT_ONCE);
    while let Some((config_type, listing)) = listings.next().await {
        progress.listed(listing.keys.len());
        keys.extend(listing.keys);
        match listing.fault {
            None => complete.push(config_type.clone()),
            Some(fault) => book.faults.push(TypeFault::of(config_type, &fault)),
        }
    }
    let keys: Vec<Key> = keys.into_iter().collect();
    let fetched = match access.as_of {
        Some(moment) => history::fetch(session, &keys, moment, progress).await,
        None => {
            let mut fetched = items::fetch(session, &keys, progress).await;
            tags::add(session, &mut fetched).await;
            fetched
        }
    };
    let failed: BTreeSet<&str> = fetched.faults.iter().map(|f| f.config_type.as_str()).collect();
    complete.retain(|t| !failed.contains(t.as_str()));
    let scope = |t: String| (t, session.target.account.clone(), session.target.region.clone());
    book.covered = complete.into_iter().map(scope).collect();
    book.items = fetched.items.into_iter().map(|item| item.into_text()).collect();
    book.faults.extend(fetched.faults);
}

/// The recording.
fn text(items: &[String]) -> String {
    let mut text = String::with_capacity(items.iter().map(|i| i.len() + 2).sum::<usize>() + 40);
    text.push_str("{\"baseConfigurationItems\":[");
    for (n, item) in items.iter().enumerate() {
        text.push_str(if n == 0 { "\n" } else { ",\n" });
        text.push_str(item);
    }
    text.push_str("\n]}");
    text
}

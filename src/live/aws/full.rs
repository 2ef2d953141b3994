//! Reads types whole: listed page by page, fetched while the listing goes on, and beside both what SELECT says of them.
//!
//! The listing alone decides what is there. Items come from BatchGetResourceConfig; of types whose rows were proved to hold the
//! whole items (`proof`) they come from SELECT, which saves a third of the calls, and a sample of them is still fetched.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use futures_util::{StreamExt, future, stream};

use super::counts::Counts;
use super::items::{self, BATCH, Fetched, Item};
use super::listing::{self, Page};
use super::proof::{self, Proof};
use super::reader::Reader;
use super::select::{self, Rows};
use super::tags;
use super::target::{Key, Progress, TypeFault};
use crate::aws::Fault;

/// Types listed at the same time; the limiter decides how many calls that makes.
pub(super) const TYPES_AT_ONCE: usize = 8;

/// What there is to know before.
pub(super) struct How<'a> {
    /// `None`: not known.
    pub counts: Option<&'a Counts>,
    /// Types of which somebody declares tags.
    pub tagged: &'a BTreeSet<String>,
    /// The next scan will want to know what can be believed.
    pub prove: bool,
    /// Types whose rows were proved to be whole items.
    pub whole: BTreeSet<Arc<str>>,
}

/// Types, read.
#[derive(Default)]
pub(super) struct Read {
    pub items: Vec<Item>,
    /// Those that were read to the end, and what is believed of them.
    pub complete: BTreeMap<Arc<str>, Proof>,
    pub faults: Vec<TypeFault>,
    pub notices: Vec<String>,
}

impl Read {
    pub fn add(&mut self, other: Self) {
        self.items.extend(other.items);
        self.complete.extend(other.complete);
        self.faults.extend(other.faults);
        self.notices.extend(other.notices);
    }
}

pub(super) async fn read(reader: Reader<'_>, types: &[Arc<str>], how: &How<'_>, progress: &Progress<'_>) -> Read {
    let listed = Listed::default();
    let pages = stream::iter(types.to_vec()).map(|t| Box::pin(listing::pages(reader, t, false)));
    let keys = pages.flatten_unordered(TYPES_AT_ONCE).flat_map(|page| stream::iter(listed.book(page, how, progress)));
    let (fetched, rows) =
        future::join(items::fetch(reader, keys.chunks(BATCH), progress), ask(reader, types, how)).await;
    let Book { complete, faults, kept, .. } = listed.into_inner();
    let mut read = Read { items: fetched.items, faults, ..Read::default() };
    read.faults.extend(fetched.faults);
    let mut rows = rows.unwrap_or_else(|fault| {
        tracing::info!(%fault, "AWS Config is not asked by SELECT");
        Rows::new()
    });
    let mut wrong = BTreeSet::new();
    if !kept.is_empty() {
        let fetched;
        (fetched, wrong) = from_rows(reader, kept, &mut rows, progress).await;
        read.items.extend(fetched.items);
        read.faults.extend(fetched.faults);
    }
    let failed: BTreeSet<&str> = read.faults.iter().map(|f| f.config_type.as_str()).collect();
    let whole: Vec<Arc<str>> = complete.into_iter().filter(|t| !failed.contains(&**t)).collect();
    read.complete = if how.prove {
        let mut proofs = proof::prove(&whole, &read.items, &rows);
        // Their rows became the items, and a sample of those was compared.
        for (config_type, proof) in proofs.iter_mut().filter(|(t, _)| how.whole.contains(*t)) {
            proof.whole = proof.selected && !wrong.contains(config_type);
        }
        proofs
    } else {
        whole.into_iter().map(|t| (t, Proof::default())).collect()
    };
    for item in read.items.iter_mut().filter(|item| !item.has_tags) {
        let row = rows.get(&item.key);
        row.and_then(|row| row.tags.as_deref()).into_iter().for_each(|tags| item.give_tags(tags));
    }
    drop(rows);
    let filled = tags::fill(reader, &mut read.items, how.tagged).await;
    for (config_type, proof) in &mut read.complete {
        // Their tags change and nobody tells.
        proof.selected &= !filled.elsewhere.contains(&**config_type);
        proof.whole &= proof.selected;
    }
    read.notices.extend(filled.notice);
    read
}

/// What SELECT says of those types it is needed for.
async fn ask(reader: Reader<'_>, types: &[Arc<str>], how: &How<'_>) -> Result<Rows, Fault> {
    let is_asked = |t: &&str| how.prove || (how.tagged.contains(*t) && !select::holds_tags(t));
    let asked: Vec<&str> = types.iter().map(|t| &**t).filter(is_asked).collect();
    let queries = select::queries(&asked, how.counts.unwrap_or(&Counts::new()));
    let answers =
        future::try_join_all(queries.iter().map(|query| select::all(reader, query, how.prove, &how.whole))).await?;
    Ok(answers.into_iter().flatten().collect())
}

/// What the listings say, as they say it.
#[derive(Default)]
struct Listed(RefCell<Book>);

#[derive(Default)]
struct Book {
    complete: Vec<Arc<str>>,
    faults: Vec<TypeFault>,
    /// Of types whose items come from SELECT.
    kept: Vec<Key>,
    /// Servers repeat themselves; hashes of what was listed.
    known: HashSet<u64>,
    hasher: RandomState,
}

impl Listed {
    /// Gives what is to be fetched.
    fn book(&self, page: Page, how: &How<'_>, progress: &Progress<'_>) -> Vec<Key> {
        let mut book = self.0.borrow_mut();
        let Page { config_type, mut keys, end } = page;
        keys.retain(|key| {
            let hash = book.hasher.hash_one(key);
            book.known.insert(hash)
        });
        progress.listed(keys.len());
        match end {
            None => {}
            Some(Ok(())) => book.complete.push(Arc::clone(&config_type)),
            Some(Err(fault)) => book.faults.push(TypeFault::of(&config_type, &fault)),
        }
        if how.whole.contains(&config_type) {
            book.kept.append(&mut keys);
        }
        keys
    }

    fn into_inner(self) -> Book {
        self.0.into_inner()
    }
}

/// The items of listed resources, from rows that are believed to hold them; what has none is fetched, and a sample to see whether
/// they still do.
///
/// Also gives the types whose rows do not.
async fn from_rows(
    reader: Reader<'_>,
    keys: Vec<Key>,
    rows: &mut Rows,
    progress: &Progress<'_>,
) -> (Fetched, BTreeSet<Arc<str>>) {
    let body = |rows: &Rows, key: &Key| rows.get(key).is_some_and(|row| row.body.is_some() && row.captured != 0);
    let (there, mut missing): (Vec<Key>, Vec<Key>) = keys.into_iter().partition(|key| body(rows, key));
    let step = there.len().div_ceil(BATCH).max(1);
    let (mut sample, mut rest): (Vec<Key>, Vec<Key>) = (vec![], vec![]);
    // As many as one call can name.
    for (n, key) in there.into_iter().enumerate() {
        if n % step == 0 { sample.push(key) } else { rest.push(key) }
    }
    let mut fetched = items::fetch(reader, items::in_batches(&sample), progress).await;
    let is_wrong = |item: &&Item| {
        let row = rows.get(&item.key);
        row.is_some_and(|row| proof::is_same(item, row) && !proof::says_the_same(item, row))
    };
    let wrong: BTreeSet<Arc<str>> =
        fetched.items.iter().filter(is_wrong).map(|item| Arc::clone(&item.key.config_type)).collect();
    let mut made = vec![];
    for key in rest {
        match rows.get_mut(&key).filter(|_| !wrong.contains(&key.config_type)).and_then(|row| row.take_item(&key)) {
            Some(item) => made.push(item),
            None => missing.push(key),
        }
    }
    progress.fetched(made.len());
    fetched.items.extend(made);
    let more = items::fetch(reader, items::in_batches(&missing), progress).await;
    fetched.items.extend(more.items);
    fetched.faults.extend(more.faults);
    (fetched, wrong)
}

//! Where the trees lie: in files of [sled](super::sled), or in tables of a [database](crate::store::postgres). Both keep keys in
//! the order of their bytes, and write what belongs together in one step.

use std::collections::BTreeMap;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use sled::IVec;

use super::sled::SledEngine;
use crate::store::journal::Frame;
use crate::store::postgres::{Found, Pages, PgEngine};
use crate::store::{Gauges, StoreError};

/// The trees; each has one kind of key (see [`keys`](super::keys)).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(in crate::store) enum Tree {
    /// Key of a drift → `EventRecord`.
    Events,
    /// Id → key of the drift.
    Ids,
    /// Id → `BodyRecord`.
    Bodies,
    /// Resource, fingerprint → key of the drift.
    ByFingerprint,
    /// Shelf, severity, key of the drift → its type.
    ByClass,
    /// Rule, id of a drift it hides → nothing.
    ByRule,
    /// Id, audit number → nothing.
    ByDrift,
    /// End of a snooze or exception, key of the drift → nothing.
    Timers,
    /// Resource, time → hash of the value [16], `Observation`.
    Observations,
    /// Slug → `Environment`.
    Environments,
    /// Environment, end, id → `ScanSummary`.
    Scans,
    /// Id → `RuleRecord`.
    Rules,
    /// Id → `NeverHideRule`.
    NeverHide,
    /// Environment, row → `Untold`.
    Untold,
    /// See [`contexts`](super::contexts); what stands under its index keys is too short to name an object.
    Contexts,
    /// See [`notices`](super::notices).
    Notifications,
    /// See [`remediations`](super::remediations); its index entries have no value.
    Remediations,
    /// See [`models`](super::models).
    Models,
    /// Audit number → `AuditRecord`.
    Audit,
    /// See [`once`](super::once).
    Once,
    /// Fingerprint → `Placed`: decisions on drifts that were lost with a damaged tree and wait to be seen again.
    Lost,
    /// `seq`: the last deed applied; `uuid`; `counts/<slug>`; `untold/<slug>`: the hash of that list;
    /// `baselines/<slug>`: see [`baselines`](super::baselines); `days/<slug>` and `whole-days`: see [`days`](super::days).
    Meta,
}

impl Tree {
    pub(in crate::store) const ALL: [Self; 22] = [
        Self::Events,
        Self::Ids,
        Self::Bodies,
        Self::ByFingerprint,
        Self::ByClass,
        Self::ByRule,
        Self::ByDrift,
        Self::Timers,
        Self::Observations,
        Self::Environments,
        Self::Scans,
        Self::Rules,
        Self::NeverHide,
        Self::Untold,
        Self::Contexts,
        Self::Notifications,
        Self::Remediations,
        Self::Models,
        Self::Audit,
        Self::Once,
        Self::Lost,
        Self::Meta,
    ];

    /// Whether its values are what [`codec`](crate::store::codec) writes.
    pub(in crate::store) fn is_coded(self) -> bool {
        use Tree::{
            Audit, Bodies, Contexts, Environments, Events, Lost, Models, NeverHide, Notifications, Observations,
            Remediations, Rules, Scans, Untold,
        };
        matches!(
            self,
            Events
                | Bodies
                | Observations
                | Environments
                | Scans
                | Rules
                | NeverHide
                | Untold
                | Contexts
                | Notifications
                | Remediations
                | Models
                | Audit
                | Lost
        )
    }

    pub(in crate::store) fn name(self) -> &'static str {
        match self {
            Self::Events => "events",
            Self::Ids => "ids",
            Self::Bodies => "bodies",
            Self::ByFingerprint => "by_fingerprint",
            Self::ByClass => "by_class",
            Self::ByRule => "by_rule",
            Self::ByDrift => "by_drift",
            Self::Timers => "timers",
            Self::Observations => "observations",
            Self::Environments => "environments",
            Self::Scans => "scans",
            Self::Rules => "rules",
            Self::NeverHide => "never_hide",
            Self::Untold => "untold",
            Self::Contexts => "contexts",
            Self::Notifications => "notifications",
            Self::Remediations => "remediations",
            Self::Models => "models",
            Self::Audit => "audit",
            Self::Once => "once",
            Self::Lost => "lost",
            Self::Meta => "meta",
        }
    }
}

/// What one commit writes; `None` deletes.
pub(in crate::store) type Writes = BTreeMap<Tree, BTreeMap<Vec<u8>, Option<Vec<u8>>>>;

/// One key with its value.
pub(in crate::store) type Entry = (IVec, IVec);

/// From where to where.
pub(in crate::store) type Bounds = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// The engine of a store.
pub(in crate::store) enum Engine {
    Sled(Box<SledEngine>),
    Postgres(Arc<PgEngine>),
}

impl Engine {
    pub(super) fn tree(&self, tree: Tree) -> View<'_> {
        View { engine: self, tree }
    }

    pub(super) fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        match self {
            Self::Sled(engine) => engine.get(tree, key),
            Self::Postgres(engine) => engine.get(tree, key),
        }
    }

    /// As [`Engine::get`], in the order of the keys.
    pub(super) fn get_many(&self, tree: Tree, keys: Vec<Vec<u8>>) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        match self {
            Self::Sled(engine) => keys.iter().map(|key| engine.get(tree, key)).collect(),
            Self::Postgres(engine) => engine.get_many(tree, keys),
        }
    }

    /// How many keys are best asked for together: each question to a database is a journey.
    pub(super) fn together(&self) -> usize {
        match self {
            Self::Sled(_) => 1,
            Self::Postgres(_) => 64,
        }
    }

    /// Reads the first `rows` of each of many ranges at once.
    pub(super) fn read_ahead(&self, ranges: Vec<&mut Range>, from_end: bool, rows: i64) {
        let Self::Postgres(engine) = self else { return };
        let pages = ranges.into_iter().filter_map(|r| if let Range::Pages(pages) = r { Some(pages) } else { None });
        if let Err(error) = engine.read_ahead(pages.collect(), from_end, rows) {
            tracing::warn!(%error, "many ranges could not be read at once");
        }
    }

    /// All in one step, or nothing; with the entries of the audit trail that tell of it where the engine keeps the trail too.
    pub(super) fn write(&self, writes: Writes, told: Vec<Frame>, durable: bool) -> Result<(), StoreError> {
        match self {
            Self::Sled(engine) => engine.write(&writes, durable),
            Self::Postgres(engine) => engine.write(writes, told, durable),
        }
    }

    /// As [`Engine::write`], but the work may be done while the caller goes on; an error then comes with the next write.
    pub(super) fn write_behind(&self, writes: Writes, durable: bool) -> Result<(), StoreError> {
        match self {
            Self::Sled(engine) => engine.write_behind(writes, durable),
            Self::Postgres(engine) => engine.write(writes, Vec::new(), durable),
        }
    }

    /// When this returns, everything written behind is written, or the error says why not.
    pub(super) fn settle(&self) -> Result<(), StoreError> {
        match self {
            Self::Sled(engine) => engine.settle(),
            Self::Postgres(_) => Ok(()),
        }
    }

    /// When this returns, everything written before it survives a power cut.
    pub(super) fn barrier(&self) -> Result<(), StoreError> {
        match self {
            Self::Sled(engine) => engine.barrier(),
            Self::Postgres(engine) => engine.write(Writes::new(), Vec::new(), true),
        }
    }

    /// Begins this process's turn to write; what others wrote since it last looked.
    pub(super) fn begin_turn(&self) -> Result<Option<Found>, StoreError> {
        match self {
            Self::Sled(_) => Ok(None),
            Self::Postgres(engine) => engine.begin_turn(),
        }
    }

    pub(super) fn end_turn(&self) {
        if let Self::Postgres(engine) = self {
            engine.fence(None);
            engine.end_turn();
        }
    }

    /// What is written until the turn ends is of a scan of this environment: it is kept only while the scan is this process's.
    pub(super) fn fence(&self, environment: &crate::drift::Slug) {
        if let Self::Postgres(engine) = self {
            engine.fence(Some(environment));
        }
    }

    /// What others wrote since this process last looked, without a turn.
    pub(super) fn look(&self) -> Result<Option<Found>, StoreError> {
        match self {
            Self::Sled(_) => Ok(None),
            Self::Postgres(engine) => engine.look(),
        }
    }

    /// Whether what others write can be met in it: then a failed write is not the end, see [`begin_turn`](Self::begin_turn).
    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    pub(super) fn as_postgres(&self) -> Option<&Arc<PgEngine>> {
        if let Self::Postgres(engine) = self { Some(engine) } else { None }
    }

    pub(super) fn gauges(&self) -> Gauges {
        match self {
            Self::Sled(engine) => Gauges { bytes: engine.size_on_disk().ok(), ..Gauges::default() },
            Self::Postgres(engine) => Gauges { bytes: None, pool: Some(engine.pool_use()), trouble: engine.trouble() },
        }
    }

    #[cfg(test)]
    pub(super) fn as_sled(&self) -> &SledEngine {
        match self {
            Self::Sled(engine) => engine,
            Self::Postgres(_) => panic!("not on sled"),
        }
    }
}

/// One tree of an engine.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    engine: &'a Engine,
    tree: Tree,
}

impl View<'_> {
    pub(super) fn iter(&self) -> Range {
        self.between((Bound::Unbounded, Bound::Unbounded))
    }

    pub(super) fn scan_prefix(&self, prefix: impl AsRef<[u8]>) -> Range {
        let prefix = prefix.as_ref();
        let end = match super::keys::after(prefix) {
            end if end.is_empty() => Bound::Unbounded,
            end => Bound::Excluded(end),
        };
        self.between((Bound::Included(prefix.to_vec()), end))
    }

    pub(super) fn range<K: AsRef<[u8]>>(&self, range: impl RangeBounds<K>) -> Range {
        let owned = |bound: Bound<&K>| bound.map(|key| key.as_ref().to_vec());
        self.between((owned(range.start_bound()), owned(range.end_bound())))
    }

    fn between(&self, bounds: Bounds) -> Range {
        match self.engine {
            Engine::Sled(engine) => {
                Range::Sled { path: Arc::clone(engine.path()), entries: engine.tree(self.tree).range(bounds) }
            }
            Engine::Postgres(engine) => Range::Pages(Pages::new(Arc::clone(engine), self.tree, bounds)),
        }
    }

    pub(super) fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.iter().next().transpose()?.is_none())
    }

    pub(super) fn last(&self) -> Result<Option<Entry>, StoreError> {
        self.iter().next_back().transpose()
    }
}

/// Entries in the order of their keys, read as they are asked for, from both ends.
pub(super) enum Range {
    Sled { path: Arc<std::path::Path>, entries: sled::Iter },
    Pages(Pages),
}

impl Range {
    pub(super) fn keys(mut self) -> impl DoubleEndedIterator<Item = Result<IVec, StoreError>> {
        if let Self::Pages(pages) = &mut self {
            pages.without_values();
        }
        self.map(|entry| entry.map(|(key, _)| key))
    }

    pub(super) fn values(self) -> impl DoubleEndedIterator<Item = Result<IVec, StoreError>> {
        self.map(|entry| entry.map(|(_, value)| value))
    }
}

impl Iterator for Range {
    type Item = Result<Entry, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Sled { path, entries } => entries.next().map(|e| e.map_err(|e| super::sled::sled_error(path, e))),
            Self::Pages(pages) => pages.next(),
        }
    }
}

impl DoubleEndedIterator for Range {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            Self::Sled { path, entries } => {
                entries.next_back().map(|e| e.map_err(|e| super::sled::sled_error(path, e)))
            }
            Self::Pages(pages) => pages.next_back(),
        }
    }
}

//! Opening: the lock, the identity, the trees (repaired or set aside if need be), then what the journal has and they lack.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{PoisonError, RwLock};

use jiff::Timestamp;

use super::engine::{Engine, Tree};
use super::sled::SledEngine;
use super::trail::Trail;
use super::tx::Tx;
use super::{TreeStore, Writer, apply, compact, keys, retire, view};
use crate::drift::Slug;
use crate::store::files::{io_at, make_private, no_more_writes, private_dir, private_file, refuse_unsafe_filesystem};
use crate::store::identity::{Identity, SCHEMA_VERSION};
use crate::store::journal::{self, Journal};
use crate::store::lock::StoreLock;
use crate::store::probe::Probe;
use crate::store::record::{AuditRecord, Deed};
use crate::store::rules::{self, Rule, RuleRecord};
use crate::store::{OpenCounts, Opened, Options, StoreError, ballast, codec};

/// Where the time comes from.
pub(in crate::store) type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// What tests may bring along.
pub(in crate::store) struct Doors {
    pub(in crate::store) clock: Clock,
    pub(in crate::store) probe: Probe,
    pub(in crate::store) compact: Compaction,
    pub(in crate::store) options: Options,
}

/// Whether the trees are written anew at opening.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::store) enum Compaction {
    /// When they take far more room than what is in them.
    WhenDue,
    Now,
}

impl Default for Doors {
    fn default() -> Self {
        Self {
            clock: Box::new(Timestamp::now),
            probe: Probe::default(),
            compact: Compaction::WhenDue,
            options: Options::default(),
        }
    }
}

/// Opens for writing. Where the disk does not allow that, what can be read is opened read-only and the notices say why.
pub(in crate::store) fn open_read_write(root: &Path, doors: Doors) -> Result<(TreeStore, Vec<String>), StoreError> {
    match open_writable(root, doors) {
        Err(StoreError::Io { source, .. }) if no_more_writes(&source).is_some() && tree_path(root).exists() => {
            let why = no_more_writes(&source).unwrap_or_default();
            view::open_copy(root, Doors::default(), why.to_owned())
        }
        outcome => outcome,
    }
}

/// Whether a directory holds a store, be it a damaged one.
pub(in crate::store) fn holds_store(root: &Path) -> bool {
    ["meta.json", "journal", "tree"].iter().any(|part| root.join(part).exists())
}

/// The schema of the store in a directory; `None` when there is none.
pub(in crate::store) fn schema_of(root: &Path) -> Result<Option<u32>, StoreError> {
    Ok(Identity::read(root)?.map(|identity| identity.schema_version))
}

/// A directory with files of somebody else is not made a store of: its mode would change, and its files be in the way.
fn refuse_other_files(root: &Path) -> Result<(), StoreError> {
    let holds_others = root.read_dir().is_ok_and(|mut entries| entries.next().is_some()) && !holds_store(root);
    if holds_others {
        let words = format!("{} is a directory with other files in it and no store; name a new one", root.display());
        return Err(StoreError::Invalid(words));
    }
    Ok(())
}

pub(super) fn tree_path(root: &Path) -> PathBuf {
    root.join("tree")
}

pub(super) fn between_path(root: &Path) -> PathBuf {
    root.join("between.lock")
}

fn open_writable(root: &Path, doors: Doors) -> Result<(TreeStore, Vec<String>), StoreError> {
    let mut notices = Vec::new();
    refuse_other_files(root)?;
    private_dir(root)?;
    refuse_unsafe_filesystem(root)?;
    let lock = StoreLock::take(root)?;
    private_dir(&root.join("objects"))?;
    let identity = identity(root)?;
    compact::mend(root)?;
    let (engine, full) = open_engine(root, &identity, &doors.probe, &mut notices)?;
    let engine = if full { engine } else { compacted(root, engine, &doors, &mut notices)? };
    let around = TreeStore::around(Engine::Sled(Box::new(engine)), Some(root), identity, doors.clock);
    let probe = doors.probe.clone();
    let alerting = RwLock::new(doors.options.alerting.clone());
    let store = TreeStore { _lock: Some(lock), options: doors.options, probe, alerting, ..around };
    store.load(&mut store.writer())?;
    store.catch_up(root, doors.probe, &mut notices)?;
    if full {
        store.set_full();
        notices.push("read-only: the disk is full".into());
    } else {
        ballast::reserve(root);
        // Modes are a second wall behind the directory's own; an engine file that vanished meanwhile is no harm.
        let _ = make_private(&tree_path(root));
        store.wake_all(&mut store.writer())?;
        store.finish_forgetting()?;
        store.migrate(root, &mut notices)?;
        store.begin_days()?;
    }
    Ok((store, notices))
}

fn compacted(
    root: &Path,
    engine: SledEngine,
    doors: &Doors,
    notices: &mut Vec<String>,
) -> Result<SledEngine, StoreError> {
    if doors.compact == Compaction::WhenDue && !compact::is_due(&engine)? {
        return Ok(engine);
    }
    let before = engine.size_on_disk()?;
    match compact::write_anew(root, &engine, &doors.probe) {
        // No room for the copy, say: the store is as good as it was.
        Err(error) if doors.compact == Compaction::WhenDue => {
            tracing::warn!(%error, "the store could not be compacted");
            let _ = compact::mend(root);
            return Ok(engine);
        }
        outcome => outcome?,
    }
    drop(engine);
    compact::swap(root, &doors.probe)?;
    let engine = try_open(root, &doors.probe)?;
    let (before, after) = (before >> 10, engine.size_on_disk()? >> 10);
    notices.push(format!("the store was compacted: {before} KiB before, {after} KiB now"));
    Ok(engine)
}

fn identity(root: &Path) -> Result<Identity, StoreError> {
    if let Some(known) = Identity::read(root)? {
        return Ok(known);
    }
    let identity = Identity::generate(root)?;
    identity.write(root)?;
    Ok(identity)
}

/// The trees, and whether they could be opened only by giving up the last room on the disk.
fn open_engine(
    root: &Path,
    identity: &Identity,
    probe: &Probe,
    notices: &mut Vec<String>,
) -> Result<(SledEngine, bool), StoreError> {
    let mut full = false;
    let mut outcome = try_open(root, probe);
    if matches!(&outcome, Err(StoreError::Io { source, .. }) if no_more_writes(source).is_some()) {
        full = ballast::release(root);
        outcome = try_open(root, probe);
    }
    let engine = match outcome {
        Ok(engine) if is_ours(&engine, identity)? => return Ok((engine, full)),
        Ok(engine) if !journal_has_entries(root) => Some(engine),
        // It opened, but without knowing itself: what lay there was not our tree any more.
        Ok(engine) => {
            drop(engine);
            None
        }
        Err(error @ StoreError::Io { .. }) => return Err(error),
        Err(error) => {
            tracing::warn!(%error, "the trees would not open");
            repair_snapshot(root, probe, identity, notices)?
        }
    };
    let engine = match engine {
        Some(engine) => engine,
        None => start_over(root, probe, notices)?,
    };
    let uuid = BTreeMap::from([(b"uuid".to_vec(), Some(identity.store_uuid.clone().into_bytes()))]);
    let writes = BTreeMap::from([(Tree::Meta, uuid)]);
    engine.write(&writes, true)?;
    Ok((engine, full))
}

/// sled may panic on damaged files; that must not take the program with it.
pub(super) fn try_open(root: &Path, probe: &Probe) -> Result<SledEngine, StoreError> {
    let path = between_path(root);
    let between = private_file(&path).map_err(io_at(&path))?;
    private_dir(&tree_path(root))?;
    contained(&tree_path(root), Some(between), probe.clone())
}

pub(super) fn contained(path: &Path, between: Option<fs::File>, probe: Probe) -> Result<SledEngine, StoreError> {
    catch_unwind(AssertUnwindSafe(|| SledEngine::open(path, between, probe))).unwrap_or_else(|_| {
        Err(StoreError::Damaged { tree: path.display().to_string(), detail: "the engine gave up on its files".into() })
    })
}

pub(super) fn is_ours(engine: &SledEngine, identity: &Identity) -> Result<bool, StoreError> {
    Ok(engine.get(Tree::Meta, b"uuid")?.as_deref() == Some(identity.store_uuid.as_bytes()))
}

fn journal_has_entries(root: &Path) -> bool {
    fs::read_dir(root.join("journal")).is_ok_and(|files| {
        files.flatten().any(|file| file.metadata().is_ok_and(|meta| meta.is_file() && meta.len() > 0))
    })
}

/// A process killed while it opened leaves a half-made snapshot that stops the next one; snapshots are only a short cut.
fn repair_snapshot(
    root: &Path,
    probe: &Probe,
    identity: &Identity,
    notices: &mut Vec<String>,
) -> Result<Option<SledEngine>, StoreError> {
    let tree = tree_path(root);
    let aside = root.join(format!("repair-{}", stamp()));
    private_dir(&aside)?;
    for entry in fs::read_dir(&tree).map_err(io_at(&tree))?.flatten() {
        let name = entry.file_name();
        let is_snapshot = name.to_string_lossy().starts_with("snap.");
        if is_snapshot || name == "conf" {
            fs::copy(entry.path(), aside.join(&name)).map_err(io_at(&aside))?;
        }
        if is_snapshot {
            fs::remove_file(entry.path()).map_err(io_at(&tree))?;
        }
    }
    match try_open(root, probe) {
        Ok(engine) if is_ours(&engine, identity)? => {
            notices.push("the store would not open: snapshot repaired, nothing lost".into());
            Ok(Some(engine))
        }
        _ => Ok(None),
    }
}

/// Nothing is deleted: somebody may still want to look into it.
fn start_over(root: &Path, probe: &Probe, notices: &mut Vec<String>) -> Result<SledEngine, StoreError> {
    let name = format!("quarantine-{}", stamp());
    fs::rename(tree_path(root), root.join(&name)).map_err(io_at(root))?;
    let mut decisions = 0;
    journal::read(root, &mut |_, payload| {
        decisions += u64::from(serde_json::from_slice::<Deed>(payload).is_ok_and(|d| d.audit.verb.is_some()));
        Ok(())
    })?;
    notices.push(format!(
        "the store would not open: set aside as {name} and rebuilt from the journal: {decisions} decisions kept, drifts come back with the next scan"
    ));
    try_open(root, probe)
}

fn stamp() -> String {
    Timestamp::now().strftime("%Y%m%dT%H%M%S%.6f").to_string()
}

impl TreeStore {
    /// Fills what is kept in memory from the trees.
    pub(super) fn load(&self, writer: &mut Writer) -> Result<(), StoreError> {
        let rules: Vec<RuleRecord> = self.read_all(Tree::Rules)?;
        writer.rules = rules.into_iter().map(Rule::compile).collect::<Result<_, _>>()?;
        rules::in_order(&mut writer.rules);
        let last = match self.audit_impl(1) {
            Err(StoreError::Damaged { .. }) => Vec::new(),
            last => last?,
        };
        if let Some(last) = last.first() {
            writer.last_time = last.timestamp.max(writer.last_time);
        }
        let mut all = BTreeMap::new();
        for entry in self.engine.tree(Tree::Meta).scan_prefix(b"counts/") {
            let (key, value) = entry?;
            let slug = std::str::from_utf8(&key[b"counts/".len()..]).ok().and_then(|s| Slug::new(s).ok());
            let Some(slug) = slug else { continue };
            let counts: OpenCounts = codec::decode(Tree::Meta.name(), &value, &self.objects)?;
            let newest = self.engine.tree(Tree::Events).scan_prefix(keys::environment(&slug)).keys().next_back();
            let newest = newest.and_then(Result::ok).and_then(|key| keys::place_of(&key));
            writer.last_detected.extend(newest.and_then(|p| keys::time_of(&p)).map(|at| (slug.clone(), at)));
            all.insert(slug, counts);
        }
        *self.counts_mut() = all;
        self.load_days()
    }

    /// Opens the journal and does what it has and the trees lack; writes into it what they have and it lacks.
    fn catch_up(&self, root: &Path, probe: Probe, notices: &mut Vec<String>) -> Result<(), StoreError> {
        let applied = self.applied_seq()?;
        let mut missing = Vec::new();
        let (journal, torn) = Journal::open(root, probe, &mut |seq, payload| {
            if seq > applied {
                missing.push(parse_deed(seq, payload)?);
            }
            Ok(())
        })?;
        if torn > 0 {
            notices.push(format!("the journal ended in {torn} bytes of an unfinished write; they were cut off"));
        }
        self.writer().journal = Some(Trail::Files(journal));
        self.refill_journal(applied, notices)?;
        self.replay(&missing)?;
        if missing.is_empty() { Ok(()) } else { self.engine.barrier() }
    }

    /// Records of older schemas read as they are; from here on newer ones are written, which an older driftguard cannot read.
    fn migrate(&self, root: &Path, notices: &mut Vec<String>) -> Result<(), StoreError> {
        let mut identity = self.identity.write().unwrap_or_else(PoisonError::into_inner).clone();
        if identity.schema_version >= SCHEMA_VERSION {
            return Ok(());
        }
        let backup = self.backup(root, &AtomicBool::new(false))?;
        notices.push(format!(
            "the store is now of schema {SCHEMA_VERSION}; as it was before it lies in {}",
            backup.display()
        ));
        (identity.schema_version, identity.min_reader) = (SCHEMA_VERSION, SCHEMA_VERSION);
        identity.write(root)?;
        *self.identity.write().unwrap_or_else(PoisonError::into_inner) = identity;
        Ok(())
    }

    pub(super) fn applied_seq(&self) -> Result<u64, StoreError> {
        let bytes = self.engine.get(Tree::Meta, b"seq")?;
        Ok(bytes.and_then(|b| b.first_chunk::<8>().map(|b| u64::from_be_bytes(*b))).unwrap_or(0))
    }

    /// Only a disk that lied about a sync, or a hand that cut the journal, makes it shorter than the trees.
    fn refill_journal(&self, applied: u64, notices: &mut Vec<String>) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let Some(Trail::Files(journal)) = &mut writer.journal else { return Ok(()) };
        let first = journal.next_seq();
        for seq in first..=applied {
            let record: Option<AuditRecord> = self.read(Tree::Audit, &seq.to_be_bytes())?;
            let Some(record) = record else {
                let detail = format!("audit entry {seq} is neither there nor in the tree");
                return Err(StoreError::Damaged { tree: "journal".into(), detail });
            };
            let payload = serde_json::to_vec(&record.deed).map_err(|e| StoreError::Invalid(e.to_string()))?;
            journal.append(&[payload])?;
        }
        if applied >= first {
            let n = applied + 1 - first;
            notices.push(format!("the journal lacked its last {n} entries; they were written again from the tree"));
        }
        Ok(())
    }

    pub(super) fn replay(&self, deeds: &[Deed]) -> Result<(), StoreError> {
        for chunk in deeds.chunks(1000) {
            // What comes after one that was forgotten may be about an environment of the same name that was made anew.
            for part in chunk.split_inclusive(|deed| deed.audit.action == retire::FORGOTTEN) {
                self.replay_part(part)?;
                if part.last().is_some_and(|deed| deed.audit.action == retire::FORGOTTEN) {
                    self.finish_forgetting()?;
                }
            }
        }
        Ok(())
    }

    fn replay_part(&self, deeds: &[Deed]) -> Result<(), StoreError> {
        let mut writer = self.writer();
        let mut rules = writer.rules.clone();
        let mut tx = Tx::new(self, self.now());
        deeds.iter().try_for_each(|deed| apply::apply(&mut tx, &mut rules, deed))?;
        tx.commit(false)?;
        writer.rules = rules;
        if let Some(last) = deeds.last() {
            writer.last_time = writer.last_time.max(last.audit.timestamp);
        }
        Ok(())
    }
}

pub(super) fn parse_deed(seq: u64, payload: &[u8]) -> Result<Deed, StoreError> {
    serde_json::from_slice(payload)
        .map_err(|e| StoreError::Damaged { tree: "journal".into(), detail: format!("entry {seq}: {e}") })
}

impl From<(TreeStore, Vec<String>)> for Opened {
    fn from((store, notices): (TreeStore, Vec<String>)) -> Self {
        Self { store: std::sync::Arc::new(store), notices }
    }
}

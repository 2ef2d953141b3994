//! What goes on around drift, by time.
//!
//! Keys begin with what they are: `0 | from µs [8] | id [16]` → `OperationalContext`; `1 | from µs [8] | id [16]` → nothing, for what
//! is open or longer than [`LONG`]; `2 | id [16]` → `from µs [8]`. What touches a span began in it, or at most [`LONG`] before it, or
//! is long: two ranges, one wholly before the other, so that nothing is sorted.

use jiff::{SignedDuration, Timestamp};

use super::engine::Tree;
use super::tx::Tx;
use super::{TreeStore, apply, keys, scan};
use crate::drift::{AuditEntry, ContextId, ContextRequest, OperationalContext, Slug};
use crate::safety::Tainted;
use crate::store::inbox::{self, Left};
use crate::store::record::Deed;
use crate::store::{StoreError, codec};

const BY_TIME: u8 = 0;
const IS_LONG: u8 = 1;
const BY_ID: u8 = 2;
/// Looking so far back finds everything that is not told by itself.
const LONG: SignedDuration = SignedDuration::from_hours(24 * 7);

fn timed(kind: u8, from: Timestamp, id: ContextId) -> Vec<u8> {
    [&[kind][..], &keys::micros(from), &id.0.to_bytes()].concat()
}

fn by_id(id: ContextId) -> Vec<u8> {
    [&[BY_ID][..], &id.0.to_bytes()].concat()
}

fn is_long(context: &OperationalContext) -> bool {
    let window = context.time_window;
    window.to.is_none_or(|to| to.duration_since(window.from) > LONG)
}

/// In place of what has the same id.
pub(super) fn put(tx: &mut Tx<'_>, context: &OperationalContext) -> Result<(), StoreError> {
    if let Some(old) = find(tx, context.id)? {
        erase(tx, &old);
    }
    let (from, id) = (context.time_window.from, context.id);
    tx.put(Tree::Contexts, by_id(id), keys::micros(from).to_vec());
    if is_long(context) {
        tx.put(Tree::Contexts, timed(IS_LONG, from, id), Vec::new());
    }
    tx.write(Tree::Contexts, timed(BY_TIME, from, id), context)
}

fn erase(tx: &mut Tx<'_>, old: &OperationalContext) {
    let (from, id) = (old.time_window.from, old.id);
    for key in [by_id(id), timed(IS_LONG, from, id), timed(BY_TIME, from, id)] {
        tx.delete(Tree::Contexts, key);
    }
}

pub(super) fn find(tx: &Tx<'_>, id: ContextId) -> Result<Option<OperationalContext>, StoreError> {
    let Some(from) = tx.get(Tree::Contexts, &by_id(id))? else { return Ok(None) };
    tx.read(Tree::Contexts, &[&[BY_TIME][..], &from, &id.0.to_bytes()].concat())
}

/// What stands in an entry; `None` for those that lead to one, and for what does not read.
pub(super) fn of_entry(store: &TreeStore, key: &[u8], value: &[u8]) -> Option<OperationalContext> {
    if key.first() != Some(&BY_TIME) {
        return None;
    }
    store.context_of(value).ok()
}

/// What is wrong with an entry.
pub(super) fn fault(store: &TreeStore, key: &[u8], value: &[u8]) -> Option<String> {
    let tx = Tx::new(store, store.now());
    let id = ContextId(ulid::Ulid::from_bytes(*key.last_chunk::<16>()?));
    let is_there = || matches!(find(&tx, id), Ok(Some(_)));
    match key.first() {
        Some(&BY_TIME) => match codec::decode::<OperationalContext>(Tree::Contexts.name(), value, &store.objects) {
            Err(error) => Some(error.to_string()),
            Ok(one) if timed(BY_TIME, one.time_window.from, one.id) != key => {
                Some(format!("mark {} lies under another one's key", one.id))
            }
            Ok(_) if !is_there() => Some(format!("mark {id} is not found by its id")),
            Ok(_) => None,
        },
        Some(&(IS_LONG | BY_ID)) if is_there() => None,
        _ => Some("an entry of contexts leads to no mark".into()),
    }
}

impl TreeStore {
    pub(super) fn put_context_impl(&self, context: &OperationalContext, actor: &Tainted) -> Result<(), StoreError> {
        self.writable()?;
        let window = &context.time_window;
        if window.to.is_some_and(|to| to < window.from) {
            return Err(StoreError::Invalid(format!(
                "it would end at {} before it begins at {}",
                ended(context),
                window.from
            )));
        }
        if context.context_data.title.raw().trim().is_empty() {
            return Err(StoreError::Invalid("a mark needs a text".into()));
        }
        self.keep_context(context, "marked", actor, |known| Ok(known.is_none()))
    }

    pub(super) fn end_context_impl(
        &self,
        id: ContextId,
        at: Timestamp,
        actor: &Tainted,
    ) -> Result<OperationalContext, StoreError> {
        self.writable()?;
        let tx = Tx::new(self, self.now());
        let Some(mut context) = find(&tx, id)? else {
            return Err(StoreError::NotFound(format!("there is no mark {id}")));
        };
        let before = context.clone();
        context.time_window.to = Some(at);
        self.keep_context(&context, "mark_ended", actor, |known| match known {
            None => Err(format!("there is no mark {id}")),
            // Asked for again, because no answer came.
            Some(known) if known.time_window.to == Some(at) => Ok(false),
            Some(known) if known.time_window.to.is_some_and(|to| to <= at) => {
                Err(format!("mark {id} has ended already, at {}", ended(known)))
            }
            Some(known) if at < known.time_window.from => {
                Err(format!("mark {id} begins only at {}", known.time_window.from))
            }
            Some(known) if *known != before => Err(format!("mark {id} has changed meanwhile; look at it again")),
            Some(_) => Ok(true),
        })?;
        Ok(context)
    }

    /// `wanted` is asked, with nobody else writing, whether it is to be written over what is there.
    fn keep_context(
        &self,
        context: &OperationalContext,
        action: &str,
        actor: &Tainted,
        wanted: impl FnOnce(Option<&OperationalContext>) -> Result<bool, String>,
    ) -> Result<(), StoreError> {
        let mut guard = self.writer();
        let writer = &mut *guard;
        let mut tx = Tx::new(self, self.now());
        let known = find(&tx, context.id)?;
        if !wanted(known.as_ref()).map_err(StoreError::Invalid)? {
            return Ok(());
        }
        let audit = AuditEntry {
            seq: scan::next_seq(writer)?,
            timestamp: writer.tick(&self.clock),
            actor: actor.clone(),
            action: action.into(),
            environment: match context.environments.as_slice() {
                [only] => Some(only.clone()),
                _ => None,
            },
            drift: None,
            reason: Some(format!("{}: {}", context.context_type.words(), context.context_data.title.raw()).into()),
            old_state: None,
            new_state: None,
            verb: None,
            undone_by: None,
            rule: None,
            never_hide: None,
            remediation: None,
            batch: None,
            origin: crate::drift::Origin::now().map(Box::new),
            success: true,
            error_message: None,
        };
        let context = Some(Box::new(context.clone()));
        let deed = Deed { audit, before: Vec::new(), after: Vec::new(), environment: None, context, once: None };
        let mut rules = writer.rules.clone();
        apply::apply(&mut tx, &mut rules, &deed)?;
        self.keep(writer, &[deed], tx, true)
    }

    pub(super) fn contexts_impl(&self, request: &ContextRequest) -> Result<Vec<OperationalContext>, StoreError> {
        let limit = request.limit.clamp(1, ContextRequest::MOST);
        let near = request.from.checked_sub(LONG).unwrap_or(Timestamp::UNIX_EPOCH).max(Timestamp::UNIX_EPOCH);
        let key = |kind: u8, at: Timestamp| [&[kind][..], &keys::micros(at)].concat();
        let last = [&key(BY_TIME, request.until)[..], &[0xff; 16]].concat();
        let tree = self.engine.tree(Tree::Contexts);
        let recent = tree.range(key(BY_TIME, near)..=last).values().rev().map(|value| {
            let value = value?;
            Ok(Some(self.context_of(&value)?))
        });
        let long = tree.range(key(IS_LONG, Timestamp::UNIX_EPOCH)..key(IS_LONG, near)).keys().rev().map(|key| {
            let mut key = key?.to_vec();
            key[0] = BY_TIME;
            self.engine.get(Tree::Contexts, &key)?.map(|value| self.context_of(&value)).transpose()
        });
        let mut found = Vec::new();
        for one in recent.chain(long) {
            match one {
                Ok(Some(one)) if one.time_window.touches(request.from, request.until) => {
                    found.extend(one.is_about_any(&request.environments).then_some(one));
                }
                Ok(_) => {}
                Err(error @ StoreError::Damaged { .. }) => tracing::warn!(%error, "a mark was left out"),
                Err(error) => return Err(error),
            }
            if found.len() == limit {
                break;
            }
        }
        found.reverse();
        Ok(found)
    }

    /// Takes in what others left while this process had the store. What makes no sense is told in the log and thrown away.
    pub(super) fn take_in(&self) {
        self.look_around();
        let Some(root) = self.root.as_deref().filter(|_| self.writable().is_ok()) else { return };
        for (path, left) in inbox::waiting(root) {
            let taken = match left {
                Some(Left::Put { context, actor }) => self.put_context_impl(&context, &actor),
                Some(Left::End { id, at, actor }) => self.end_context_impl(id, at, &actor).map(|_| ()),
                None => Err(StoreError::Invalid("it does not read as an errand".into())),
            };
            match taken {
                Ok(()) => {}
                Err(StoreError::Invalid(why) | StoreError::NotFound(why)) => {
                    tracing::warn!(path = %path.display(), why, "what was left for the store was thrown away");
                }
                Err(error) => return tracing::warn!(%error, "what was left for the store stays there"),
            }
            let _ = std::fs::remove_file(path);
        }
    }

    fn context_of(&self, value: &[u8]) -> Result<OperationalContext, StoreError> {
        codec::decode(Tree::Contexts.name(), value, &self.objects)
    }

    /// Whether maintenance is announced for an environment.
    pub(super) fn is_silenced(&self, environment: &Slug, at: Timestamp) -> Result<bool, StoreError> {
        let about = ContextRequest { environments: vec![environment.clone()], ..ContextRequest::at(at) };
        Ok(self.contexts_impl(&about)?.iter().any(|one| one.silences(environment, at)))
    }

    /// Every one, oldest first.
    pub(super) fn all_contexts(&self) -> impl Iterator<Item = Result<OperationalContext, StoreError>> + '_ {
        self.engine.tree(Tree::Contexts).scan_prefix([BY_TIME]).values().map(|value| {
            let value = value?;
            self.context_of(&value)
        })
    }

    /// Of an environment that is forgotten; what is about another one too that is there stays.
    pub(super) fn erase_contexts_of(&self, slug: &Slug) -> Result<(), StoreError> {
        let _writer = self.writer();
        let mut tx = Tx::new(self, self.now());
        for one in self.all_contexts().flatten().filter(|one| one.environments.contains(slug)) {
            let others = one.environments.iter().filter(|of| *of != slug);
            let others: Vec<Vec<u8>> = others.map(|of| of.as_str().as_bytes().to_vec()).collect();
            if self.engine.get_many(Tree::Environments, others)?.iter().all(Option::is_none) {
                erase(&mut tx, &one);
            }
        }
        tx.commit(false)
    }
}

fn ended(context: &OperationalContext) -> String {
    context.time_window.to.map_or_else(String::new, |to| to.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::{ContextData, ContextSource, ContextType, TimeWindow};
    use crate::store::{OpenMode, open};

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + hours * 3600).unwrap()
    }

    fn mark(title: &str, from: i64, to: Option<i64>) -> OperationalContext {
        OperationalContext {
            id: ContextId::generate(),
            context_type: ContextType::Maintenance,
            context_data: ContextData { title: title.into(), ..ContextData::default() },
            incident_impact: None,
            time_window: TimeWindow { from: at(from), to: to.map(at) },
            environments: vec![],
            source: ContextSource::Person,
        }
    }

    #[test]
    fn what_touches_a_span_comes_oldest_first_however_long_it_lasts() {
        let home = tempfile::tempdir().unwrap();
        let store = open(&home.path().join("store"), OpenMode::ReadWrite).unwrap().store;
        let marks = [
            mark("within", 1_000, Some(1_001)),
            mark("open for long", 1, None),
            mark("month", 300, Some(1_005)),
            mark("over before", 990, Some(995)),
            mark("over long before", 2, Some(400)),
            mark("later", 1_010, Some(1_011)),
            mark("touches", 999, Some(1_000)),
        ];
        marks.iter().for_each(|one| store.put_context(one, &"alice".into()).unwrap());
        let titles = |from: i64, until: i64, limit: usize| {
            let request = ContextRequest { from: at(from), until: at(until), environments: vec![], limit };
            let found = store.contexts(&request).unwrap();
            found.iter().map(|one| one.context_data.title.raw().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(titles(1_000, 1_004, 100), ["open for long", "month", "touches", "within"]);
        assert_eq!(titles(1_000, 1_004, 2), ["touches", "within"], "the newest");
        store.end_context(marks[1].id, at(900), &"alice".into()).unwrap();
        assert_eq!(titles(1_000, 1_004, 100), ["month", "touches", "within"]);
        assert_eq!(store.verify().unwrap().faults, Vec::<String>::new());
    }
}

//! Reads declared sources chunk by chunk, all of them or only the chunks that are wanted again.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use super::seen::hash_bytes;
use crate::declared::{DeclaredSource, RawDeclared, SourceFacts};
use crate::drift::SourceError;

/// Source and position in it; the same in every reading of an unchanged source.
pub(super) type ChunkId = (u32, u32);

/// One unparsed resource on its way to a worker.
pub(super) struct Chunk {
    pub id: ChunkId,
    pub raw: RawDeclared,
}

impl Chunk {
    pub fn weight(&self) -> usize {
        self.raw.bytes.len()
    }

    pub fn hash(&self) -> u64 {
        hash_bytes(&self.raw.bytes)
    }
}

/// Chunks to read again, in order; 16 bytes each.
#[derive(Default)]
pub(super) struct Wanted(Vec<Again>);

/// A chunk to read again.
#[derive(Clone, Copy)]
struct Again {
    id: ChunkId,
    /// The chunk's hash, so that a source that changed meanwhile is noticed; its lowest bit says instead that all of the chunk is
    /// wanted, and not just the members of families with several members.
    hash: u64,
}

impl Wanted {
    /// `whole`: all of the chunk is wanted.
    pub fn add(&mut self, (id, hash): (ChunkId, u64), whole: bool) {
        let again = Again { id, hash: hash & !1 | u64::from(whole) };
        // The members of one family often stand in one chunk.
        if self.0.last().is_none_or(|last| (last.id, last.hash) != (id, again.hash)) {
            self.0.push(again);
        }
    }

    /// Nothing more is added: each chunk once, and whole if anybody wanted it so.
    pub fn sorted(mut self) -> Self {
        self.0.sort_unstable_by_key(|again| (again.id, !again.is_whole()));
        self.0.dedup_by_key(|again| again.id);
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn is_whole(&self, id: ChunkId) -> bool {
        self.0.binary_search_by_key(&id, |again| again.id).is_ok_and(|at| self.0[at].is_whole())
    }

    #[cfg(test)]
    pub fn list(&self) -> Vec<(ChunkId, u64, bool)> {
        self.0.iter().map(|again| (again.id, again.hash & !1, again.is_whole())).collect()
    }

    fn of_source(&self, index: u32) -> &[Again] {
        let from = self.0.partition_point(|again| again.id.0 < index);
        let to = self.0.partition_point(|again| again.id.0 <= index);
        &self.0[from..to]
    }
}

impl Again {
    fn is_whole(self) -> bool {
        self.hash & 1 == 1
    }

    fn is_of(self, chunk: &Chunk) -> bool {
        self.hash | 1 == chunk.hash() | 1
    }
}

/// What stopped each source, by position; only those that failed.
pub(super) type Failures = BTreeMap<usize, SourceError>;

/// How the sources were read, by position.
#[derive(Default)]
pub(super) struct Reading {
    pub failures: Failures,
    /// Of those that were read to the end.
    pub facts: BTreeMap<usize, SourceFacts>,
}

/// Streams all sources one after the other.
pub(super) fn read_all(
    sources: &[Box<dyn DeclaredSource>],
    cancel: &AtomicBool,
    emit: &mut dyn FnMut(Chunk) -> ControlFlow<()>,
) -> Reading {
    let mut reading = Reading::default();
    for (index, source) in sources.iter().enumerate() {
        let mut position = 0;
        let mut stopped = false;
        let result = guarded(source.as_ref(), &mut |raw| {
            let id = (index as u32, position);
            position += 1;
            stopped = cancel.load(Ordering::Relaxed) || emit(Chunk { id, raw }).is_break();
            if stopped { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if stopped {
            break;
        }
        match result {
            Ok(facts) => drop(reading.facts.insert(index, facts)),
            Err(error) => drop(reading.failures.insert(index, error)),
        }
    }
    reading
}

/// Streams the wanted chunks only. A chunk that is not what it was is a failure of its source.
pub(super) fn read_wanted(
    sources: &[Box<dyn DeclaredSource>],
    wanted: &Wanted,
    cancel: &AtomicBool,
    emit: &mut dyn FnMut(Chunk) -> ControlFlow<()>,
) -> Failures {
    let mut failures = Failures::new();
    for (index, source) in sources.iter().enumerate() {
        let mut remaining = wanted.of_source(index as u32).iter();
        let mut next = remaining.next();
        let (mut position, mut changed, mut stopped) = (0, false, false);
        if next.is_none() {
            continue;
        }
        let result = guarded(source.as_ref(), &mut |raw| {
            let chunk = Chunk { id: (index as u32, position), raw };
            position += 1;
            if let Some(again) = next.filter(|again| again.id == chunk.id) {
                changed |= !again.is_of(&chunk);
                next = remaining.next();
                stopped = cancel.load(Ordering::Relaxed) || (!changed && emit(chunk).is_break());
            }
            if stopped || changed || next.is_none() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if stopped {
            break;
        }
        if let Some(error) = result.err().or((changed || next.is_some()).then(|| changed_meanwhile(source.as_ref()))) {
            failures.insert(index, error);
        }
    }
    failures
}

fn guarded(
    source: &dyn DeclaredSource,
    sink: &mut dyn FnMut(RawDeclared) -> ControlFlow<()>,
) -> Result<SourceFacts, SourceError> {
    match catch_unwind(AssertUnwindSafe(|| source.read(sink))) {
        Ok(result) => result,
        Err(_) => Err(SourceError {
            source: source.name().as_ref().clone(),
            message: "the reader of this source failed unexpectedly".into(),
            help: "please report it, with the file if you can share it; other sources were scanned".into(),
        }),
    }
}

fn changed_meanwhile(source: &dyn DeclaredSource) -> SourceError {
    SourceError {
        source: source.name().as_ref().clone(),
        message: "the source changed while it was being scanned".into(),
        help: "scan again; nothing was concluded from what was missing".into(),
    }
}

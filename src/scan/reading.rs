//! Reads declared sources chunk by chunk, all of them or only the chunks that are wanted again.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use super::seen::hash_bytes;
use crate::declared::{DeclaredSource, RawDeclared};
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

/// Why a chunk is read again.
pub(super) struct Again {
    /// So that a source that changed meanwhile is noticed.
    pub hash: u64,
    /// All of it, and not just the members of families with several members.
    pub whole: bool,
}

/// Chunks to read again.
pub(super) type Wanted = BTreeMap<ChunkId, Again>;

/// What stopped each source, by position; only those that failed.
pub(super) type Failures = BTreeMap<usize, SourceError>;

/// Streams all sources one after the other.
pub(super) fn read_all(
    sources: &[Box<dyn DeclaredSource>],
    cancel: &AtomicBool,
    emit: &mut dyn FnMut(Chunk) -> ControlFlow<()>,
) -> Failures {
    let mut failures = Failures::new();
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
        if let Err(error) = result {
            failures.insert(index, error);
        }
    }
    failures
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
        let of_source = (index as u32, 0)..=(index as u32, u32::MAX);
        let mut remaining = wanted.range(of_source);
        let mut next = remaining.next();
        let (mut position, mut changed, mut stopped) = (0, false, false);
        if next.is_none() {
            continue;
        }
        let result = guarded(source.as_ref(), &mut |raw| {
            let chunk = Chunk { id: (index as u32, position), raw };
            position += 1;
            if let Some((_, again)) = next.filter(|(id, _)| **id == chunk.id) {
                changed |= again.hash != chunk.hash();
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
) -> Result<(), SourceError> {
    match catch_unwind(AssertUnwindSafe(|| source.read(sink))) {
        Ok(result) => result.map(drop),
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

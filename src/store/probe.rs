//! Where a test can watch what is synced, and make it fail.

use std::io;
use std::sync::Arc;

/// A step on the way to "durable". Each is announced before it is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    JournalWrite,
    JournalSync,
    TreeWrite,
    TreeFlush,
    TreeSync,
    DirSync,
    ArchiveWrite,
    ArchiveSync,
    CompactBegun,
    CompactCopied,
    CompactAside,
    CompactSwapped,
}

/// Called before each step; an error stands for the step's own. Does nothing outside tests.
#[derive(Clone, Default)]
pub(super) struct Probe(#[allow(clippy::type_complexity)] Option<Arc<dyn Fn(Step) -> io::Result<()> + Send + Sync>>);

impl Probe {
    #[cfg(test)]
    pub(super) fn new(watch: impl Fn(Step) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(watch)))
    }

    pub(super) fn at(&self, step: Step) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), |watch| watch(step))
    }
}

//! Where decisions are told: in the [journal](crate::store::journal) beside the trees, or in the database's own audit log, chained
//! the same way.

use super::{TreeStore, Writer};
use crate::store::files::no_more_writes;
use crate::store::journal::{self, Each, Frame, Journal, Tip};
use crate::store::record::Deed;
use crate::store::{StoreError, ballast};

/// Where the next entry goes.
pub(super) enum Trail {
    Files(Journal),
    /// Written in one step with the trees.
    Table(Tip),
}

impl Trail {
    /// The number the next entry gets.
    pub(super) fn next_seq(&self) -> u64 {
        match self {
            Self::Files(journal) => journal.next_seq(),
            Self::Table(tip) => tip.seq + 1,
        }
    }

    /// Puts the entries on the disk, or gives back what is to be written with the trees.
    fn append(&mut self, payloads: Vec<Vec<u8>>) -> Result<Vec<Frame>, StoreError> {
        match self {
            Self::Files(journal) => journal.append(&payloads).map(|()| Vec::new()),
            Self::Table(tip) => {
                let mut tip = *tip;
                payloads.into_iter().map(|payload| tip.followed_by(payload).inspect(|frame| tip = frame.tip)).collect()
            }
        }
    }
}

impl Writer {
    /// The entries up to `tip` are in the database.
    pub(super) fn told(&mut self, tip: Option<Tip>) {
        if let (Some(Trail::Table(at)), Some(tip)) = (&mut self.journal, tip) {
            *at = tip;
        }
    }
}

impl TreeStore {
    /// Tells of the deeds; what is returned is still to be written, with what they do.
    pub(super) fn tell(&self, writer: &mut Writer, deeds: &[Deed]) -> Result<Vec<Frame>, StoreError> {
        if deeds.is_empty() {
            return Ok(Vec::new());
        }
        let payloads = deeds
            .iter()
            .map(|deed| serde_json::to_vec(deed).map_err(|e| StoreError::Invalid(format!("cannot be stored: {e}"))))
            .collect::<Result<Vec<_>, _>>()?;
        let Some(trail) = &mut writer.journal else {
            return Err(StoreError::ReadOnly("this is a read-only view".into()));
        };
        let error = match trail.append(payloads.clone()) {
            Ok(frames) => return Ok(frames),
            Err(error) => error,
        };
        // The last decisions get the room that was kept for them.
        let is_full =
            matches!(&error, StoreError::Io { source, .. } if no_more_writes(source) == Some("the disk is full"));
        let has_room = is_full && self.root.as_deref().is_some_and(ballast::release);
        let kept = if has_room { trail.append(payloads).ok() } else { None };
        let error = self.writes_failed(error);
        kept.ok_or(error)
    }

    /// Reads and checks the whole trail; returns the last number.
    pub(super) fn walk_trail(&self, each: Each<'_>) -> Result<u64, StoreError> {
        match (&self.root, self.engine.as_postgres()) {
            (Some(root), _) => journal::read(root, each),
            (None, Some(engine)) => engine.walk_trail(each),
            (None, None) => Ok(0),
        }
    }

    /// Bytes of an unfinished write at the trail's end.
    pub(super) fn torn_trail(&self) -> Result<u64, StoreError> {
        self.root.as_deref().map_or(Ok(0), journal::torn)
    }
}

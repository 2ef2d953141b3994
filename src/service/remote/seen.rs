//! What was seen of drifts: so that a decision that waits can be shown with its resource, though the server is away.

use std::collections::HashMap;
use std::sync::Mutex;

use crate::drift::{ContextId, DriftEvent, DriftId, OperationalContext};
use crate::safety::Tainted;
use crate::service::waiting::Sight;

/// So many at most: what a person pages through in a day.
const MOST: usize = 20_000;

#[derive(Default)]
pub struct Sights {
    of: Mutex<HashMap<DriftId, Sight>>,
    /// What marks are called.
    marks: Mutex<HashMap<ContextId, Tainted>>,
    /// Rows that were left out of the last list, by path.
    left_out: Mutex<HashMap<String, usize>>,
}

impl Sights {
    pub fn remember(&self, drifts: &[DriftEvent]) {
        let Ok(mut of) = self.of.lock() else { return };
        if of.len() > MOST {
            of.clear();
        }
        of.extend(drifts.iter().map(|drift| (drift.id, Sight::from(drift))));
    }

    pub fn remember_marks(&self, marks: &[OperationalContext]) {
        let Ok(mut known) = self.marks.lock() else { return };
        if known.len() > MOST {
            known.clear();
        }
        known.extend(marks.iter().map(|one| (one.id, one.context_data.title.clone())));
    }

    pub fn mark(&self, id: ContextId) -> Tainted {
        let known = self.marks.lock().ok().and_then(|known| known.get(&id).cloned());
        known.unwrap_or_else(|| format!("mark {id}").into())
    }

    pub fn of(&self, drift: DriftId) -> Option<Sight> {
        self.of.lock().ok()?.get(&drift).cloned()
    }

    /// The sentence about rows that cannot be shown; once, as long as there are as many.
    pub fn left_out(&self, path: &str, rows: usize) -> Option<String> {
        let mut told = self.left_out.lock().ok()?;
        let before = told.insert(path.to_owned(), rows).unwrap_or_default();
        let s = if rows == 1 { "" } else { "s" };
        (rows > 0 && rows != before).then(|| {
            format!("{rows} row{s} of a newer server cannot be shown ({path}): update driftguard here to see all")
        })
    }
}

//! The diff of one drift in every notation, each built when it is first looked at.

use std::sync::OnceLock;

use super::{DiffMode, DiffView, Fold, Syntax, build_as};
use crate::drift::{DriftDetail, Hidden};

/// Bodies of more lines are written in every notation at once, where nobody waits: to do it when a key asks would be felt.
const LARGE: usize = 500;

/// One view a notation.
#[derive(Debug, Default)]
pub struct Views([OnceLock<DiffView>; Syntax::ALL.len()]);

impl Views {
    /// Takes a while for a large body.
    pub fn of(detail: &DriftDetail) -> Self {
        let views = Self::default();
        let rows = views.get(Syntax::Json, detail).rows(DiffMode::SideBySide, Fold::Nothing).len();
        if rows > LARGE {
            Syntax::ALL.iter().for_each(|syntax| _ = views.get(*syntax, detail));
        }
        views
    }

    /// `detail`: the one it was made of.
    pub fn get(&self, syntax: Syntax, detail: &DriftDetail) -> &DiffView {
        self.0[syntax as usize].get_or_init(|| build(syntax, detail))
    }
}

fn build(syntax: Syntax, detail: &DriftDetail) -> DiffView {
    let (declared, actual) = (detail.declared_state.as_ref(), detail.actual_state.as_ref());
    // What could not be compared is no drift either, and the row says so.
    let unverified = detail.unverified.iter().filter_map(|one| {
        Some(Hidden { path: one.path.clone()?, rule: "unverified".into(), declared: None, actual: None })
    });
    let hidden: Vec<Hidden> = detail.hidden.iter().cloned().chain(unverified).collect();
    build_as(syntax, declared, actual, &detail.event.changes, &hidden)
}

//! What the names of properties say, remembered: a scan meets the same few hundred names in every resource.

use std::cell::RefCell;
use std::collections::HashMap;

use super::names::{self, Strength};
use super::text;

/// Names remembered per thread; whatever more there are is worked out each time.
const MOST: usize = 4096;
/// Longer ones are chosen by people and seldom come twice.
const LONGEST: usize = 64;

/// What a name alone tells.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub strength: Strength,
    /// The name itself holds no secret.
    pub silent: bool,
}

impl Known {
    fn of(name: &str) -> Self {
        Self { strength: names::strength(name), silent: text::find(name).is_empty() }
    }
}

thread_local! {
    static NAMES: RefCell<HashMap<Box<str>, Known>> = RefCell::new(HashMap::new());
}

/// What the name tells, from memory where possible.
pub(super) fn known(name: &str) -> Known {
    if name.len() > LONGEST {
        return Known::of(name);
    }
    NAMES.with_borrow_mut(|names| {
        if let Some(known) = names.get(name) {
            return *known;
        }
        let known = Known::of(name);
        if names.len() < MOST {
            names.insert(name.into(), known);
        }
        known
    })
}

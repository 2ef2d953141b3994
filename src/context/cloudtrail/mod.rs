//! CloudTrail: which write made a drift, and whose hand it was.
//!
//! [`event`](Event) reads one event, [`class`](class_of) tells the kind of hand, `matching` finds the property it changed,
//! [`before`] whether the same hand had taken it back before, [`Trail`] asks AWS. All but the last are pure.

mod actor;
mod class;
mod event;
mod lookup;
mod matching;
mod names;
mod pack;
mod taken_back;
mod trail;

pub use class::{Verdict, class_of};
pub use event::{Event, EventError};
pub use matching::rank;
pub use names::names_of;
pub use taken_back::{Before, Episode, before};
pub use trail::{Question, Trail, WhoError, window};

#[cfg(test)]
mod tests;

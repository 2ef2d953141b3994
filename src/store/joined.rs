//! The incident of a drift, as the store finds it.

use crate::analysis::together::Bond;
use crate::drift::DriftId;

/// See [`Store::together`](super::Store::together).
#[derive(Clone, PartialEq, Debug)]
pub struct Joined {
    pub id: String,
    /// The first seen first.
    pub members: Vec<DriftId>,
    /// Why, the strongest first.
    pub bonds: Vec<Bond>,
    /// Not all there is was looked at.
    pub is_cut: bool,
}

//! What was answered to writes that are no decisions, such as asking for a scan: sent again under the same name they are answered
//! alike. A decision is kept with its name in one step, see [`Store::decide`](super::Store::decide); here the answer is kept after
//! the work: a crash in between has that done again, which is why only what does no harm twice is kept this way.

use super::StoreError;
use crate::drift::Once;

/// Keeps answers for seven days.
pub trait Answers: Send + Sync {
    /// # Errors
    /// [`StoreError::Reused`] when the name stands for another request.
    fn answer(&self, once: &Once) -> Result<Option<String>, StoreError>;
    /// The first one stays.
    ///
    /// # Errors
    /// As [`Answers::answer`], and when it cannot be written.
    fn keep_answer(&self, once: &Once, answer: &str) -> Result<(), StoreError>;
    /// Keeps the name; whether nobody had used it. Of several who ask at once, be it of several servers, one hears `true`.
    ///
    /// # Errors
    /// When it cannot be written.
    fn is_first(&self, once: &Once) -> Result<bool, StoreError>;
}

//! Environments that the code here offers: what was found, and what is being added to the configuration.

use super::msg::Ticket;
use crate::config::{Found, Offered};

/// The list as it is looked at.
#[derive(Default)]
pub struct OffersView {
    /// Row under the cursor.
    pub at: usize,
    /// The code is being looked through.
    pub looking: Option<Ticket>,
    /// What was found the last time.
    pub found: Option<Found>,
    /// On its way into the configuration.
    pub adding: Option<Ticket>,
}

impl OffersView {
    pub fn rows(&self) -> &[Offered] {
        self.found.as_ref().map_or(&[], |found| &found.offered)
    }

    /// The row under the cursor.
    pub fn current(&self) -> Option<&Offered> {
        self.rows().get(self.at)
    }
}

//! Two bodies beside each other over whatever was looked at: a resource as it stood at a moment, or one observed value and the
//! next.

use std::sync::Arc;

use super::msg::Ticket;
use super::overlay::Overlay;
use crate::tui::widgets::diff::DiffView;

/// What is shown.
#[derive(Clone, Debug)]
pub struct SheetBody {
    /// What the two sides are, and what is not known; sanitised sentences.
    pub says: Vec<String>,
    pub view: Option<Arc<DiffView>>,
}

/// A sheet, on its way or there.
pub struct Sheet {
    pub title: String,
    pub asked: Option<Ticket>,
    pub answer: Option<Result<Box<SheetBody>, String>>,
    pub scroll: usize,
    /// What it lies over.
    pub under: Overlay,
}

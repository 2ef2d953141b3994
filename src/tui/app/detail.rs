//! What the diff and recommendations panes show of the selected drift, and how.

use super::msg::Loaded;
use super::{Model, Ticket};
use crate::drift::{DriftId, Hidden};
use crate::tui::widgets::diff::Syntax;

/// The diff and recommendations panes.
pub struct Detail {
    pub loaded: Option<Loaded>,
    pub loading: Option<(Ticket, DriftId)>,
    pub error: Option<(DriftId, String)>,
    /// Rows scrolled away.
    pub scroll: usize,
    /// Which change of the drift is selected; hidden ones come after the others.
    pub change: usize,
    /// One column, even where there is room for two.
    pub unified: bool,
    pub fold: bool,
    /// Show the changed attributes, not the whole resource.
    pub only_changed: bool,
    pub syntax: Syntax,
    /// Break long lines instead of cutting them.
    pub wrap: bool,
    pub show_hidden: bool,
    pub advice_scroll: usize,
}

impl Default for Detail {
    fn default() -> Self {
        Self {
            loaded: None,
            loading: None,
            error: None,
            scroll: 0,
            change: 0,
            unified: false,
            fold: true,
            only_changed: false,
            syntax: Syntax::Json,
            wrap: false,
            show_hidden: false,
            advice_scroll: 0,
        }
    }
}

impl Model {
    /// What is hidden of the selected drift, while it is shown.
    pub fn shown_hidden(&self) -> &[Hidden] {
        self.loaded().filter(|_| self.detail.show_hidden).map_or(&[], |loaded| &loaded.detail.hidden)
    }

    /// The hidden change under the diff's cursor: they come after the changes.
    pub fn selected_hidden(&self) -> Option<&Hidden> {
        let changes = self.timeline.selected()?.changes.len();
        self.shown_hidden().get(self.detail.change.checked_sub(changes)?)
    }
}

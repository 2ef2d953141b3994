//! Rendering: from the model to cells. No state but what the model holds.

pub(crate) mod around;
mod asked;
mod canvas;
mod crew;
pub mod diff;
pub mod environments;
mod group_card;
mod groups;
mod happened;
pub mod health;
mod heat;
pub mod hidden;
pub mod incident;
pub mod layout;
pub mod place;
pub mod recommendations;
mod remediation;
mod settled;
mod status;
mod summary;
mod timeline;

use canvas::from_column;
pub use canvas::{Canvas, wrap};
pub use status::field;

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Position;

use super::app::Model;
use super::app::model::Pane;
use super::term::glyphs;
use super::theme::Role;

/// What a frame needs besides its cells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Drawn {
    /// When something on it will read differently (an age, a notice); until then nothing needs to be drawn.
    pub wake: Option<Timestamp>,
    /// Where text is typed.
    pub cursor: Option<Position>,
    /// The first line of an overlay when its last lines fill it: no movement goes further.
    pub end: usize,
}

/// Draws everything into a buffer of any size.
pub fn draw(model: &Model, buf: &mut Buffer) -> Drawn {
    buf.reset();
    buf.set_style(buf.area, model.theme().style(Role::Text));
    let plan = layout::plan(model);
    let mut canvas = Canvas::new(model, buf);
    status::title(&mut canvas, plan.title);
    for pane in Pane::ALL {
        let area = plan.area_of(pane);
        if area.is_empty() {
            continue;
        }
        match pane {
            Pane::Environments => environments::draw(&mut canvas, area),
            Pane::Timeline => timeline::draw(&mut canvas, area),
            Pane::Diff => diff::draw(&mut canvas, area),
            Pane::Recommendations => recommendations::draw(&mut canvas, area),
        }
    }
    status::bar(&mut canvas, plan.status);
    super::overlays::draw(&mut canvas);
    let drawn = canvas.done();
    if model.theme().is_ascii() {
        glyphs::to_ascii(buf);
    }
    drawn
}

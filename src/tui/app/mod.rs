//! The core of the screens, pure: [`update`] takes a message, changes the [`Model`] and says which [`Effect`]s to run. No
//! I/O, no clock (time arrives in [`Msg::Clock`]); [`super::runtime`] does the rest, [`testkit`] does it for tests and screenshots.

mod about;
pub mod action;
pub mod age;
pub mod alarm;
pub mod crew;
pub mod detail;
pub mod disabled;
pub mod drafts;
pub mod editor;
pub mod effect;
pub mod finds;
mod form;
pub mod fuzzy;
pub mod history;
pub mod incident;
pub mod input;
pub mod model;
pub mod msg;
pub mod narrative;
pub mod news;
pub mod notice;
pub mod offers;
pub mod overlay;
pub mod pick;
mod place;
pub mod query_line;
pub mod remediation;
pub mod resource;
mod rules;
pub mod session;
pub mod sheet;
pub mod snippet;
pub mod span;
pub mod testkit;
pub mod timeline;
pub mod untold;
pub mod update;
pub mod waiting;
pub mod when;
pub mod who;

pub use action::{Action, Scope};
pub use effect::Effect;
pub use model::Model;
pub use msg::{Msg, Ticket};
pub use update::update;

//! Parts that know nothing of the application.

pub mod bar;
pub mod list;
pub mod source;
pub mod text;

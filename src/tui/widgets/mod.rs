//! Parts that know nothing of the application.

pub mod bar;
pub mod diff;
pub mod hcl;
pub mod highlight;
pub mod line;
pub mod scroll;
pub mod source;
pub mod spark;
pub mod svg;
pub mod text;

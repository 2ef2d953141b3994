//! Parts that know nothing of the application.

pub mod source;

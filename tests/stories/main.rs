//! Stories: one file, one promise, all in one test binary so that they link once.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod store;
#[allow(dead_code)]
mod support;

//! Stories: one file, one promise, all in one test binary so that they link once.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod conformance;
mod declared;
mod live;
mod scan;
#[allow(dead_code)]
mod support;

mod screen;
#[allow(dead_code)]
mod vectors;

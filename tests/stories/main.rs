//! Stories: one file, one promise, all in one test binary so that they link once.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod cli;
#[allow(dead_code)]
mod conformance;
mod declared;
mod firewall;
mod ground_truth;
mod hostile;
mod live;
mod pty;
mod readme;
mod scan;
mod screen;
mod store;
#[allow(dead_code)]
mod support;
#[allow(dead_code)]
mod terminal;
#[allow(dead_code)]
mod vectors;

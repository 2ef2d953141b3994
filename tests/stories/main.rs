//! Stories: one file, one promise, all in one test binary so that they link once.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod answers;
mod around;
mod aws_faults;
mod aws_figures;
mod aws_live;
mod backends;
mod bench;
mod changes;
mod cli;
mod clipboard;
mod conformance;
mod declared;
mod families;
mod faults;
mod firewall;
mod ground_truth;
mod hostile;
mod ignoring;
mod incident;
mod keys;
mod lab;
mod live;
mod manual;
mod memory;
mod noise;
mod packs;
mod permissions;
mod plain;
mod plain_words;
mod pty;
mod pty_feel;
mod readme;
mod recency;
mod scan;
mod screen;
mod stacks;
mod store;
mod support;
mod surroundings;
mod terminal;
mod tidying;
// Shared with the unit tests, which use the rest of it.
#[allow(dead_code)]
mod vectors;
mod who;

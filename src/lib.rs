#![forbid(unsafe_code)]

//! driftguard: infrastructure drift triage in the terminal.
//!
//! The library behind the one binary. Data flows one way: [`declared`] and [`live`] state go through [`compare`], then
//! [`analysis`] and [`recommend`], into the [`store`]; the screens of [`tui`] see it only through [`service`].

pub mod accounts;
pub mod analysis;
pub mod api;
pub mod aws;
pub mod bench;
pub mod cli;
pub mod codify;
pub mod commands;
pub mod compare;
pub mod config;
pub mod context;
pub mod declared;
pub mod demo;
pub mod drift;
pub mod eval;
pub mod gemini;
pub mod knowledge;
pub mod learned;
pub mod live;
mod panics;
mod pattern;
pub mod plain;
mod program;
pub mod recommend;
pub mod report;
pub mod safety;
pub mod scan;
pub mod server;
pub mod service;
pub mod stacks;
pub mod store;
pub mod telemetry;
#[cfg(test)]
mod testing;
pub mod tui;
pub mod vault;
pub mod webhooks;

//! The budgets of the screens, and what a key press costs with a million stored drifts: from the key to the cells of the next frame, at 160×45.
#![allow(clippy::unwrap_used)]

#[path = "screen/budgets.rs"]
mod budgets;
#[path = "screen/hanging.rs"]
mod hanging;
#[allow(dead_code)]
#[path = "../tests/stories/terminal.rs"]
mod terminal;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use driftguard::tui::Options;
use driftguard::tui::app::testkit::{self, Screens};
use driftguard::tui::sample::Synthetic;

fn screens(drifts: u64) -> Screens {
    Screens::open(Arc::new(Synthetic::new(drifts)), testkit::options(Options::default()), (160, 45)).unwrap()
}

/// Update and draw, with every answer of the service on the way.
fn press(bench: &mut Criterion, name: &str, drifts: u64, keys: [&str; 2]) {
    let mut screens = screens(drifts);
    let mut turn = false;
    bench.bench_function(name, |b| {
        b.iter(|| {
            screens.keys(keys[usize::from(turn)]);
            turn = !turn;
            black_box(screens.buffer());
        });
    });
}

fn benches(bench: &mut Criterion) {
    budgets::print();
    hanging::print();
    bench.bench_function("first page and frame, 1,000,000 drifts", |b| {
        b.iter(|| black_box(screens(1_000_000).buffer()))
    });
    press(bench, "down and up with their diffs, 1,000 drifts", 1_000, ["j", "k"]);
    press(bench, "down and up with their diffs, 1,000,000 drifts", 1_000_000, ["j", "k"]);
    press(bench, "page down and up, 1,000,000 drifts", 1_000_000, ["pagedown", "pageup"]);
    press(bench, "to the oldest and back, 1,000,000 drifts", 1_000_000, ["end", "home"]);
    press(bench, "a key that only draws, 1,000,000 drifts", 1_000_000, ["z", "z"]);
}

criterion_group!(screen, benches);
criterion_main!(screen);

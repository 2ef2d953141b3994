//! How long the diff of a resource of 5,000 lines takes to build, and to draw once built.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use driftguard::drift::{Change, ChangeType};
use driftguard::safety::Masked;
use driftguard::tui::theme::Theme;
use driftguard::tui::widgets::diff::{DiffMode, DiffState, Fold, build};
use driftguard::tui::widgets::highlight;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::{Value, json};

const RULES: usize = 500;

/// A security group of 500 rules: ten lines each. Every `every`th rule of the live side has another port.
fn group(every: Option<usize>) -> Value {
    let rule = |i: usize| {
        let changed = every.is_some_and(|n| i.is_multiple_of(n));
        json!({
            "cidr_blocks": [format!("10.{}.{}.0/24", i / 250, i % 250)], "description": format!("rule number {i}"),
            "from_port": if changed { 22 } else { 8000 + i }, "to_port": 8000 + i, "protocol": "tcp", "self": false,
        })
    };
    json!({"name": "web", "ingress": (0..RULES).map(rule).collect::<Vec<_>>()})
}

/// Masked bodies come from the store: this is the way in that is open to everybody.
fn masked(value: Value) -> Masked {
    serde_json::from_value(value).unwrap()
}

fn changes(every: usize) -> Vec<Change> {
    let change = |i: usize| Change {
        path: format!("ingress[{i}].from_port").as_str().into(),
        change_type: ChangeType::Modified,
        declared: Some(masked(json!(8000 + i))),
        actual: Some(masked(json!(22))),
        is_security_critical: false,
        remembered_at: None,
    };
    (0..RULES).step_by(every).map(change).collect()
}

fn unrelated() -> Value {
    Value::Array((0..RULES * 10).map(|i| json!(format!("something else {i}"))).collect())
}

fn benches(c: &mut Criterion) {
    highlight::warm();
    let declared = masked(group(None));
    let few = (masked(group(Some(100))), changes(100));
    let all = (masked(group(Some(1))), changes(1));
    let other = masked(unrelated());
    let lines = build(Some(&declared), None, &[], &[]).rows(DiffMode::SideBySide, Fold::Nothing).len();
    assert!((5_000..5_100).contains(&lines), "{lines} lines");
    c.bench_function("build 5,000 lines, 5 changes", |b| {
        b.iter(|| build(Some(&declared), Some(&few.0), black_box(&few.1), &[]))
    });
    c.bench_function("build 5,000 lines, 500 changes", |b| {
        b.iter(|| build(Some(&declared), Some(&all.0), black_box(&all.1), &[]))
    });
    c.bench_function("build 5,000 lines, nothing in common", |b| {
        b.iter(|| build(Some(&declared), Some(&other), black_box(&[]), &[]))
    });
    let theme = Theme::default();
    let mut buf = Buffer::empty(Rect::new(0, 0, 200, 50));
    for (name, mode, wrap) in [
        ("side by side", DiffMode::SideBySide, false),
        ("unified", DiffMode::Unified, false),
        ("wrapped", DiffMode::SideBySide, true),
    ] {
        let view = build(Some(&declared), Some(&all.0), &all.1, &[]);
        let mut state = DiffState { mode, wrap, ..DiffState::default() };
        // Every frame stands one row further, as when a key is held: lines are seen for the first time again and again.
        c.bench_function(&format!("draw 200×50, {name}"), |b| {
            b.iter(|| {
                state.scroll = (state.scroll + 1) % 4_900;
                buf.reset();
                view.render(buf.area, &mut buf, &theme, black_box(&state));
            });
        });
    }
    let fresh = || build(Some(&declared), Some(&few.0), &few.1, &[]);
    c.bench_function("first frame of a view", |b| {
        b.iter_batched(
            fresh,
            |view| view.render(buf.area, &mut buf, &theme, &DiffState::default()),
            criterion::BatchSize::LargeInput,
        );
    });
}

criterion_group!(group_of_benches, benches);
criterion_main!(group_of_benches);

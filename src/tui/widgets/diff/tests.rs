use proptest::prelude::*;
use ratatui::buffer::{Buffer, CellWidth};
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use serde_json::{Value, json};

use super::*;
use crate::drift::{Change, ChangeType};
use crate::tui::theme::{Role, Theme, builtin};

fn change(path: &str, declared: Option<Value>, actual: Option<Value>) -> Change {
    let change_type = match (&declared, &actual) {
        (None, _) => ChangeType::Added,
        (_, None) => ChangeType::Removed,
        _ => ChangeType::Modified,
    };
    let [declared, actual] = [declared, actual].map(|v| v.map(Masked::trusted));
    Change { path: path.into(), change_type, declared, actual, is_security_critical: false, remembered_at: None }
}

fn view(declared: Value, actual: Value, changes: &[Change]) -> DiffView {
    build(Some(&Masked::trusted(declared)), Some(&Masked::trusted(actual)), changes, &[])
}

fn drawn(view: &DiffView, width: u16, height: u16, state: &DiffState) -> Buffer {
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    view.render(buf.area, &mut buf, &builtin("mono").unwrap(), state);
    buf
}

fn screen(view: &DiffView, width: u16, height: u16, state: &DiffState) -> String {
    let buf = drawn(view, width, height, state);
    let lines: Vec<String> = (0..height)
        .map(|y| {
            let mut x = 0;
            let mut line = String::new();
            while x < width {
                line.push_str(buf[(x, y)].symbol());
                x += buf[(x, y)].cell_width().max(1);
            }
            line.trim_end().to_owned()
        })
        .collect();
    lines.join("\n").trim_end().to_owned()
}

const UNIFIED: DiffState =
    DiffState { scroll: 0, mode: DiffMode::Unified, fold: Fold::Quiet, wrap: false, selected_change: None };
const SPLIT: DiffState = DiffState { mode: DiffMode::SideBySide, ..UNIFIED };

#[test]
fn the_two_sides_stand_beside_each_other_with_signs() {
    let view = view(
        json!({"cidr": "10.0.0.0/8", "name": "web", "old": 1, "tags": {"team": "pay"}}),
        json!({"cidr": "0.0.0.0/0", "name": "web", "new": [1], "tags": {"team": "pay"}}),
        &[
            change("cidr", Some(json!("10.0.0.0/8")), Some(json!("0.0.0.0/0"))),
            change("new", None, Some(json!([1]))),
            change("old", Some(json!(1)), None),
        ],
    );
    let expect = [
        "  {                           │  {",
        "~   \"cidr\": \"10.0.0.0/8\",     │~   \"cidr\": \"0.0.0.0/0\",",
        "    \"name\": \"web\",            │    \"name\": \"web\",",
        "-   \"old\": 1,                 │",
        "                              │+   \"new\": [",
        "                              │+     1",
        "                              │+   ],",
        "    \"tags\": {                 │    \"tags\": {",
        "      \"team\": \"pay\"           │      \"team\": \"pay\"",
        "    }                         │    }",
        "  }                           │  }",
    ]
    .join("\n");
    assert_eq!(screen(&view, 61, 20, &SPLIT), expect);
}

#[test]
fn in_one_column_declared_stands_above_live() {
    let view =
        view(json!({"a": 1, "b": true}), json!({"a": 2, "b": true}), &[change("a", Some(json!(1)), Some(json!(2)))]);
    assert_eq!(screen(&view, 20, 9, &UNIFIED), "  {\n-   \"a\": 1,\n+   \"a\": 2,\n    \"b\": true\n  }");
}

#[test]
fn long_unchanged_runs_fold_and_unfold() {
    let body = |last: i32| {
        let mut map: serde_json::Map<String, Value> = (10..40).map(|i| (format!("k{i}"), json!(i))).collect();
        map.insert("z".into(), json!(last));
        Value::Object(map)
    };
    let view = view(body(1), body(2), &[change("z", Some(json!(1)), Some(json!(2)))]);
    let expect = "… 29 unchanged lines\n    \"k38\": 38,\n    \"k39\": 39,\n-   \"z\": 1\n+   \"z\": 2\n  }";
    assert_eq!(screen(&view, 40, 20, &UNIFIED), expect);
    assert_eq!(view.rows(DiffMode::SideBySide, Fold::Nothing).len(), 33);
}

#[test]
fn a_difference_that_is_no_drift_is_dim_and_folds_away() {
    let view = view(
        json!({"a": 1, "z": "x"}),
        json!({"a": 2, "z": "y", "arn": "computed"}),
        &[change("z", Some(json!("x")), Some(json!("y")))],
    );
    let hidden: Vec<&DiffRow> =
        view.rows(DiffMode::SideBySide, Fold::Nothing).iter().filter(|r| r.kind == RowKind::Hidden).collect();
    assert_eq!(hidden.len(), 2);
    assert!(hidden.iter().all(|r| r.change.is_none()));
    let buf = drawn(&view, 41, 8, &SPLIT);
    let row = (0..8).find(|y| buf[(0, *y)].symbol() == "≈").unwrap();
    assert!(buf[(6, row)].modifier.contains(Modifier::DIM));
}

#[test]
fn a_hidden_row_says_which_rule_has_hidden_it() {
    let body = |name: &str, arn: &str, z: i32| {
        let rules = json!([{"port": 80, "note": name}, {"port": 443, "note": "x"}]);
        let mut map: serde_json::Map<String, Value> = (10..30).map(|i| (format!("k{i}"), json!(i))).collect();
        map.extend([("arn".into(), json!(arn)), ("rules".into(), rules), ("z".into(), json!(z))]);
        Masked::trusted(Value::Object(map))
    };
    let hidden = |path: &str, rule: &str| Hidden { path: path.into(), rule: rule.into(), declared: None, actual: None };
    let hidden = [hidden("arn", "computed"), hidden("rules[port=80].note", "text-case\u{7}"), hidden("no.where", "x")];
    let changes = [change("z", Some(json!(1)), Some(json!(2)))];
    let view = build(Some(&body("A", "old", 1)), Some(&body("a", "new", 2)), &changes, &hidden);
    let text = screen(&view, 60, 40, &DiffState { fold: Fold::Same, ..SPLIT });
    let row = |of: &str| text.lines().find(|line| line.contains(of)).unwrap_or_default();
    assert!(row("\"old\"").ends_with("computed"), "{text}");
    assert!(row("note\": \"A").ends_with("text-case␇"), "{text}");
    assert!(row("\"z\"").ends_with("\"z\": 2"), "{text}");
    assert!(text.contains("unchanged lines"), "{text}");
    let quiet = screen(&view, 60, 40, &SPLIT);
    assert!(!quiet.contains("computed") && quiet.contains("with a hidden difference"), "{quiet}");
    // A change inside of what a rule explains is a change.
    let changes = [change("rules[port=80].note", Some(json!("A")), Some(json!("a")))];
    let view = build(Some(&body("A", "x", 1)), Some(&body("a", "x", 1)), &changes, &hidden[1..2]);
    assert!(view.rows(DiffMode::SideBySide, Fold::Nothing).iter().all(|row| row.kind != RowKind::Hidden));
}

#[test]
fn an_element_that_came_where_a_change_leads_is_drift_and_not_hidden() {
    let rule = |port: u16| json!({"cidr_blocks": ["0.0.0.0/0"], "from_port": port});
    let view = view(
        json!({"ingress": [rule(443)], "egress": null}),
        json!({"ingress": [rule(443), rule(22)]}),
        &[change("ingress[port=22,cidr=0.0.0.0/0]", None, Some(json!({"cidr": "0.0.0.0/0"})))],
    );
    let rows = view.rows(DiffMode::SideBySide, Fold::Nothing);
    assert!(rows.iter().filter(|row| row.kind == RowKind::Added).count() >= 5);
    let text = screen(&view, 60, 30, &DiffState { fold: Fold::Same, ..SPLIT });
    assert!(text.lines().any(|line| line.contains("\"egress\": null") && line.ends_with("empty or absent")), "{text}");
    assert_eq!(rows.iter().filter(|row| row.kind == RowKind::Hidden).count(), 1, "{text}");
}

#[test]
fn folded_hidden_differences_are_counted() {
    let body = |arn: &str, z: i32| {
        let mut map: serde_json::Map<String, Value> = (10..40).map(|i| (format!("k{i}"), json!(i))).collect();
        map.insert("arn".into(), json!(arn));
        map.insert("z".into(), json!(z));
        Value::Object(map)
    };
    let view = view(body("a", 1), body("b", 2), &[change("z", Some(json!(1)), Some(json!(2)))]);
    let text = screen(&view, 70, 20, &UNIFIED);
    assert!(text.starts_with("… 30 lines without drift, 1 with a hidden difference\n"), "{text}");
}

#[test]
fn every_change_can_be_reached_by_its_index() {
    let view = view(
        json!({"a": 1, "b": {"c": [1, 2]}, "d": 4}),
        json!({"a": 2, "b": {"c": [1, 3]}, "d": 4}),
        &[change("b.c[1]", Some(json!(2)), Some(json!(3))), change("a", Some(json!(1)), Some(json!(2)))],
    );
    let (mode, fold) = (DiffMode::SideBySide, Fold::Quiet);
    let (a, c) = (view.row_of_change(mode, fold, 1).unwrap(), view.row_of_change(mode, fold, 0).unwrap());
    assert_eq!((a, c), (1, 5));
    assert_eq!(view.row_of_change(mode, fold, 9), None);
}

#[test]
fn a_deleted_resource_has_an_empty_live_side() {
    let declared = Masked::trusted(json!({"a": 1}));
    let view = build(Some(&declared), None, &[], &[]);
    assert!(
        view.rows(DiffMode::SideBySide, Fold::Quiet).iter().all(|r| r.kind == RowKind::Removed && r.right.is_none())
    );
    assert_eq!(screen(&view, 25, 5, &SPLIT), "- {         │\n-   \"a\": 1  │\n- }         │");
    let view = build(None, Some(&declared), &[], &[]);
    assert!(view.rows(DiffMode::Unified, Fold::Quiet).iter().all(|r| r.kind == RowKind::Added));
}

#[test]
fn without_bodies_the_changes_are_shown_by_path() {
    let changes = [
        change("tags.team", Some(json!("pay")), Some(json!("ops"))),
        change("ingress[port=22]", None, Some(json!({"port": 22}))),
    ];
    let view = build(None, None, &changes, &[]);
    let expect = "- tags.team: \"pay\"\n+ tags.team: \"ops\"\n+ ingress[port=22]: {\n+   \"port\": 22\n+ }";
    assert_eq!(screen(&view, 40, 9, &UNIFIED), expect);
    assert_eq!(view.row_of_change(DiffMode::Unified, Fold::Quiet, 1), Some(2));
}

#[test]
fn a_change_that_is_nowhere_in_the_bodies_is_listed_and_not_lost() {
    let view = view(json!({"a": 1}), json!({"a": 1}), &[change("ghost", Some(json!(1)), Some(json!(2)))]);
    let text = screen(&view, 40, 9, &UNIFIED);
    assert!(text.starts_with("- ghost: 1\n+ ghost: 2\n"), "{text}");
}

#[test]
fn a_container_that_only_one_side_has_is_drift_when_what_is_in_it_is() {
    let view = view(
        json!({"a": 1}),
        json!({"a": 1, "meta": {"labels": {"app": "x"}}}),
        &[change("meta.labels.app", None, Some(json!("x")))],
    );
    let rows = view.rows(DiffMode::SideBySide, Fold::Quiet);
    assert_eq!(rows.iter().filter(|r| r.kind == RowKind::Added && r.change == Some(0)).count(), 5);
    assert_eq!(rows.iter().filter(|r| r.kind == RowKind::Hidden).count(), 0);
}

#[test]
fn a_policy_in_a_string_is_compared_line_by_line() {
    let policy =
        |effect: &str| json!({"policy": format!("{{\"Statement\":[{{\"Effect\":\"{effect}\",\"Sid\":\"x\"}}]}}")});
    let path = "policy.Statement[Sid=x].Effect";
    let view = view(policy("Deny"), policy("Allow"), &[change(path, Some(json!("Deny")), Some(json!("Allow")))]);
    let rows = view.rows(DiffMode::SideBySide, Fold::Nothing);
    assert_eq!(rows.iter().filter(|r| r.kind == RowKind::Modified).count(), 1);
    assert!(screen(&view, 60, 12, &UNIFIED).contains("-         \"Effect\": \"Deny\","));
}

#[test]
fn the_text_of_a_file_is_compared_line_by_line() {
    let file = |port: u16| json!({"content": format!("host = a\nport = {port}\n")});
    let change = change("content", file(80).get("content").cloned(), file(81).get("content").cloned());
    let view = view(file(80), file(81), &[change]);
    let text = screen(&view, 40, 9, &UNIFIED);
    let expect = "  {\n    \"content\": <<-EOT\n      host = a\n-     port = 80\n+     port = 81\n    EOT\n  }";
    assert_eq!(text, expect);
}

#[test]
fn the_words_that_differ_carry_their_own_mark() {
    let view =
        view(json!({"n": "a b c"}), json!({"n": "a x c"}), &[change("n", Some(json!("a b c")), Some(json!("a x c")))]);
    let buf = drawn(&view, 20, 4, &UNIFIED);
    let underlined: String = (0..20)
        .filter(|x| buf[(*x, 1)].modifier.contains(Modifier::UNDERLINED))
        .map(|x| buf[(x, 1)].symbol().to_owned())
        .collect();
    assert_eq!(underlined, "b");
}

#[test]
fn a_difference_far_to_the_right_is_still_visible() {
    let value = |end: &str| json!({"n": format!("{} {end} tail", "word ".repeat(40))});
    let view = view(value("left"), value("right"), &[change("n", Some(json!("x")), Some(json!("y")))]);
    let text = screen(&view, 40, 4, &UNIFIED);
    assert!(text.contains("left") && text.contains("right"), "{text}");
    assert!(text.lines().nth(1).unwrap().starts_with("- …"), "{text}");
}

#[test]
fn long_lines_are_cut_or_broken() {
    let view = build(Some(&Masked::trusted(json!("abcdefghij"))), None, &[], &[]);
    assert_eq!(screen(&view, 8, 4, &UNIFIED), "- \"abcd…");
    let wrapped = DiffState { wrap: true, ..UNIFIED };
    assert_eq!(screen(&view, 8, 4, &wrapped), "- \"abcde\n  fghij\"");
}

#[test]
fn wide_characters_never_break_a_column() {
    let view = view(json!({"名前": "日本語テスト"}), json!({"名前": "日本語"}), &[]);
    for width in 0..40 {
        let buf = drawn(&view, width, 4, &SPLIT);
        let half = width.saturating_sub(1) / 2;
        for y in 0..3 {
            if width > half {
                assert_eq!(buf[(half, y)].symbol(), "│", "width {width}");
            }
        }
    }
}

#[test]
fn control_characters_never_reach_a_cell() {
    let view = view(json!({"a\u{1b}[2J": "x\u{7}"}), json!("\u{1b}]52;c;x\u{7}\n\u{9b}31m"), &[]);
    for state in [UNIFIED, SPLIT] {
        let buf = drawn(&view, 60, 12, &state);
        assert!(buf.content().iter().all(|c| !c.symbol().contains(char::is_control)));
    }
}

#[test]
fn the_selected_change_is_marked_in_the_margin() {
    let view = view(
        json!({"a": 1, "b": 1}),
        json!({"a": 2, "b": 2}),
        &[change("a", Some(json!(1)), Some(json!(2))), change("b", Some(json!(1)), Some(json!(2)))],
    );
    let text = screen(&view, 20, 8, &DiffState { selected_change: Some(1), ..UNIFIED });
    let marked: Vec<&str> = text.lines().filter(|l| l.contains('▌')).collect();
    assert_eq!(marked, ["-▌  \"b\": 1", "+▌  \"b\": 2"]);
}

#[test]
fn an_ascii_theme_draws_ascii_only() {
    let body = |z: i32| json!({"a": [1,2,3,4,5,6,7,8,9], "hid": z + 5, "z": z});
    let view = view(body(1), body(2), &[change("z", Some(json!(1)), Some(json!(2)))]);
    let theme = Theme::default().with_ascii(true);
    let mut buf = Buffer::empty(Rect::new(0, 0, 60, 12));
    view.render(buf.area, &mut buf, &theme, &DiffState { selected_change: Some(0), ..SPLIT });
    assert!(buf.content().iter().all(|c| c.symbol().is_ascii()));
}

#[test]
fn scrolling_begins_at_the_row_asked_for() {
    let view = view(json!([1, 2, 3]), json!([1, 2, 3]), &[]);
    assert_eq!(screen(&view, 10, 2, &DiffState { scroll: 2, ..UNIFIED }), "    2,\n    3");
    assert_eq!(screen(&view, 10, 2, &DiffState { scroll: 99, ..UNIFIED }), "");
}

pub(super) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-c日\u{301}\\n\\x00-\\x1f{}\\[\\]\":]{0,12}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-c日.]{0,2}", inner, 0..5).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    #[test]
    fn any_two_bodies_can_be_built_and_drawn_at_any_size(
        declared in prop::option::of(any_json()), actual in prop::option::of(any_json()),
        paths in prop::collection::vec("[a-c.\\[\\]=0-2\"]{0,8}", 0..4),
        width in 0_u16..60, height in 0_u16..12, scroll in 0_usize..8,
        unified in any::<bool>(), fold in prop_oneof![Just(Fold::Nothing), Just(Fold::Same), Just(Fold::Quiet)], wrap in any::<bool>(),
    ) {
        let [declared, actual] = [declared, actual].map(|v| v.map(Masked::trusted));
        let changes: Vec<Change> = paths.iter().map(|p| change(p, Some(json!(1)), Some(json!(2)))).collect();
        let view = build(declared.as_ref(), actual.as_ref(), &changes, &[]);
        let mode = if unified { DiffMode::Unified } else { DiffMode::SideBySide };
        for index in 0..changes.len() {
            prop_assert!(view.row_of_change(mode, fold, index).is_some(), "change {} is lost", index);
        }
        // Every line of either side stands in exactly one row.
        let rows = view.rows(DiffMode::SideBySide, Fold::Nothing);
        prop_assert_eq!(rows.iter().filter(|r| r.left.is_some()).count(), view.left.len());
        prop_assert_eq!(rows.iter().filter(|r| r.right.is_some()).count(), view.right.len());
        let mut buf = Buffer::empty(Rect::new(3, 2, width, height));
        let state = DiffState { scroll, mode, fold, wrap, selected_change: Some(0) };
        view.render(Rect::new(0, 0, 80, 80), &mut buf, &Theme::default(), &state);
        for y in buf.area.top()..buf.area.bottom() {
            for x in buf.area.left()..buf.area.right() {
                prop_assert!(x + buf[(x, y)].cell_width() <= buf.area.right());
            }
        }
    }
}

#[test]
fn roles_of_the_signs_are_those_of_the_theme() {
    let view = view(json!({"a": 1}), json!({}), &[change("a", Some(json!(1)), None)]);
    let theme = builtin("dark").unwrap();
    let mut buf = Buffer::empty(Rect::new(0, 0, 20, 4));
    view.render(buf.area, &mut buf, &theme, &UNIFIED);
    let row = (0..4).find(|y| buf[(0, *y)].symbol() == "-").unwrap();
    assert_eq!(buf[(0, row)].fg, theme.style(Role::Removed).fg.unwrap());
    assert_eq!(buf[(19, row)].bg, theme.style(Role::Removed).bg.unwrap(), "the ground fills the line");
}

#[test]
fn a_fold_says_which_container_goes_on_below_it() {
    let body = |z: i32| {
        let mut map: serde_json::Map<String, Value> = (10..40).map(|i| (format!("k{i}"), json!(i))).collect();
        map.insert("z".into(), json!(z));
        json!({"a": 1, "outer": [map]})
    };
    let view = view(body(1), body(2), &[change("outer[0].z", Some(json!(1)), Some(json!(2)))]);
    let text = screen(&view, 70, 20, &UNIFIED);
    assert!(text.starts_with("… 32 unchanged lines, in \"outer\"\n"), "{text}");
}

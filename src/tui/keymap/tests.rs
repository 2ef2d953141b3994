use std::collections::HashSet;

use super::*;

fn known() -> Vec<(&'static str, &'static str)> {
    crate::tui::app::action::known()
}

fn key(text: &str) -> KeyPress {
    text.parse().unwrap()
}

fn with_user_file(text: &str) -> (Keymap, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("keys.toml");
    std::fs::write(&path, text).unwrap();
    let (keymap, problems) = load("default", Some(&path), &known());
    let prefix = format!("{}/", dir.path().display());
    (keymap, problems.into_iter().map(|p| p.replace(&prefix, "")).collect())
}

#[test]
fn the_built_in_keymaps_bind_known_actions_without_conflict_and_reach_them_all() {
    for (name, text) in NAMES.iter().zip(FILES) {
        let mut problems = Vec::new();
        file::parse(&Source { name, text }, Some(&known()), &mut problems);
        let (keymap, more) = load(name, None, &known());
        assert_eq!((problems, more), (Vec::new(), Vec::new()), "{name}");
        let bound: HashSet<&str> = keymap.bindings().map(|(_, _, action)| action).collect();
        let missing: Vec<&str> = known().into_iter().map(|(_, action)| action).filter(|a| !bound.contains(a)).collect();
        assert_eq!(missing, Vec::<&str>::new(), "{name}");
    }
}

#[test]
fn what_settles_a_drift_is_not_bound_globally_nor_to_a_key_next_to_moving() {
    for (name, (scope, chord, action)) in NAMES.iter().flat_map(|n| {
        let keymap = builtin(n).unwrap();
        let all: Vec<_> = keymap.bindings().map(|(s, c, a)| (s, c.clone(), a.to_owned())).collect();
        all.into_iter().map(move |binding| (n, binding))
    }) {
        if ["resolve", "ignore", "reopen", "assign"].contains(&action.as_str()) {
            assert_ne!(scope, "global", "{name}");
            let shifted = chord.keys()[0].typed().is_some_and(char::is_uppercase);
            assert!(shifted, "{name}: “{chord}” = {action} takes no deliberate key");
        }
    }
}

#[test]
fn a_scope_comes_before_global_and_a_chord_waits_for_its_next_key() {
    let keymap = builtin("default").unwrap();
    assert_eq!(keymap.lookup("timeline", &[], key("a")), Match::Action("acknowledge".into()));
    assert_eq!(keymap.lookup("environments", &[], key("a")), Match::None);
    assert_eq!(keymap.lookup("timeline", &[], key("j")), Match::Action("down".into()));
    assert_eq!(keymap.lookup("timeline", &[], key("g")), Match::Prefix);
    assert_eq!(keymap.lookup("timeline", &[key("g")], key("g")), Match::Action("top".into()));
    assert_eq!(keymap.lookup("timeline", &[key("g")], key("j")), Match::None);
    assert_eq!(keymap.lookup("overlay", &[], key("q")), Match::Action("back".into()));
}

#[test]
fn letters_typed_into_a_field_are_text_and_not_commands() {
    let keymap = builtin("default").unwrap();
    assert_eq!(keymap.lookup("input", &[], key("q")), Match::None);
    assert_eq!(keymap.lookup("input", &[], key("space")), Match::None);
    assert_eq!(keymap.lookup("input", &[], key("esc")), Match::Action("back".into()));
    assert_eq!(keymap.lookup("input", &[], key("ctrl-c")), Match::Action("quit".into()));
}

#[test]
fn the_keys_of_an_action_are_those_that_work_in_the_scope() {
    let keymap = builtin("default").unwrap();
    assert_eq!(keymap.keys_for("timeline", "copy-path"), ["y p"]);
    assert_eq!(keymap.keys_for("environments", "quit"), ["q", "ctrl-c"]);
    assert_eq!(keymap.keys_for("overlay", "quit"), ["ctrl-c"], "q closes the overlay");
    assert_eq!(keymap.keys_for("global", "top"), ["home", "g g"]);
}

#[test]
fn the_users_bindings_merge_over_the_built_in_ones() {
    let (keymap, problems) = with_user_file("[global]\n\"q\" = \"\"\n\"f10\" = \"quit\"\n\"z\" = \"help\"\n");
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(keymap.lookup("timeline", &[], key("q")), Match::None);
    assert_eq!(keymap.lookup("timeline", &[], key("f10")), Match::Action("quit".into()));
    assert_eq!(keymap.lookup("timeline", &[], key("z")), Match::Action("help".into()));
    assert_eq!(keymap.lookup("timeline", &[], key("j")), Match::Action("down".into()));
}

#[test]
fn a_file_may_name_the_keymap_it_builds_on() {
    let (keymap, problems) = with_user_file("inherits = \"emacs\"\n[global]\n\"q\" = \"\"\n");
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(keymap.lookup("global", &[], key("ctrl-n")), Match::Action("down".into()));
}

#[test]
fn every_mistake_names_its_place_and_the_rest_works() {
    let text = "\"x\" = \"quit\"\n[global]\n\"ctrl-y\" = \"qit\"\n\"crtl-y\" = \"quit\"\n\"f2\" = 3\n\"f3\" = \"help\"\n[timelin]\n\"b\" = \"quit\"\n";
    let (keymap, problems) = with_user_file(text);
    let expect = [
        "keys.toml:1:1: “x” stands in no scope; put it below a line like [global]",
        "keys.toml:3:12: unknown action “qit” (did you mean “quit”?)",
        "keys.toml:4:1: no key is called “crtl-y”; write “ctrl-p”, “shift-tab”, “f5”, “space” or one character",
        "keys.toml:5:8: the name of an action stands in quotes; \"\" unbinds",
        "keys.toml:7:2: unknown scope “timelin” (did you mean “timeline”?); there are global, environments, drift, timeline, \
         diff, recommendations, input, overlay, rules, hidden, query, views, incident, resource, waiting, models",
    ];
    assert_eq!(problems, expect);
    assert_eq!(keymap.lookup("global", &[], key("f3")), Match::Action("help".into()));
}

#[test]
fn a_key_bound_twice_in_a_file_keeps_its_first_action() {
    let (keymap, problems) = with_user_file("[diff]\n\"f5\" = \"scan\"\n\"F5\" = \"help\"\n\"f5\" = \"undo\"\n");
    assert_eq!(keymap.lookup("diff", &[], key("f5")), Match::Action("scan".into()));
    let expect = [
        "keys.toml:4:1: “\"f5\"” is bound a second time in this scope; the first stays",
        "keys.toml:3:1: “f5” is bound a second time in [diff]; the first stays: keys.toml:2:1",
    ];
    assert_eq!(problems, expect);
}

#[test]
fn a_chord_that_begins_with_another_is_a_conflict_that_names_both_places() {
    let (keymap, problems) = with_user_file("[diff]\n\"b\" = \"scan\"\n\"b b\" = \"help\"\n");
    let expect =
        "keys.toml:3:1: “b b” (help) and “b” (scan) at keys.toml:2:1 begin with the same keys; the second is left out";
    assert_eq!(problems, [expect]);
    assert_eq!(keymap.lookup("diff", &[], key("b")), Match::Action("scan".into()));
}

#[test]
fn the_user_wins_over_a_built_in_chord_and_is_told() {
    let (keymap, problems) = with_user_file("[global]\n\"g\" = \"scan\"\n");
    // Once for each chord that can no longer be typed.
    assert!(problems.iter().all(|problem| problem.starts_with("keys.toml:2:1: “g” (scan) takes the place of “g ")));
    let of_top = "“g g” (top) at built-in keymap default:";
    assert_eq!(problems.iter().filter(|problem| problem.contains(of_top)).count(), 1, "{problems:?}");
    assert_eq!(keymap.lookup("global", &[], key("g")), Match::Action("scan".into()));
    let (_, meant) = with_user_file("[global]\n\"g g\" = \"\"\n\"g\" = \"scan\"\n");
    assert!(!meant.iter().any(|problem| problem.contains("“g g”")), "{meant:?}");
}

#[test]
fn a_file_that_is_not_toml_or_not_there_leaves_the_built_in_keymap() {
    let (keymap, problems) = with_user_file("[global\n\"q\" = ");
    assert!(!problems.is_empty() && problems[0].starts_with("keys.toml:"), "{problems:?}");
    assert_eq!(keymap.lookup("global", &[], key("j")), Match::Action("down".into()));
    let (keymap, problems) = load("default", Some(Path::new("/nowhere/keys.toml")), &known());
    assert!(problems[0].starts_with("/nowhere/keys.toml: cannot be read"));
    assert_eq!(keymap.lookup("global", &[], key("j")), Match::Action("down".into()));
}

#[test]
fn an_unknown_keymap_gives_the_default_and_says_so() {
    let (keymap, problems) = load("emcas", None, &known());
    assert_eq!(problems, ["no keymap “emcas” (did you mean “emacs”?); there are default, vim, emacs, tmux"]);
    assert_eq!(keymap.lookup("global", &[], key("ctrl-f")), Match::Action("page-down".into()));
}

#[test]
fn any_key_of_any_scope_can_be_unbound() {
    for scope in SCOPES {
        let all = builtin("default").unwrap();
        let Some((_, chord, action)) = all.bindings().find(|(of, ..)| *of == scope) else { continue };
        let (chord, action) = (chord.clone(), action.to_owned());
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("keymap.toml");
        let quoted = chord.to_string().replace('\\', "\\\\");
        std::fs::write(&file, format!("[{scope}]\n\"{quoted}\" = \"\"\n")).unwrap();
        let (keymap, problems) = load("default", Some(&file), &[]);
        assert!(problems.is_empty(), "{problems:?}");
        let left = keymap.bindings().any(|(of, other, what)| of == scope && *other == chord && what == action);
        assert!(!left, "{chord} in {scope} still means {action}");
    }
}

use std::collections::HashSet;

use super::*;

const DEPTHS: [ColorDepth; 4] = [ColorDepth::None, ColorDepth::Ansi16, ColorDepth::Ansi256, ColorDepth::True];

fn user_themes(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

#[test]
fn every_built_in_theme_says_something_about_every_role_and_has_no_mistakes() {
    for name in NAMES {
        let mut warnings = Vec::new();
        let files = chain(name, None, &mut warnings);
        resolve(name, &files, &mut warnings);
        assert_eq!(warnings, Vec::<String>::new(), "{name}");
        for (role, role_name) in Role::ALL {
            let plain = role == Role::Text;
            assert!(
                plain || files.iter().any(|f| f.roles.iter().any(|(r, _)| *r == role)),
                "{name} leaves out {role_name}"
            );
        }
    }
}

#[test]
fn roles_and_their_names_agree() {
    for (index, (role, name)) in Role::ALL.into_iter().enumerate() {
        assert_eq!(role as usize, index);
        assert_eq!((Role::named(name), role.name()), (Some(role), name));
    }
}

#[test]
fn severities_differ_in_mono_without_any_colour() {
    let mono = builtin("mono").unwrap();
    let severities = [Role::SeverityCritical, Role::SeverityHigh, Role::SeverityMedium, Role::SeverityLow];
    let attributes: HashSet<u16> = severities.iter().map(|r| mono.style(*r).add_modifier.bits()).collect();
    assert_eq!(attributes.len(), 4);
    for (role, name) in Role::ALL {
        assert_eq!((mono.style(role).fg, mono.style(role).bg), (None, None), "{name}");
    }
}

#[test]
fn severities_differ_in_every_theme_at_every_depth() {
    for (name, depth) in NAMES.into_iter().flat_map(|n| DEPTHS.map(|d| (n, d))) {
        let theme = load(name, None, depth).0;
        let severities = [Role::SeverityCritical, Role::SeverityHigh, Role::SeverityMedium, Role::SeverityLow];
        let styles: HashSet<Style> = severities.iter().map(|r| theme.style(*r)).collect();
        assert_eq!(styles.len(), 4, "{name} {depth:?}");
    }
}

/// The others are drawn on whatever the terminal has.
fn has_ground(name: &str) -> bool {
    !matches!(name, "default" | "mono")
}

#[test]
fn text_can_be_read_in_every_theme_that_sets_a_background() {
    let quiet = [Role::Dim, Role::Border, Role::Hidden, Role::SyntaxPunctuation];
    for name in NAMES.iter().filter(|name| has_ground(name)) {
        let theme = builtin(name).unwrap();
        let paper = theme.style(Role::Text).bg.unwrap();
        for (role, role_name) in Role::ALL {
            let style = theme.style(role);
            let (Some(ink), ground) = (style.fg, style.bg.unwrap_or(paper)) else {
                panic!("{name} {role_name}: no fg")
            };
            let needed = if quiet.contains(&role) { 3.0 } else { 4.5 };
            let ratio = contrast(ink, ground).unwrap();
            assert!(ratio >= needed, "{name} {role_name}: {ratio:.2} < {needed}");
        }
    }
}

#[test]
fn highlighted_text_can_be_read_on_the_ground_of_changed_lines() {
    let syntax = [Role::SyntaxKey, Role::SyntaxString, Role::SyntaxNumber, Role::SyntaxConstant];
    for name in NAMES.iter().filter(|name| has_ground(name)) {
        let theme = builtin(name).unwrap();
        for (ground, role) in [Role::Added, Role::Removed].into_iter().flat_map(|g| syntax.map(|r| (g, r))) {
            let ratio = contrast(theme.style(role).fg.unwrap(), theme.style(ground).bg.unwrap()).unwrap();
            assert!(ratio >= 4.5, "{name} {} on {}: {ratio:.2}", role.name(), ground.name());
        }
    }
}

#[test]
fn coarse_colours_never_hide_text() {
    for (name, depth) in NAMES.into_iter().flat_map(|n| DEPTHS.map(|d| (n, d))) {
        let theme = load(name, None, depth).0;
        let paper = theme.style(Role::Text).bg.unwrap_or(Color::Reset);
        for (role, role_name) in Role::ALL {
            let style = theme.style(role);
            let ratio = contrast(style.fg.unwrap_or(Color::Reset), style.bg.unwrap_or(paper));
            assert!(ratio.is_none_or(|r| r >= 1.5), "{name} {depth:?} {role_name}: {ratio:?}");
        }
    }
}

#[test]
fn without_colours_every_theme_is_mono() {
    for name in NAMES {
        let theme = load(name, None, ColorDepth::None).0;
        assert_eq!(theme.styles, builtin("mono").unwrap().styles, "{name}");
    }
}

#[test]
fn a_theme_of_ones_own_recolours_what_it_inherits() {
    let dir = user_themes(&[("mine.toml", "inherits = \"dark\"\n[palette]\nblue = 33\n[roles]\ndim = \"blue\"\n")]);
    let (theme, warnings) = load("mine", Some(dir.path()), ColorDepth::True);
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(theme.style(Role::Dim).fg, Some(Color::Indexed(33)));
    assert_eq!(theme.style(Role::Link).fg, Some(Color::Indexed(33)), "inherited role, own palette");
    assert_eq!(theme.style(Role::Error), builtin("dark").unwrap().style(Role::Error));
}

#[test]
fn a_theme_may_refine_the_built_in_one_of_its_own_name() {
    let dir = user_themes(&[("dark.toml", "inherits = \"dark\"\n[roles]\ndim = \"#ffffff\"\n")]);
    let (theme, warnings) = load("dark", Some(dir.path()), ColorDepth::True);
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(theme.style(Role::Dim).fg, Some(Color::Rgb(255, 255, 255)));
    assert_eq!(theme.style(Role::Error), builtin("dark").unwrap().style(Role::Error));
}

#[test]
fn mistakes_are_reported_with_their_place_and_the_rest_holds() {
    let text = "[palette]\nsky = \"blurple\"\n[roles]\ndim = \"skye\"\ntitel = { bold = true }\nerror = { fg = \"red\", blod = true }\n";
    let dir = user_themes(&[("bad.toml", text)]);
    let (theme, warnings) = load("bad", Some(dir.path()), ColorDepth::True);
    let file = dir.path().join("bad.toml").display().to_string();
    let expect = [
        format!("{file}:2:7: “\"blurple\"” is no colour; write “#rrggbb”, 0 to 255 or a name like “light-blue”"),
        format!("{file}:4:7: “skye” is no colour and in no palette"),
        format!("{file}:5:1: unknown role “titel” (did you mean “title”?)"),
        format!("{file}:6:23: unknown “blod” (did you mean “bold”?)"),
    ];
    assert_eq!(warnings, expect);
    assert_eq!(theme.style(Role::Error).fg, Some(Color::Red));
}

#[test]
fn a_theme_that_is_nowhere_gives_the_default_and_says_so() {
    let (theme, warnings) = load("drak", None, ColorDepth::Ansi16);
    assert_eq!(theme.style(Role::Added), builtin("default").unwrap().style(Role::Added));
    assert!(warnings[0].starts_with("no theme “drak” (did you mean “dark”?)"), "{warnings:?}");
}

#[test]
fn a_circle_of_inheritance_ends() {
    let dir = user_themes(&[("a.toml", "inherits = \"b\""), ("b.toml", "inherits = \"a\"")]);
    let (_, warnings) = load("a", Some(dir.path()), ColorDepth::True);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("circle") || warnings[0].contains("no theme"), "{warnings:?}");
}

#[test]
fn a_name_cannot_leave_the_directory_of_themes() {
    let dir = user_themes(&[("secret.toml", "[roles]\ndim = \"red\"\n")]);
    std::fs::create_dir(dir.path().join("themes")).unwrap();
    let (theme, warnings) = load("../secret", Some(&dir.path().join("themes")), ColorDepth::True);
    assert_eq!(theme.style(Role::Dim), builtin("default").unwrap().style(Role::Dim));
    assert_eq!(warnings.len(), 1);
}

#[test]
fn a_role_that_is_left_out_takes_the_style_of_its_parent() {
    let dir = user_themes(&[("small.toml", "[roles]\ndim = \"blue\"\ntitle = \"red\"\n")]);
    let (theme, warnings) = load("small", Some(dir.path()), ColorDepth::True);
    assert_eq!(warnings, Vec::<String>::new());
    assert_eq!(theme.style(Role::Hidden).fg, Some(Color::Blue));
    assert_eq!(theme.style(Role::SyntaxKey).fg, Some(Color::Red), "key, then title");
    assert_eq!(theme.style(Role::Added), theme.style(Role::Text));
}

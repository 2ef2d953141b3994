//! `driftguard info`: where everything is, what the terminal can do, and what the limits are; for a bug report, or at three in the
//! morning on somebody else's machine.

use std::io::{IsTerminal, Write};
use std::path::Path;

use super::{Session, triage};
use crate::compare::{MAX_DEPTH, MAX_ELEMENTS};
use crate::config::Valued;
use crate::declared::split::MAX_ELEMENT_BYTES;
use crate::drift::{IncidentRequest, Untold};
use crate::safety::sanitise;
use crate::stacks;
use crate::store;
use crate::tui::app::session::Chosen;
use crate::tui::app::timeline::grouped;
use crate::tui::app::{finds, notice};
use crate::tui::term::{clipboard, glyphs};
use crate::tui::theme::ColorDepth;
use crate::tui::{keymap, runtime, theme};

pub(super) fn run(session: &Session) -> anyhow::Result<u8> {
    let mut out = std::io::stdout().lock();
    for (title, rows) in [
        ("driftguard", program(session)),
        ("paths", paths(session)),
        ("terminal", terminal(|name| std::env::var(name).ok())),
        ("reads", readers()),
        ("limits", limits()),
    ] {
        writeln!(out, "{title}")?;
        for (name, value) in rows {
            writeln!(out, "  {name:<14} {}", sanitise::line(&value))?;
        }
    }
    Ok(0)
}

type Rows = Vec<(&'static str, String)>;

fn program(session: &Session) -> Rows {
    let settings = session.settings();
    let (last, _) = runtime::session::load(&runtime::session::file(&session.paths.state_dir));
    let (theme, keymap) = last.map(|last| (last.theme, last.keymap)).unwrap_or_default();
    vec![
        ("theme", in_force(&settings.theme, theme)),
        ("keymap", in_force(&settings.keymap, keymap)),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("platform", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        ("themes", theme::NAMES.join(", ")),
        ("keymaps", keymap::NAMES.join(", ")),
    ]
}

/// What was chosen on the screens counts as long as the configuration says what it said then.
fn in_force(setting: &Valued<String>, chosen: Option<Chosen>) -> String {
    match chosen.filter(|chosen| chosen.configured == setting.value) {
        Some(chosen) => format!("{} (chosen on the screens; --fresh leaves it out)", chosen.name),
        None => format!("{} ({})", setting.value, setting.origin),
    }
}

fn paths(session: &Session) -> Rows {
    let paths = &session.paths;
    let settings = session.settings();
    let shown = |path: &Path| format!("{}{}", path.display(), if path.exists() { "" } else { " (not there)" });
    let store = &settings.store.value;
    let store = match store::is_there(store) {
        true if store::url_of(store).is_some() => session.store_shown(),
        true => format!("{}, {}", store.display(), sizes(store)),
        false => format!("{} (no store yet)", store.display()),
    };
    let mut rows = vec![
        ("configuration", shown(&paths.config_dir.join("config.toml"))),
        ("system-wide", shown(&paths.system_dir.join("config.toml"))),
        ("keys", shown(&paths.config_dir.join("keymap.toml"))),
        ("views", shown(&paths.config_dir.join("views.toml"))),
        ("themes", shown(&paths.config_dir.join("themes"))),
        ("packs", shown(&paths.config_dir.join("packs"))),
        ("store", store),
        ("drafts", shown(&triage::beside(&session.store_directory()))),
        ("backups", shown(&session.store_directory().with_file_name("backups"))),
        ("session", shown(&runtime::session::file(&paths.state_dir))),
        ("driftignore", format!("{}, {}", shown(&settings.driftignore.value), settings.driftignore.origin)),
        ("queries", shown(&paths.state_dir.join("queries"))),
        ("logs", shown(&paths.state_dir.join("logs"))),
        ("temporary", shown(&std::env::temp_dir())),
    ];
    rows.extend(session.config.problems.iter().map(|problem| ("mistake", problem.to_string())));
    rows
}

/// What the files below take on the disk.
fn sizes(directory: &Path) -> String {
    fn bytes(directory: &Path) -> u64 {
        let Ok(entries) = std::fs::read_dir(directory) else { return 0 };
        let size = |entry: std::fs::DirEntry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => bytes(&entry.path()),
            _ => entry.metadata().map_or(0, |meta| meta.len()),
        };
        entries.flatten().map(size).sum()
    }
    format!("{:.1} MB", bytes(directory) as f64 / 1e6)
}

/// What the screens would find out at their start.
fn terminal(variable: impl Fn(&str) -> Option<String>) -> Rows {
    let yes_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let depth = match ColorDepth::detect(&variable) {
        ColorDepth::None => "none",
        ColorDepth::Ansi16 => "16",
        ColorDepth::Ansi256 => "256",
        ColorDepth::True => "16.7 million (true colour)",
    };
    let size = crossterm::terminal::size().map_or_else(|_| "unknown".to_owned(), |(w, h)| format!("{w}x{h}"));
    let inside: Vec<&str> = [("TMUX", "tmux"), ("STY", "screen"), ("SSH_CONNECTION", "ssh")]
        .into_iter()
        .filter(|(name, _)| variable(name).is_some())
        .map(|(_, what)| what)
        .collect();
    let signs = glyphs::only_ascii(&variable).map_or_else(|| "all".to_owned(), |why| format!("ASCII only: {why}"));
    vec![
        ("is a terminal", yes_no(std::io::stdin().is_terminal() && std::io::stdout().is_terminal())),
        ("TERM", variable("TERM").unwrap_or_else(|| "not set".to_owned())),
        ("size", size),
        ("colours", depth.to_owned()),
        ("signs", signs),
        // Terminals that do not know the mode ignore it, so nobody is asked.
        ("drawing", "one write a frame, in synchronized output (mode 2026) where the terminal knows it".to_owned()),
        ("inside of", if inside.is_empty() { "nothing known".to_owned() } else { inside.join(", ") }),
        (
            "clipboard",
            format!(
                "{}, at most {} bytes of text",
                clipboard::Through::detect(&variable).says().0,
                clipboard::MAX_TEXT
            ),
        ),
    ]
}

/// `state` and `live` of an environment, and its `aws` table.
fn readers() -> Rows {
    vec![
        (
            "declared",
            "Terraform and OpenTofu state v4, plan JSON, CloudFormation stacks, Kubernetes manifests, driftctl reports"
                .to_owned(),
        ),
        ("state from", format!("files and globs, s3://, http(s)://, postgres://, {}", stacks::SCHEME)),
        (
            "live",
            "AWS itself (AWS Config and Cloud Control, CloudFormation's own drift), files of this machine, AWS Config \
             recordings, kubectl get -o json"
                .to_owned(),
        ),
    ]
}

fn limits() -> Rows {
    vec![
        ("depth", format!("{MAX_DEPTH} levels of one resource")),
        ("lists", format!("{MAX_ELEMENTS} elements compared as a set")),
        ("resource", format!("{} MB of one resource's text", MAX_ELEMENT_BYTES >> 20)),
        ("queries", format!("{} asked before are remembered", finds::HISTORY)),
        ("groups", format!("{} rows where drifts are grouped", grouped::GROUPS)),
        ("hidden", format!("{} of each kind kept of an environment", Untold::KEPT)),
        ("incident", format!("{} happenings in one review", IncidentRequest::MOST)),
        ("notices", format!("{} kept in a session", notice::KEPT)),
        ("path", format!("{} bytes, longer ones are cut", crate::drift::MAX_PATH_BYTES)),
    ]
}

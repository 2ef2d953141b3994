//! Renders the README's pictures from the real screens; and others, to look at every size and theme.

use std::path::Path;

use anyhow::Context;

use crate::cli::{Colors, Screenshots, Size};
use crate::tui::sample::{SHOTS, draw};
use crate::tui::theme::{self, ColorDepth, NAMES};
use crate::tui::{Options, widgets::svg};

/// Where no size is asked for or given.
const USUAL: Size = Size { columns: 120, rows: 36 };

pub(super) fn run(args: &Screenshots) -> anyhow::Result<u8> {
    std::fs::create_dir_all(&args.directory).with_context(|| format!("{} cannot be made", args.directory.display()))?;
    let given = args.shots.iter().map(|shot| {
        let (name, steps) = shot.split_once('=').with_context(|| format!("`{shot}` is no NAME=STEPS"))?;
        Ok((name, steps, USUAL))
    });
    let of_readme =
        SHOTS.iter().map(|shot| Ok((shot.name, shot.keys, Size { columns: shot.columns, rows: shot.rows })));
    let shots: Vec<(&str, &str, Size)> = match args.shots.is_empty() {
        true => of_readme.collect::<anyhow::Result<_>>()?,
        false => given.collect::<anyhow::Result<_>>()?,
    };
    let themes = if args.theme == "all" { NAMES.to_vec() } else { vec![args.theme.as_str()] };
    for (name, steps, usual) in shots {
        let size = args.size.unwrap_or(usual);
        for theme in &themes {
            let file = if args.theme == "all" { format!("{name}-{theme}.svg") } else { format!("{name}.svg") };
            picture(&args.directory.join(file), steps, size, theme, args.colors)?;
        }
    }
    Ok(0)
}

fn picture(path: &Path, steps: &str, size: Size, theme: &str, colors: Colors) -> anyhow::Result<()> {
    let depth = match colors {
        Colors::None => ColorDepth::None,
        Colors::Sixteen => ColorDepth::Ansi16,
        Colors::Palette => ColorDepth::Ansi256,
        Colors::All => ColorDepth::True,
    };
    let (theme, problems) = theme::load(theme, None, depth);
    anyhow::ensure!(problems.is_empty(), "{}", problems.join("; "));
    let themes = NAMES.iter().map(|name| theme::load(name, None, depth).0).collect();
    let buffer = draw(steps, size.columns, size.rows, Options { theme, themes, ..Options::default() })?;
    std::fs::write(path, svg::render(&buffer, "driftguard")).with_context(|| path.display().to_string())
}

//! Cells in the order of their looks. In true colour a colour takes three times the bytes of a way to another place, so that a
//! screen of many colours is shorter when each of them is said once.

use ratatui::buffer::Cell;
use ratatui::style::{Color, Modifier};

use super::{Look, columns};

type Placed<'a> = (u16, u16, &'a Cell);

/// Cells side by side that are drawn with one look. A run of nothing but blanks is drawn with any ink.
struct Run<'c, 'a> {
    ground: Color,
    ink: Option<(Color, Modifier)>,
    cells: &'c [Placed<'a>],
}

/// These cells, which are in reading order, one look after the other. Rows of which it is not sure how wide a terminal draws
/// them come last and in reading order, where what follows a character writes over what it spilled.
pub(super) fn by_look<'a>(cells: &[Placed<'a>]) -> Vec<Placed<'a>> {
    let rows = || cells.chunk_by(|a, b| a.1 == b.1);
    let is_sure =
        |row: &&[Placed]| row.iter().all(|(.., cell)| columns(cell) == 1 && cell.symbol().chars().count() == 1);
    let mut runs: Vec<Run> = rows().filter(is_sure).flat_map(runs).collect();
    let grounds = distinct(runs.iter().map(|run| run.ground));
    let inks = distinct(runs.iter().filter_map(|run| run.ink).map(|(ink, _)| ink));
    let place = |all: &[Color], one: Color| all.iter().position(|other| *other == one);
    runs.sort_by_key(|run| {
        let ink = run.ink.map(|(ink, attributes)| (place(&inks, ink), attributes.bits()));
        (place(&grounds, run.ground), ink)
    });
    let last = rows().filter(|row| !is_sure(row));
    runs.iter().map(|run| run.cells).chain(last).flatten().copied().collect()
}

fn runs<'c, 'a>(row: &'c [Placed<'a>]) -> Vec<Run<'c, 'a>> {
    let mut runs: Vec<Run> = vec![];
    let mut from = 0;
    for (at, (x, _, cell)) in row.iter().enumerate() {
        let look = Look::of(cell);
        let ink = (!look.is_ground_alone_in(cell)).then_some((look.ink, look.attributes));
        let beside = at > from && row[at - 1].0 + 1 == *x;
        match runs.last_mut() {
            Some(run)
                if beside
                    && run.ground == look.ground
                    && (ink.is_none() || run.ink.is_none_or(|of| ink == Some(of))) =>
            {
                run.ink = run.ink.or(ink);
                run.cells = &row[from..=at];
            }
            _ => {
                from = at;
                runs.push(Run { ground: look.ground, ink, cells: &row[at..=at] });
            }
        }
    }
    runs
}

fn distinct<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut once = vec![];
    for one in all {
        if !once.contains(&one) {
            once.push(one);
        }
    }
    once
}

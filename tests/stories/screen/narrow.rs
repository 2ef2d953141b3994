//! On sixty columns much is cut. What is cut says so.

use std::collections::BTreeSet;

use super::sizes::{SCENES, scene};

/// Lines of a box.
const BORDERS: [char; 6] = ['│', '┌', '┐', '└', '┘', '▐'];

/// The words on a screen.
fn words(screen: &str) -> impl Iterator<Item = &str> {
    screen.split(|c: char| c.is_whitespace() || BORDERS.contains(&c))
}

/// The last word of a row, where it touches the edge of the screen, or of the box that lies over the panes.
fn at_the_edge(row: &str, columns: usize) -> Option<String> {
    let cells: Vec<char> = row.chars().collect();
    let borders: Vec<usize> = (0..cells.len()).filter(|at| BORDERS.contains(&cells[*at])).collect();
    let end = match borders.as_slice() {
        // Inside of a box a column is left free.
        [first, .., last] if last - first > 3 => last - 1,
        [last] if *last + 1 >= columns => *last,
        _ => columns,
    };
    let inside: String = cells.get(..end)?.iter().collect();
    let word = inside.split_whitespace().next_back()?;
    inside.ends_with(word).then(|| word.trim_start_matches(BORDERS).to_owned())
}

#[test]
fn what_is_cut_on_sixty_columns_says_so() {
    let mut seen = 0;
    for what in SCENES {
        // Breaks lines where it must, and says so in its title.
        if what.0.contains("toggle-wrap") {
            continue;
        }
        let mut screens = scene(what);
        let mut whole = BTreeSet::new();
        for columns in [80, 400] {
            screens.resize(columns, 200);
            whole.extend(words(&screens.screen()).map(str::to_owned));
        }
        for rows in [20, 45] {
            screens.resize(60, rows);
            for row in screens.screen().lines() {
                let Some(word) = at_the_edge(row, 60).filter(|word| !word.contains(['…', '─'])) else {
                    continue;
                };
                seen += 1;
                assert!(whole.contains(&word), "{what:?}: {word:?} may be cut:\n{}", screens.screen());
            }
        }
    }
    assert!(seen > 50, "only {seen} lines reach the edge: this test looks at the wrong place");
}

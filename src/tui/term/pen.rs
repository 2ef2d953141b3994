//! Cells as bytes, as few as any terminal understands: styles by what differs from the last one, the cursor by its shortest way.
//!
//! What only some terminals have is not used: repeating (REP) is unknown to GNU screen, and erasing paints the wrong ground
//! where a terminal has no background colour erase.

mod order;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Attributes, the number that turns each on, and the one that turns it off.
const ATTRIBUTES: [(Modifier, u8, u8); 9] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

const SEEN_ON_BLANKS: Modifier = Modifier::REVERSED.union(Modifier::UNDERLINED).union(Modifier::CROSSED_OUT);

/// As a cell is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Look {
    ink: Color,
    ground: Color,
    attributes: Modifier,
}

impl Look {
    fn of(cell: &Cell) -> Self {
        Self { ink: cell.fg, ground: cell.bg, attributes: cell.modifier }
    }

    /// How to go on for a cell: a blank shows its ground only, so it is drawn with whatever ink there is.
    fn for_cell(self, cell: &Cell) -> Self {
        let wanted = Self::of(cell);
        let is_blank = wanted.is_ground_alone_in(cell) && self.is_ground_alone_in(cell);
        if is_blank { Self { ground: wanted.ground, ..self } } else { wanted }
    }

    fn is_ground_alone_in(self, cell: &Cell) -> bool {
        cell.symbol() == " " && !self.attributes.intersects(SEEN_ON_BLANKS)
    }
}

/// Draws these cells of `screen`, which are in reading order: in that order, or look by look where that takes fewer bytes. Before
/// and after it the terminal writes as after a reset.
pub fn draw(screen: &Buffer, cells: &[(u16, u16, &Cell)]) -> Vec<u8> {
    let [reading, by_look] = [cells, &order::by_look(cells)].map(|cells| Pen::default().draw(screen, cells));
    if by_look.len() < reading.len() { by_look } else { reading }
}

/// What draws: where it stands, if that is sure, and how it writes. A new one writes as the terminal does after a reset.
#[derive(Default)]
struct Pen {
    at: Option<(u16, u16)>,
    look: Look,
}

impl Pen {
    fn draw(mut self, screen: &Buffer, cells: &[(u16, u16, &Cell)]) -> Vec<u8> {
        let mut bytes = vec![];
        for (x, y, cell) in cells {
            self.go(&mut bytes, screen, *x, *y);
            self.put(&mut bytes, screen, (*x, *y), cell);
        }
        if self.look != Look::default() {
            bytes.extend_from_slice(b"\x1b[m");
        }
        bytes
    }

    fn put(&mut self, bytes: &mut Vec<u8>, screen: &Buffer, (x, y): (u16, u16), cell: &Cell) {
        let look = self.look.for_cell(cell);
        style(bytes, self.look, look);
        self.look = look;
        bytes.extend_from_slice(cell.symbol().as_bytes());
        // Terminals differ in how far a wide or composed character takes them, and in what happens at the right edge.
        let is_sure = cell.symbol().chars().count() == 1 && columns(cell) == 1;
        self.at = (is_sure && x + 1 < screen.area.right()).then_some((x + 1, y));
    }

    fn go(&mut self, bytes: &mut Vec<u8>, screen: &Buffer, x: u16, y: u16) {
        match self.at {
            Some(at) if at == (x, y) => {}
            Some((from, row)) if row == y && from < x => {
                let step = match x - from {
                    1 => "\x1b[C".to_owned(),
                    columns => format!("\x1b[{columns}C"),
                };
                if !self.write_over(bytes, screen, (from, x), y, step.len()) {
                    bytes.extend_from_slice(step.as_bytes());
                }
            }
            _ => match x {
                0 => bytes.extend_from_slice(format!("\x1b[{}H", y + 1).as_bytes()),
                _ => bytes.extend_from_slice(format!("\x1b[{};{}H", y + 1, x + 1).as_bytes()),
            },
        }
    }

    /// Writes what stands there already, where that takes fewer bytes than going over it.
    fn write_over(&self, bytes: &mut Vec<u8>, screen: &Buffer, (from, to): (u16, u16), y: u16, most: usize) -> bool {
        let between = || (from..to).map(|x| &screen[(x, y)]);
        let plain =
            |cell: &Cell| self.look.for_cell(cell) == self.look && matches!(cell.symbol().as_bytes(), [b' '..=b'~']);
        let writes = usize::from(to - from) < most && between().all(plain);
        if writes {
            between().for_each(|cell| bytes.extend_from_slice(cell.symbol().as_bytes()));
        }
        writes
    }
}

/// Cells of `next` that a terminal which shows `shown` does not show, in reading order. Both are of one size.
pub fn differing<'a>(shown: &Buffer, next: &'a Buffer) -> Vec<(u16, u16, &'a Cell)> {
    let mut cells = vec![];
    for y in next.area.rows().map(|row| row.y) {
        let mut x = 0;
        while x < next.area.width {
            let cell = &next[(x, y)];
            // Half of a wide character does not stay when the other half is written over.
            let is_half = x > 0 && columns(&shown[(x - 1, y)]) > 1;
            if is_half || *cell != shown[(x, y)] {
                cells.push((x, y, cell));
            }
            x += columns(cell);
        }
    }
    cells
}

/// At least one.
fn columns(cell: &Cell) -> u16 {
    let symbol = cell.symbol();
    let width = if symbol.len() == 1 { 1 } else { ratatui::text::Span::raw(symbol).width() };
    u16::try_from(width).unwrap_or(1).max(1)
}

/// From one look to another: what differs, or everything after a reset, whichever is shorter.
fn style(bytes: &mut Vec<u8>, from: Look, to: Look) {
    if from == to {
        return;
    }
    let differing = parameters(from, to);
    let anew = match parameters(Look::default(), to) {
        more if more.is_empty() => String::new(),
        more => format!("0;{more}"),
    };
    let shorter = if anew.len() < differing.len() { anew } else { differing };
    bytes.extend_from_slice(format!("\x1b[{shorter}m").as_bytes());
}

fn parameters(from: Look, to: Look) -> String {
    let mut codes: Vec<String> = vec![];
    let gone = from.attributes - to.attributes;
    let off = ATTRIBUTES.iter().filter(|(attribute, ..)| gone.contains(*attribute)).map(|(.., off)| *off);
    let mut off: Vec<u8> = off.collect();
    off.dedup();
    // One number ends two of them: the other one begins again.
    let stays = |attribute: Modifier, end: u8| from.attributes.contains(attribute) && !off.contains(&end);
    let on =
        ATTRIBUTES.iter().filter(|(attribute, _, end)| to.attributes.contains(*attribute) && !stays(*attribute, *end));
    codes.extend(off.iter().copied().chain(on.map(|(_, on, _)| *on)).map(|code| code.to_string()));
    if from.ink != to.ink {
        codes.push(colour(to.ink, 30));
    }
    if from.ground != to.ground {
        codes.push(colour(to.ground, 40));
    }
    codes.join(";")
}

/// `base`: 30 for the ink, 40 for the ground. The first sixteen have numbers that older terminals know too.
fn colour(colour: Color, base: u8) -> String {
    let indexed = |index: u8| match index {
        0..8 => (base + index).to_string(),
        8..16 => (base + 60 + index - 8).to_string(),
        _ => format!("{};5;{index}", base + 8),
    };
    match colour {
        Color::Reset => (base + 9).to_string(),
        Color::Rgb(r, g, b) => format!("{};2;{r};{g};{b}", base + 8),
        Color::Indexed(index) => indexed(index),
        named => indexed(crate::tui::theme::index_of(named).unwrap_or(7)),
    }
}

#[cfg(test)]
mod tests;

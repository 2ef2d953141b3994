//! How severe such a drift usually is: a small forest and a weighted sum over what the graders say, which way the drift goes,
//! what the rules score, what its properties are about, and what policy tools would say of such properties. They know no
//! resource type and no attribute by name.

mod evidence;
mod features;
mod model;
mod subjects;

pub use evidence::{Evidence, is_label};
pub use features::{names, row};
pub use model::{FOREST as FOREST_TEXT, LINE as LINE_TEXT, MODEL, Model, TOOLS as TOOLS_TEXT, WEIGHTS, learned_names};
pub use subjects::TEXT as SUBJECTS_TEXT;

use crate::drift::{Direction, Score, Severity};

/// A hardening is never more than LOW: somebody guards better than the code says.
const MOST_OF_HARDENING: Score = Score::percent(29);

/// From here on a hardening counts all the same on the axes of performance and cost: what is shut may be what serves.
const OUTAGE: Score = Score::percent(60);

/// Where nothing tells which way it goes it is MEDIUM at most: nobody is woken for an order that differs.
const MOST_OF_UNTOLD: Score = Score::percent(59);

/// From here on a rule knows from the values how bad it is (the world let in, a wildcard granted), and nobody's habit makes it less.
pub const CERTAIN: Score = Score::percent(90);

/// A rule's score on the axes of performance and cost, by which way the drift goes: what guarding better costs on the side
/// is LOW, too.
pub fn side_score(direction: Direction, rule: Score) -> Score {
    if direction == Direction::Hardening && rule < OUTAGE { rule.min(MOST_OF_HARDENING) } else { rule }
}

/// From here on a loosening is HIGH at least.
const GRAVE: Score = Score::percent(85);
const HIGH: Score = Score::percent(60);

/// Where a rule says HIGH, a loosening is MEDIUM at least. Among such the order stays, and what graders usually call MEDIUM is
/// not overtaken.
fn at_least_medium(usual: Score) -> Score {
    usual.max(Score::percent(30 + usual.hundredths() / 20))
}

/// The score on the axes of security and compliance. `None`: nothing is known beyond the rules, and they stand.
pub fn guard_score(
    model: &Model,
    numbers: &[f64],
    direction: Direction,
    rules: &Severity,
    is_watched: bool,
) -> Option<Score> {
    let usual = model.score(numbers);
    match direction {
        Direction::Hardening => Some(usual.min(MOST_OF_HARDENING)),
        _ if rules.security >= CERTAIN => Some(usual.max(rules.security)),
        Direction::Loosening if rules.security >= GRAVE => Some(usual.max(HIGH)),
        Direction::Loosening if rules.security.max(rules.compliance) >= HIGH => Some(at_least_medium(usual)),
        Direction::Loosening => Some(usual),
        Direction::Neutral => is_watched.then_some(usual.min(MOST_OF_UNTOLD)),
        Direction::BackToDefault => is_watched.then_some(usual),
    }
}

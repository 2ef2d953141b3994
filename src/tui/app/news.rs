//! What happens while nobody looks, told in one sentence each: what a scan found, scans that fail and those that do not come.

use std::collections::{BTreeMap, BTreeSet};

use super::notice::count;
use crate::drift::{DriftEvent, ScanStage, ScanSummary, SeverityClass, Slug};

/// Names that are told; of the rest only how many there are.
const NAMED: usize = 3;
/// Columns of a name.
const NAME: usize = 40;

/// What was told, so that it is told once.
#[derive(Default, Debug)]
pub struct News {
    /// What the running scan of an environment found so far.
    found: BTreeMap<Slug, Found>,
    failing: BTreeSet<Slug>,
    pub overdue: BTreeSet<Slug>,
}

/// New and returned drift of the two worst classes.
#[derive(Default, Debug)]
struct Found {
    critical: usize,
    high: usize,
    /// Of them, those that had ended before.
    back: usize,
    /// The worst, as many as are told.
    names: Vec<(SeverityClass, String)>,
    /// As it was last told.
    said: String,
}

/// A sentence, and the one it takes the place of.
#[derive(PartialEq, Debug)]
pub struct Told {
    pub before: Option<String>,
    pub text: String,
    /// There is critical drift among it.
    pub urgent: bool,
}

impl News {
    /// A drift that is new, or has come back: how many the scan has found by now.
    pub fn hear(&mut self, event: &DriftEvent) -> Option<Told> {
        let class = event.severity_class();
        let found = self.found.entry(event.environment.clone()).or_default();
        match class {
            SeverityClass::Critical => found.critical += 1,
            SeverityClass::High => found.high += 1,
            SeverityClass::Medium | SeverityClass::Low => return None,
        }
        found.back += usize::from(event.is_regressed());
        let name = event.resource.resource_id.name(NAME);
        let at = found.names.iter().position(|(other, _)| *other < class).unwrap_or(found.names.len());
        found.names.insert(at, (class, name));
        found.names.truncate(NAMED);
        let text = format!("{}: {}", event.environment, found.says());
        let before = std::mem::replace(&mut found.said, text.clone());
        Some(Told { before: (!before.is_empty()).then_some(before), text, urgent: found.critical > 0 })
    }

    /// A scan has ended: what it found is told, and what is found next is another story. Says when an environment begins to fail and
    /// when it is over; somebody's `cancel` is neither.
    pub fn scanned(&mut self, scan: &ScanSummary) -> Option<(bool, String)> {
        self.found.remove(&scan.environment);
        if scan.stage == ScanStage::Cancelled {
            return None;
        }
        let broken = scan.sources.iter().find_map(|source| source.error.as_ref());
        if broken.is_none() && scan.stage != ScanStage::Failed {
            let was = self.failing.remove(&scan.environment);
            return was.then(|| (false, format!("{}: scans see everything again", scan.environment)));
        }
        if !self.failing.insert(scan.environment.clone()) {
            return None;
        }
        let word = if scan.stage == ScanStage::Failed { "scans fail" } else { "scans are incomplete" };
        let why = broken.map(|error| {
            let (source, message) = (error.source.line(), error.message.line());
            let help = error.help.line();
            let help = if help.is_empty() { help } else { format!("; {help}") };
            format!(": {source}: {message}{help}")
        });
        Some((true, format!("{}: {word}, what is shown may be old{}", scan.environment, why.unwrap_or_default())))
    }
}

impl Found {
    /// `2 new CRITICAL, 1 new HIGH (1 came back): a, b, c`
    fn says(&self) -> String {
        let classes = [(self.critical, SeverityClass::Critical), (self.high, SeverityClass::High)];
        let some = classes.into_iter().filter(|(number, _)| *number > 0);
        let numbers: Vec<String> = some.map(|(number, class)| format!("{number} new {}", class.as_str())).collect();
        let back = if self.back > 0 { format!(" ({} came back)", self.back) } else { String::new() };
        let names: Vec<&str> = self.names.iter().map(|(_, name)| name.as_str()).collect();
        let more = (self.critical + self.high).saturating_sub(names.len());
        let more = if more > 0 { format!(" and {}", count(more, "other")) } else { String::new() };
        format!("{}{back}: {}{more}", numbers.join(", "), names.join(", "))
    }
}

//! The packs, read once. Lines: type, attribute in [normal](super::normal) form, and what the table is about, by tabs; lines
//! that begin with `#` say where it is from.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use super::answer::{Framework, Grade, Grader};
use crate::drift::{Disruption, SeverityClass};

/// Name and text of every pack.
pub const PACKS: &[(&str, &str)] = &[
    ("severity", include_str!("../../packs/knowledge/severity.tsv")),
    ("watched", include_str!("../../packs/knowledge/watched.tsv")),
    ("controls", include_str!("../../packs/knowledge/controls.tsv")),
    ("cost", include_str!("../../packs/knowledge/cost.tsv")),
    ("disruption", include_str!("../../packs/knowledge/disruption.tsv")),
    ("expected", include_str!("../../packs/knowledge/expected.tsv")),
];

/// What one attribute of one type has in the tables.
#[derive(Clone, Default, Debug)]
pub(super) struct Entry {
    pub grades: Vec<Grade>,
    pub looked_at_by: Vec<&'static str>,
    pub controls: BTreeMap<Framework, Vec<String>>,
    pub moves_the_bill: bool,
    pub update_requires: Option<Disruption>,
    pub expected_to_change_in: u32,
}

/// By type in lower case, then by attribute.
pub(super) type Tables = HashMap<String, BTreeMap<String, Entry>>;

/// The built-in tables. A test proves that every line of them is read.
pub(super) static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut tables = Tables::new();
    for (name, text) in PACKS {
        read(name, text, &mut tables);
    }
    tables
});

/// How many lines said nothing that could be read.
pub(super) fn read(name: &str, text: &str, tables: &mut Tables) -> usize {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines.filter(|line| line_of(name, line, tables).is_none()).count()
}

fn line_of(name: &str, line: &str, tables: &mut Tables) -> Option<()> {
    let mut columns = line.split('\t');
    let (kinds, attribute, what) = (columns.next()?, columns.next()?, columns.next()?);
    // Types that share a row stand beside each other.
    for kind in kinds.split(' ') {
        let entry = tables.entry(kind.to_lowercase()).or_default().entry(attribute.to_owned()).or_default();
        match name {
            "severity" => entry.grades = what.split(' ').map(grade).collect::<Option<_>>()?,
            "watched" => entry.looked_at_by = what.split(' ').map(tool).collect::<Option<_>>()?,
            "controls" => entry.controls = what.split(' ').map(controls).collect::<Option<_>>()?,
            "cost" => entry.moves_the_bill = true,
            "disruption" => entry.update_requires = Some(disruption(what)?),
            _ => entry.expected_to_change_in = what.parse().ok()?,
        }
    }
    Some(())
}

/// `prowler=LMH`
fn grade(text: &str) -> Option<Grade> {
    let (grader, letters) = text.split_once('=')?;
    let grader = Grader::ALL.into_iter().find(|one| one.as_str() == grader)?;
    let class = |letter: char| SeverityClass::WORST_FIRST.into_iter().find(|class| class.letter() == letter);
    Some(Grade { grader, severities: letters.chars().map(class).collect::<Option<_>>()? })
}

fn tool(text: &str) -> Option<&'static str> {
    ["checkov", "steampipe"].into_iter().find(|tool| *tool == text)
}

/// `cis=1.2,1.3`
fn controls(text: &str) -> Option<(Framework, Vec<String>)> {
    let (framework, ids) = text.split_once('=')?;
    let framework = Framework::ALL.into_iter().find(|one| one.as_str() == framework)?;
    Some((framework, ids.split(',').map(str::to_owned).collect()))
}

fn disruption(text: &str) -> Option<Disruption> {
    [Disruption::None, Disruption::Some, Disruption::Replacement].into_iter().find(|one| one.as_str() == text)
}

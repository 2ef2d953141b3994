//! Finding a property in the tables, or what stands around it.

use super::answer::{Grade, Grader, Known, Near};
use super::tables::{Entry, TABLES};
use super::{normal, sibling};
use crate::drift::Disruption;

/// What is known of a property. Grades are those of its own path; without any, those of the nearest block above; without
/// those either, those of what stands in it. What is said of the property alone (cost, disruption, expectation) is never taken
/// from elsewhere.
///
/// What nobody knows under its own type is looked for under the name it has in Terraform.
pub fn of(resource_type: &str, path: &str) -> Known {
    let (kind, path) = (resource_type.to_lowercase(), normal(path));
    let own = of_kind(&kind, &path);
    if own.near != Near::Nowhere {
        return own;
    }
    let Some((kind, path)) = sibling::of(&kind, &path) else { return own };
    let other = of_kind(&kind, &path);
    // What belongs to the type alone stays what it is.
    Known { update_requires: own.update_requires.or(other.update_requires), ..other }
}

fn of_kind(kind: &str, path: &str) -> Known {
    let Some(of_type) = TABLES.get(kind) else { return Known::default() };
    let mut known = Known::default();
    if let Some(own) = of_type.get(path) {
        known.moves_the_bill = own.moves_the_bill;
        known.update_requires = own.update_requires;
        known.expected_to_change_in = own.expected_to_change_in;
    } else {
        known.update_requires = above(path).find_map(|path| of_type.get(path)?.update_requires);
    }
    let is_watched = |entry: &&Entry| !entry.grades.is_empty() || !entry.looked_at_by.is_empty();
    if let Some(own) = of_type.get(path).filter(is_watched) {
        known.near = Near::Itself;
        take(&mut known, own);
    } else if let Some(block) = above(path).find_map(|path| of_type.get(path).filter(is_watched)) {
        known.near = Near::Above;
        take(&mut known, block);
    } else {
        let below = format!("{path}.");
        let within = of_type.range(below.clone()..).take_while(|(at, _)| at.starts_with(&below));
        for (_, entry) in within.filter(|(_, entry)| is_watched(entry)) {
            known.near = Near::Within;
            take(&mut known, entry);
        }
    }
    known
}

/// How many repositories declare the property, or a block around it, as changed outside of code.
pub fn expected_to_change_in(resource_type: &str, path: &str) -> u32 {
    let Some(of_type) = TABLES.get(&resource_type.to_lowercase()) else { return 0 };
    let path = normal(path);
    let said = |path: &str| of_type.get(path).map_or(0, |entry| entry.expected_to_change_in);
    std::iter::once(path.as_str()).chain(above(&path)).map(said).max().unwrap_or(0)
}

/// The paths of the blocks around it, the nearest first.
fn above(path: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(path.rsplit_once('.'), |(above, _)| above.rsplit_once('.')).map(|(above, _)| above)
}

fn take(known: &mut Known, entry: &Entry) {
    for grade in &entry.grades {
        match known.grades.iter_mut().find(|one| one.grader == grade.grader) {
            Some(one) => {
                one.severities.extend(&grade.severities);
                one.severities.sort_unstable();
            }
            None => known.grades.push(grade.clone()),
        }
    }
    known.looked_at_by.extend(
        entry.looked_at_by.iter().filter(|tool| !known.looked_at_by.contains(tool)).copied().collect::<Vec<_>>(),
    );
    for (framework, ids) in &entry.controls {
        let all = known.controls.entry(*framework).or_default();
        all.extend(ids.iter().filter(|id| !all.contains(id)).cloned().collect::<Vec<_>>());
    }
}

impl Known {
    /// As if this tool had never graded: for measuring how well the rest does.
    pub fn without(mut self, grader: Grader) -> Self {
        self.grades.retain(|grade: &Grade| grade.grader != grader);
        if !self.is_watched() {
            self.near = Near::Nowhere;
        }
        self
    }

    /// The worst of what changing these back does; `None`: the tables do not know all of them, and nothing worse is known.
    pub fn disruption<'a>(all: impl Iterator<Item = &'a Self>) -> Option<Disruption> {
        let (mut worst, mut is_whole, mut is_any) = (Disruption::None, true, false);
        for known in all {
            is_any = true;
            match known.update_requires {
                Some(one) => worst = worst.max(one),
                None => is_whole = false,
            }
        }
        (is_any && (is_whole || worst > Disruption::None)).then_some(worst)
    }
}

//! Compares the members of each family with the others beside them; where not all of them are at hand, none of them.

use std::collections::HashSet;
use std::io;
use std::ops::ControlFlow;

use super::examine::Examiner;
use super::ordered::ordered;
use super::outcome::Outcome;
use super::relatives::{Family, MAX_FAMILY, Packed, Relatives};
use super::review::{book_all, guarded};
use super::spool::HELP;
use super::tally::Tally;
use crate::declared::DeclaredResource;
use crate::drift::{SourceError, UnverifiedReason};

/// A family on its way to a worker.
struct Task {
    family: Family,
    /// Why its members are not compared.
    refused: Option<(UnverifiedReason, String)>,
}

/// Puts a member aside. When there is no room for it, it is unverified, and so will be everything put aside before: a family
/// that is not complete would look as if something had been added to the live thing.
pub(super) fn put_aside(
    examiner: &Examiner<'_>,
    tally: &mut Tally<'_>,
    relatives: &mut Relatives,
    (key, member): (u64, Packed),
) -> Option<Outcome> {
    if relatives.is_complete {
        match relatives.add(key, &member) {
            Ok(()) => return None,
            Err(error) => {
                relatives.is_complete = false;
                tally.declared_error(no_room(&error));
            }
        }
    }
    let resource = member.unpack().ok()?;
    Some(examiner.unverified(&resource, (UnverifiedReason::SourceFailed, NOT_KEPT.into())))
}

const NOT_KEPT: &str = "the resources that describe the same live thing could not all be kept until they were compared";

fn no_room(error: &io::Error) -> SourceError {
    SourceError {
        source: std::env::temp_dir().to_string_lossy().as_ref().into(),
        message: format!(
            "resources that describe one live thing together wait in a temporary file, which failed: {error}"
        )
        .into(),
        help: format!("{HELP}: it takes about the size of the state").into(),
    }
}

/// Compares all that was put aside.
pub(super) fn families(examiner: &Examiner<'_>, tally: &mut Tally<'_>, relatives: Relatives) {
    let context = examiner.context;
    if relatives.is_empty() || tally.refused.is_some() {
        return;
    }
    let relatives = &relatives.sorted();
    let work = |task: Task| {
        let count = task.family.members.len() as u64;
        look(examiner, relatives, task).map_err(|error| (count, error))
    };
    ordered(
        context.workers,
        |task: &Task| task.family.bytes,
        |emit| {
            for task in relatives.families().flat_map(|family| tasks(family, relatives.is_complete)) {
                if context.is_cancelled() || emit(task).is_break() {
                    return;
                }
            }
        },
        work,
        |looked: Result<Vec<Outcome>, (u64, io::Error)>| match looked {
            Ok(outcomes) => book_all(outcomes, context, tally),
            Err((count, error)) => {
                tally.lost(count, no_room(&error));
                ControlFlow::Continue(())
            }
        },
    );
}

/// A family whose members are compared travels as a whole, any other one by one.
fn tasks(family: Family, is_complete: bool) -> Vec<Task> {
    let refused = if !is_complete {
        (UnverifiedReason::SourceFailed, NOT_KEPT.to_owned())
    } else if family.bytes > MAX_FAMILY {
        let (count, most) = (family.members.len(), MAX_FAMILY >> 20);
        let why =
            format!("{count} resources describe the same live thing, in more than the {most} MB compared together");
        (UnverifiedReason::Unsupported, why)
    } else {
        return vec![Task { family, refused: None }];
    };
    let bytes = family.bytes / family.members.len().max(1);
    let alone = |n| Task { family: Family { members: n..n + 1, bytes }, refused: Some(refused.clone()) };
    family.members.map(alone).collect()
}

fn look(examiner: &Examiner<'_>, relatives: &Relatives, task: Task) -> io::Result<Vec<Outcome>> {
    let mut members = relatives.load(task.family.members)?;
    if let Some((reason, why)) = task.refused {
        return Ok(members.iter().map(|m| examiner.unverified(m, (reason, why.as_str().into()))).collect());
    }
    let places = first_of_each_type_first(&mut members);
    let mut outcomes: Vec<_> =
        (0..members.len()).map(|n| (places[n], beside_the_others(examiner, &mut members, n))).collect();
    outcomes.sort_unstable_by_key(|(place, _)| *place);
    Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
}

/// So that sources find what any member of a type can tell without going through a large family for each member. Gives the place
/// each had before.
fn first_of_each_type_first(members: &mut Vec<DeclaredResource>) -> Vec<usize> {
    let mut types = HashSet::new();
    let (first, further): (Vec<_>, Vec<_>) =
        std::mem::take(members).into_iter().enumerate().partition(|(_, m)| types.insert(m.resource_type.clone()));
    let (places, sorted) = first.into_iter().chain(further).unzip();
    *members = sorted;
    places
}

/// Each in turn stands first, and the others behind it. Those at the front, of which sources ask most, stay there: the one that makes
/// room for a member from further behind is the last of them.
fn beside_the_others(examiner: &Examiner<'_>, members: &mut [DeclaredResource], n: usize) -> Outcome {
    const FRONT: usize = 64;
    let last = n.min(FRONT - 2);
    members.swap(last, n);
    members[..=last].rotate_right(1);
    let outcome = match &*members {
        [member, others @ ..] => guarded(examiner, member, || examiner.examine(member, others)),
        [] => Outcome::StateOnly,
    };
    members[..=last].rotate_left(1);
    members.swap(last, n);
    outcome
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::scan::doubles::{Cloud, Code, scan};

    /// Three parts for each of 100 things, of which the last expects other relatives; `text` makes them large.
    fn found(text: &str) -> (u64, Vec<(String, String)>) {
        let name = |n: usize| format!("f.{n:03}");
        let part = |n: usize| {
            let relatives = if n < 200 { 2 } else { 7 };
            let values = json!({"of": format!("thing {}", n % 100), "relatives": relatives, "text": text});
            json!({"type": "family_part", "address": name(n), "values": values})
        };
        let code = Code::new("state", (0..300).map(part).collect());
        let live: Vec<(String, _)> =
            (0..300).map(|n| (name(n), json!({"of": format!("thing {}", n % 100), "text": text}))).collect();
        let live: Vec<(&str, _)> = live.iter().map(|(name, values)| (name.as_str(), values.clone())).collect();
        let (report, findings) = scan(vec![code], Cloud::new(&live));
        let told =
            findings.iter().map(|f| (f.resource.resource_id.raw().to_owned(), f.changes[0].path.raw().to_owned()));
        (report.summary.counts.in_sync, told.collect())
    }

    #[test]
    fn families_from_the_disk_give_the_same_report_as_families_from_memory() {
        let small = found("");
        let expected: Vec<_> = (200..300).map(|n| (format!("f.{n}"), "relatives".to_owned())).collect();
        assert_eq!(small, (200, expected));
        assert_eq!(found(&"x".repeat(60_000)), small, "18 MB of them");
    }

    #[test]
    fn a_family_that_is_too_large_to_compare_is_unverified() {
        let family = Family { members: 3..5, bytes: MAX_FAMILY + 1 };
        let tasks = tasks(family, true);
        assert_eq!(tasks.iter().map(|t| t.family.members.clone()).collect::<Vec<_>>(), [3..4, 4..5]);
        assert!(tasks.iter().all(|t| t.refused.as_ref().is_some_and(|r| r.0 == UnverifiedReason::Unsupported)));
    }
}

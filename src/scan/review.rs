//! The second pass: every secret is known now, so what differs can be masked and told.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::examine::Examiner;
use super::families::put_aside;
use super::leaves::leaves;
use super::ordered::ordered;
use super::outcome::Outcome;
use super::pipeline::{Progress, ScanContext};
use super::reading::{Chunk, Failures, read_wanted};
use super::relatives::{Packed, Relatives};
use super::seen::hash_parts;
use super::survey::LookAgain;
use super::tally::Tally;
use crate::declared::{Declared, DeclaredResource, InstanceStatus};
use crate::drift::{ScanStage, SourceError};

/// What one chunk came to: outcomes, and members of families by hashed key.
type Reviewed = (Vec<Outcome>, Vec<(u64, Packed)>);

/// Reads again what needs a second look; gives back the members of families, which wait for each other.
pub(super) fn review(
    examiner: &Examiner<'_>,
    tally: &mut Tally<'_>,
    again: &LookAgain,
    failures: &mut Failures,
) -> Relatives {
    let (context, sources) = (examiner.context, examiner.sources);
    let mut relatives = Relatives::default();
    if again.wanted.is_empty() || tally.refused.is_some() {
        return relatives;
    }
    let more = ordered(
        context.workers,
        Chunk::weight,
        |emit| read_wanted(&sources.declared, &again.wanted, context.cancel, emit),
        |chunk| review_chunk(examiner, &chunk, again),
        |(mut outcomes, packed): Reviewed| {
            for (key, member) in packed {
                outcomes.extend(put_aside(examiner, tally, &mut relatives, (key, member)));
            }
            book_all(outcomes, context, tally)
        },
    );
    failures.extend(more);
    relatives
}

fn review_chunk(examiner: &Examiner<'_>, chunk: &Chunk, again: &LookAgain) -> Reviewed {
    let whole = again.wanted.is_whole(chunk.id);
    let (mut outcomes, mut packed) = (vec![], vec![]);
    // A chunk that does not parse was told in the first pass.
    for declared in parse(chunk).unwrap_or_default() {
        match declared {
            Declared::Drift(drift) => outcomes.push(guarded(examiner, &drift.resource, || examiner.reported(&drift))),
            Declared::Resource(resource) if matches!(resource.status, InstanceStatus::Deposed(_)) => {}
            Declared::Resource(resource) => {
                let key = catch_unwind(AssertUnwindSafe(|| family_key(examiner, &resource))).unwrap_or_default();
                match key.map(|k| hash_parts(&[&k])).filter(|k| again.plural.contains(k)) {
                    Some(key) => match Packed::new(&resource) {
                        Ok(member) => packed.push((key, member)),
                        Err(_) => outcomes.push(broken(examiner, &resource)),
                    },
                    None if whole => outcomes.push(guarded(examiner, &resource, || examiner.examine(&resource, &[]))),
                    None => {}
                }
            }
        }
    }
    (outcomes, packed)
}

/// Only when every declared source was read to its end: otherwise what nobody declares is unknown.
pub(super) fn unmanaged(examiner: &Examiner<'_>, tally: &mut Tally<'_>) {
    for (index, source) in examiner.sources.live.iter().enumerate() {
        let found = catch_unwind(AssertUnwindSafe(|| {
            for live in source.unmanaged() {
                if examiner.context.is_cancelled() || tally.refused.is_some() {
                    return;
                }
                // Another source answers for the type, and says what of it is unmanaged.
                if examiner.sources.answering(&live.resource_type) == Some(index) {
                    let _ = book_all(vec![examiner.unmanaged(&live)], examiner.context, tally);
                }
            }
        }));
        for (kind, count) in source.unsupported() {
            tally.unsupported(kind, count, source.name());
        }
        if found.is_err() {
            tally.declared_error(SourceError {
                source: source.name().as_ref().clone(),
                message: "listing its unmanaged resources failed unexpectedly".into(),
                help: "please report it; everything declared was compared".into(),
            });
        }
    }
}

pub(super) fn parse(chunk: &Chunk) -> Result<Vec<Declared>, SourceError> {
    catch_unwind(AssertUnwindSafe(|| chunk.raw.parse())).unwrap_or_else(|_| {
        Err(SourceError {
            source: chunk.raw.source.as_ref().clone(),
            message: format!("resource number {} of this source could not be parsed", chunk.id.1 + 1).into(),
            help: "please report it, with the file if you can share it; everything else was compared".into(),
        })
    })
}

pub(super) fn family_key(examiner: &Examiner<'_>, resource: &DeclaredResource) -> Option<String> {
    let index = examiner.sources.answering(&resource.resource_type)?;
    // Two sources never share a live thing.
    examiner.sources.live[index].family_key(resource).map(|key| format!("{index} {key}"))
}

pub(super) fn guarded(examiner: &Examiner<'_>, resource: &DeclaredResource, look: impl FnOnce() -> Outcome) -> Outcome {
    catch_unwind(AssertUnwindSafe(look)).unwrap_or_else(|_| broken(examiner, resource))
}

pub(super) fn broken(examiner: &Examiner<'_>, resource: &DeclaredResource) -> Outcome {
    Outcome::Broken(Box::new(examiner.reference(resource)), leaves(&resource.values))
}

pub(super) fn book_all(outcomes: Vec<Outcome>, context: &ScanContext<'_>, tally: &mut Tally<'_>) -> ControlFlow<()> {
    for outcome in outcomes {
        tally.take(outcome)?;
    }
    (context.progress)(Progress {
        stage: ScanStage::Compare,
        resources: tally.counts.resources,
        drifted: tally.counts.drifted,
    });
    ControlFlow::Continue(())
}

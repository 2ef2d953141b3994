//! The first pass: settles what is in sync, learns every secret, and says what to look at again.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::dependants::{Dependants, dependencies};
use super::examine::{Examiner, address_hash};
use super::kin::Kin;
use super::moves;
use super::ordered::ordered;
use super::outcome::{Glance, Outcome};
use super::pipeline::Note;
use super::reading::{Chunk, ChunkId, Reading, Wanted, read_all};
use super::review::{book_all, broken, family_key, parse};
use super::seen::hash_parts;
use super::tally::Tally;
use crate::compare::Context;
use crate::declared::{Declared, DeclaredResource, InstanceStatus};
use crate::drift::{ResourceRef, SourceError};

/// Chunks to look at again: those that differ, and the parts of families.
pub(super) struct LookAgain {
    pub wanted: Wanted,
    /// Hashes of the keys of families with several members.
    pub plural: HashSet<u64>,
}

/// What the first pass found in one chunk.
struct Surveyed {
    id: ChunkId,
    hash: u64,
    result: Result<(), SourceError>,
    settled: Vec<Outcome>,
    /// By hashed family key; settled as if it had no relatives.
    family: Vec<(u64, Outcome)>,
    addresses: Vec<u64>,
    /// What its resources depend on, by hashed address.
    dependencies: Vec<u64>,
    notes: Vec<Note>,
    /// What its resources are called.
    names: Context,
    /// What it says of where drifts went.
    moves: moves::Declared,
    /// Something in it needs a second look, and then all of it gets one.
    later: bool,
}

/// Reads everything once.
pub(super) fn survey(examiner: &mut Examiner<'_>, tally: &mut Tally<'_>) -> (Reading, LookAgain) {
    let (context, sources) = (examiner.context, examiner.sources);
    let mut wanted = Wanted::default();
    let mut kin = Kin::default();
    // Several sources may declare the same address; one alone cannot.
    let one_source = sources.declared.len() < 2;
    let mut homes: HashMap<u64, u32> = HashMap::new();
    let mut ambiguous = HashSet::new();
    let mut names = Context::default();
    let mut dependants = Dependants::default();
    let mut declared = moves::Declared::default();
    let mut unparsed = HashSet::new();
    let reading = ordered(
        context.workers,
        Chunk::weight,
        |emit| read_all(&sources.declared, context.cancel, emit),
        |chunk| survey_chunk(examiner, &chunk),
        |seen: Surveyed| {
            for address in seen.addresses.iter().filter(|_| !one_source) {
                if *homes.entry(*address).or_insert(seen.id.0) != seen.id.0 {
                    ambiguous.insert(*address);
                }
            }
            names.merge(seen.names);
            declared.merge(seen.moves);
            dependants.add(seen.dependencies);
            seen.notes.into_iter().for_each(|note| tally.note(note));
            if let Err(error) = seen.result {
                unparsed.insert(seen.id.0);
                tally.declared_error(error);
            }
            let rows = seen.settled.iter().chain(seen.family.iter().map(|(_, outcome)| outcome)).map(Outcome::to_list);
            // What is listed is masked, and that takes every secret.
            let later = seen.later || tally.untold.wants(rows.sum());
            if later {
                wanted.add((seen.id, seen.hash), true);
            }
            for (key, outcome) in seen.family {
                kin.add(key, (seen.id, seen.hash), (!later).then_some(outcome), &mut wanted);
            }
            let settled = if later { vec![] } else { seen.settled };
            book_all(settled, context, tally)
        },
    );
    examiner.ambiguous = ambiguous;
    examiner.dependants = dependants;
    examiner.home.absorb(names);
    if let Some(known) = context.remembered.as_ref().filter(|_| !context.is_cancelled()) {
        let is_whole = reading.failures.is_empty() && !tally.blind_declared;
        let is_read = |index: usize| reading.facts.contains_key(&index) && !unparsed.contains(&(index as u32));
        let read = (sources.declared.iter().enumerate()).filter(|(index, _)| is_read(*index));
        let names: HashSet<&str> = read.map(|(_, source)| source.name().raw()).collect();
        let is_read = |gone: &ResourceRef| gone.declared_in.as_ref().is_some_and(|from| names.contains(from.raw()));
        examiner.moves.settle(declared, known.own_id, |gone| is_whole || is_read(gone));
    }
    let plural = kin.book(tally);
    (reading, LookAgain { wanted: wanted.sorted(), plural })
}

fn survey_chunk(examiner: &Examiner<'_>, chunk: &Chunk) -> Surveyed {
    let mut seen = Surveyed {
        id: chunk.id,
        hash: chunk.hash(),
        result: Ok(()),
        settled: vec![],
        family: vec![],
        addresses: vec![],
        dependencies: vec![],
        notes: vec![],
        names: Context::default(),
        moves: moves::Declared::default(),
        later: false,
    };
    let parsed = match parse(chunk) {
        Ok(parsed) => parsed,
        Err(error) => {
            seen.result = Err(error);
            return seen;
        }
    };
    for declared in &parsed {
        match declared {
            Declared::Resource(resource) => survey_resource(examiner, resource, &mut seen),
            Declared::Drift(drift) => {
                let resource = &drift.resource;
                examiner.moves.look(resource, &mut seen.moves);
                examiner.redactor.learn(&resource.resource_type, &resource.values, &resource.sensitive);
                if let Some(live) = &drift.live {
                    examiner.redactor.learn(&resource.resource_type, live, &drift.live_sensitive);
                }
                seen.later = true;
            }
        }
    }
    seen
}

fn survey_resource(examiner: &Examiner<'_>, resource: &DeclaredResource, seen: &mut Surveyed) {
    if resource.status != InstanceStatus::Normal {
        seen.notes.push(Note { resource: examiner.reference(resource), status: resource.status.clone() });
    }
    if matches!(resource.status, InstanceStatus::Deposed(_)) {
        return;
    }
    seen.addresses.push(address_hash(resource));
    examiner.moves.look(resource, &mut seen.moves);
    seen.dependencies.extend(dependencies(resource));
    seen.names.learn(&resource.resource_type, &resource.values);
    let glance = catch_unwind(AssertUnwindSafe(|| (examiner.glance(resource), family_key(examiner, resource))));
    match glance {
        Ok((Glance::Settled(outcome), None)) => seen.settled.push(outcome),
        Ok((Glance::Settled(outcome), Some(key))) => seen.family.push((hash_parts(&[&key]), outcome)),
        Ok((Glance::Later, key)) => {
            seen.later = true;
            seen.family.extend(key.map(|k| (hash_parts(&[&k]), broken(examiner, resource))));
        }
        Err(_) => seen.later = true,
    }
}

//! Resources that stand at another address than before: moved in the state (`terraform state mv`), into a module, under another key of
//! `for_each`.
//!
//! Terraform's own `id` tells: what differed at an address that no source declares any more, and what one other address alone has now,
//! is the same resource, when the cloud's id is the same too. Two addresses that have one id at once (imported twice) are no move.

use std::collections::{HashMap, HashSet};

use super::StandingDrift;
use super::examine::address_hash;
use super::seen::hash_parts;
use crate::declared::DeclaredResource;
use crate::drift::{DriftId, ResourceRef};
use crate::safety::Tainted;
use crate::store::Observation;

/// Drifts that had not ended when the scan began, and where their resources went.
#[derive(Default)]
pub(super) struct Moves {
    /// By hashed type and address.
    standing: HashMap<u64, Vec<StandingDrift>>,
    types: HashSet<String>,
    /// By the hashed address now.
    moved: HashMap<u64, ResourceRef>,
}

/// What the first pass says of it, chunk by chunk.
#[derive(Default)]
pub(super) struct Declared {
    /// Hashed type and address of standing drifts that are declared still.
    still: HashSet<u64>,
    /// Hashed type and `id`, and the hashed address, of whatever is of the types of standing drifts.
    ids: Vec<(u64, u64)>,
}

impl Moves {
    pub fn of(standing: &[StandingDrift]) -> Self {
        let mut moves = Self::default();
        for drift in standing {
            let kind = drift.resource.resource_type.raw();
            moves.types.insert(kind.to_owned());
            let key = hash_parts(&[kind, drift.resource.resource_id.raw()]);
            moves.standing.entry(key).or_default().push(drift.clone());
        }
        moves
    }

    /// What one declared resource says of it.
    pub fn look(&self, declared: &DeclaredResource, seen: &mut Declared) {
        let kind = &*declared.resource_type;
        if !self.types.contains(kind) {
            return;
        }
        let address = address_hash(declared);
        // As it is named where several sources declare the address.
        let named = hash_parts(&[kind, &format!("{} ({})", declared.address.raw(), declared.source.raw())]);
        seen.still.extend([address, named].into_iter().filter(|key| self.standing.contains_key(key)));
        if let Some(id) = declared.values.get("id").and_then(|id| id.as_str()).filter(|id| !id.is_empty()) {
            seen.ids.push((hash_parts(&[kind, id]), address));
        }
    }

    /// When all was read that can be. `id_of`: the `id` that the state said of the resource when the drift was last seen; `is_read`:
    /// whether that state was read to its end, as what was not read may declare it still.
    pub fn settle(
        &mut self,
        mut declared: Declared,
        id_of: impl Fn(DriftId) -> Option<String>,
        is_read: impl Fn(&ResourceRef) -> bool,
    ) {
        declared.ids.sort_unstable();
        declared.ids.dedup();
        let mut from = HashMap::<u64, Option<ResourceRef>>::new();
        for (_, drifts) in self.standing.iter().filter(|(key, _)| !declared.still.contains(key)) {
            let Some(StandingDrift { id: drift, resource, .. }) = drifts.first() else { continue };
            let Some(id) = Some(*drift).filter(|_| is_read(resource)).and_then(&id_of) else { continue };
            let Some(now) = declared.only_address(hash_parts(&[resource.resource_type.raw(), &id])) else { continue };
            // What stood there before is not what came from elsewhere; nor is it known which of two came.
            if !self.standing.contains_key(&now) {
                from.entry(now).and_modify(|known| *known = None).or_insert_with(|| Some(resource.clone()));
            }
        }
        self.moved = from.into_iter().filter_map(|(now, from)| Some((now, from?))).collect();
    }

    /// The address before, where the resource moved since the last scan. `provider_id`: the cloud's id of what was found.
    pub fn from(&self, declared: &DeclaredResource, provider_id: Option<&Tainted>) -> Option<&Tainted> {
        let before = self.moved.get(&address_hash(declared))?;
        let is_same = before.provider_id.is_none() || before.provider_id.as_ref() == provider_id;
        is_same.then_some(&before.resource_id)
    }

    /// What is remembered of it at the address before, whenever it moved. `load`: by address.
    pub fn remembered(
        &self,
        declared: &DeclaredResource,
        load: impl Fn(&Tainted) -> Option<Observation>,
    ) -> Option<Observation> {
        let key = address_hash(declared);
        if let Some(before) = self.moved.get(&key) {
            return load(&before.resource_id);
        }
        let of = |one: &StandingDrift| Some((one.resource.previous_address.clone()?, one.appeared));
        let (address, appeared) = self.standing.get(&key)?.iter().find_map(of)?;
        // Since it drifted it was in sync nowhere: what was seen there later is another resource, under an address that is used again.
        load(&address).filter(|seen| seen.observed_at < appeared)
    }
}

impl Declared {
    pub fn merge(&mut self, other: Self) {
        self.still.extend(other.still);
        self.ids.extend(other.ids);
    }

    /// The address that has an id, where no other has it.
    fn only_address(&self, id: u64) -> Option<u64> {
        let first = self.ids.partition_point(|(other, _)| *other < id);
        match &self.ids[first..] {
            [(one, address)] if *one == id => Some(*address),
            [(one, address), (other, _), ..] if *one == id && *other != id => Some(*address),
            _ => None,
        }
    }
}

#[cfg(test)]
#[path = "moves_tests.rs"]
mod tests;

//! Resources that stand at another address than before: moved in the state (`terraform state mv`), into a module, under another key of
//! `for_each`.
//!
//! Terraform's own `id` tells: what differed at an address that no source declares any more, and what one other address alone has now,
//! is the same resource, when the cloud's id is the same too. Two addresses that have one id at once (imported twice) are no move.

use std::collections::{HashMap, HashSet};

use super::examine::address_hash;
use super::seen::hash_parts;
use crate::declared::DeclaredResource;
use crate::drift::{DriftId, ResourceRef};
use crate::safety::Tainted;

/// Drifts that had not ended when the scan began, and where their resources went.
#[derive(Default)]
pub(super) struct Moves {
    /// By hashed type and address.
    standing: HashMap<u64, Vec<(DriftId, ResourceRef)>>,
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
    pub fn of(standing: &[(DriftId, ResourceRef)]) -> Self {
        let mut moves = Self::default();
        for (id, resource) in standing {
            let kind = resource.resource_type.raw();
            moves.types.insert(kind.to_owned());
            let key = hash_parts(&[kind, resource.resource_id.raw()]);
            moves.standing.entry(key).or_default().push((*id, resource.clone()));
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

    /// When everything was read. `id_of`: the `id` that the state said of the resource when the drift was last seen.
    pub fn settle(&mut self, mut declared: Declared, id_of: impl Fn(DriftId) -> Option<String>) {
        declared.ids.sort_unstable();
        declared.ids.dedup();
        let mut from = HashMap::<u64, Option<ResourceRef>>::new();
        for (_, drifts) in self.standing.iter().filter(|(key, _)| !declared.still.contains(key)) {
            let Some((drift, resource)) = drifts.first() else { continue };
            let Some(id) = id_of(*drift) else { continue };
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

    /// The address before, whenever it moved, for what is remembered of it.
    pub fn before(&self, declared: &DeclaredResource) -> Option<&Tainted> {
        let key = address_hash(declared);
        let moved_then = || self.standing.get(&key)?.iter().find_map(|(_, one)| one.previous_address.as_ref());
        self.moved.get(&key).map(|before| &before.resource_id).or_else(moved_then)
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

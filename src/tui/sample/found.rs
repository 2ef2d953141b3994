//! The sample world's drifts in the order and the groups a query names.

use std::cmp::Reverse;

use crate::drift::DriftEvent;
use crate::drift::query::{Group, GroupKey, GroupRow, Groups, Sort};

/// Newest first come in.
pub fn sort(rows: &mut [&DriftEvent], by: Sort) {
    match by {
        Sort::Newest => {}
        Sort::Oldest => rows.reverse(),
        Sort::Severity => rows.sort_by_key(|event| Reverse(event.severity_class())),
        Sort::Blast => rows.sort_by_key(|event| Reverse(event.dependants)),
    }
}

/// Of rows that are sorted: a group stands where its first member does.
pub fn groups(rows: &[&DriftEvent], by: Group, limit: usize) -> Groups {
    let mut groups: Vec<GroupRow> = vec![];
    for event in rows {
        let (key, at) = (GroupKey::of(by, event), event.detected_at);
        let Some(group) = groups.iter_mut().find(|group| group.key == key) else {
            groups.push(GroupRow {
                key,
                count: 1,
                worst: event.severity_class(),
                oldest: at,
                newest: at,
                dependants: event.dependants,
                is_spread: false,
                environments: vec![event.environment.clone()],
                sample: (*event).clone(),
            });
            continue;
        };
        group.count += 1;
        group.worst = group.worst.max(event.severity_class());
        if let Err(at) = group.environments.binary_search(&event.environment) {
            group.environments.insert(at, event.environment.clone());
        }
        group.is_spread = group.environments.len() > 1;
        group.oldest = group.oldest.min(at);
        if at > group.newest {
            (group.newest, group.sample) = (at, (*event).clone());
        }
        group.dependants = group.dependants.max(event.dependants);
    }
    let total = groups.len() as u64;
    groups.truncate(limit);
    Groups { rows: groups, total, drifts: rows.len() as u64, is_cut: false }
}

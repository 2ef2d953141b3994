//! Attributes that practitioners declare as changed outside their code: `packs/expected-changes.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::Facts;
use crate::analysis::pack::normal;

pub(in crate::analysis) const PACK: (&str, &str) =
    ("expected-changes", include_str!("../../../packs/expected-changes.toml"));

/// Repositories by resource type and normal path. A test proves that it loads.
static TABLE: LazyLock<BTreeMap<String, BTreeMap<String, u32>>> = LazyLock::new(|| load(PACK.1).unwrap_or_default());

/// As many repositories say it as make a habit.
const HABIT: u32 = 3;

/// All changes of a drift stand in the table.
pub(super) struct Expected {
    /// Independent repositories that say so of the least known of them.
    repositories: u32,
}

impl Expected {
    pub(super) fn alone(&self) -> f64 {
        if self.repositories >= HABIT { 0.60 } else { 0.40 }
    }

    pub(super) fn sentence(&self) -> String {
        format!(
            "{} public repositories declare what differs as changed outside the code (`ignore_changes`).",
            self.repositories
        )
    }
}

/// `None` when some change is none that is expected.
pub(super) fn of(facts: &Facts<'_>) -> Option<Expected> {
    let known = TABLE.get(facts.resource.resource_type.raw())?;
    let said = |path: &str| known.iter().find(|(name, _)| is_within(path, name)).map(|(_, repositories)| *repositories);
    let each = facts.changes.iter().map(|change| said(&normal(change.path.raw())));
    let repositories = each.collect::<Option<Vec<u32>>>()?.into_iter().min()?;
    Some(Expected { repositories })
}

fn is_within(path: &str, name: &str) -> bool {
    path.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn load(text: &str) -> Result<BTreeMap<String, BTreeMap<String, u32>>, toml::de::Error> {
    let table: BTreeMap<String, BTreeMap<String, u32>> = toml::from_str(text)?;
    let normal_paths = |paths: BTreeMap<String, u32>| paths.iter().map(|(path, said)| (normal(path), *said)).collect();
    Ok(table.into_iter().map(|(kind, paths)| (kind, normal_paths(paths))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pack_loads_and_a_path_within_an_attribute_counts_as_it() {
        let table = load(PACK.1).unwrap();
        assert!(table.len() > 20 && table["aws_ecs_service"]["desiredcount"] >= HABIT);
        assert!(is_within("defaultaction.forward", "defaultaction") && !is_within("defaultactions", "defaultaction"));
    }
}

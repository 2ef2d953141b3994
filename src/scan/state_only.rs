//! Types that exist in the state alone, as data: `packs/state-only.toml`, compiled into the binary and read once.

use std::sync::LazyLock;

use globset::{Glob, GlobSet, GlobSetBuilder};
use serde::Deserialize;

const PACK: &str = include_str!("../../packs/state-only.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    provider: Vec<Provider>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Provider {
    /// For people.
    #[serde(rename = "source")]
    _source: String,
    types: Vec<String>,
}

/// A test proves that the pack loads, so an error here cannot happen in a build that passed its tests.
static TYPES: LazyLock<GlobSet> = LazyLock::new(|| load(PACK).unwrap_or_else(|_| GlobSet::empty()));

fn load(text: &str) -> Result<GlobSet, String> {
    let file: File = toml::from_str(text).map_err(|e| e.to_string())?;
    let mut set = GlobSetBuilder::new();
    for pattern in file.provider.iter().flat_map(|p| &p.types) {
        set.add(Glob::new(pattern).map_err(|e| e.to_string())?);
    }
    set.build().map_err(|e| e.to_string())
}

/// Whether nothing outside of the state could differ from it.
pub(super) fn is_state_only(resource_type: &str) -> bool {
    TYPES.is_match(resource_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pack_loads_and_holds_what_lives_in_the_state_alone() {
        assert!(load(PACK).is_ok_and(|set| set.len() >= 10));
        for known in
            ["random_id", "random_password", "null_resource", "terraform_data", "tls_private_key", "time_static"]
        {
            assert!(is_state_only(known), "{known}");
        }
        for outside in ["local_file", "aws_instance", "acme_certificate", "timescale_service", "nullstone_app"] {
            assert!(!is_state_only(outside), "{outside}");
        }
    }
}

//! `packs/codify-blocks.toml`: the nested blocks of well known types.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

use serde::Deserialize;

use super::Known;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct Listed {
    blocks: BTreeSet<String>,
    required: BTreeSet<String>,
    computed: BTreeSet<String>,
}

/// It is checked by a test, so what could not be parsed here is empty.
static LISTED: LazyLock<HashMap<String, Arc<Known>>> = LazyLock::new(|| parse().unwrap_or_default());

fn parse() -> Result<HashMap<String, Arc<Known>>, toml::de::Error> {
    let read: HashMap<String, Listed> = toml::from_str(include_str!("../../../packs/codify-blocks.toml"))?;
    let known =
        |Listed { blocks, required, computed }| Arc::new(Known { blocks, required, computed, ..Known::default() });
    Ok(read.into_iter().map(|(kind, listed)| (kind, known(listed))).collect())
}

pub(super) fn known(resource_type: &str) -> Option<Arc<Known>> {
    LISTED.get(resource_type).cloned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_path_of_the_pack_stands_below_a_block_that_it_has() {
        let all = super::parse().unwrap();
        assert!(all.len() > 100);
        for (kind, known) in all {
            for place in known.blocks.iter().chain(&known.required).chain(&known.computed) {
                let above = place.rsplit_once('.').map(|(above, _)| above);
                assert!(above.is_none_or(|above| known.blocks.contains(above)), "{kind}: {place}");
            }
        }
    }
}

//! `packs/codify-terraform.toml`: what must not be written into code.

use std::collections::HashMap;
use std::sync::LazyLock;

use hcl_edit::structure::Body;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Pack {
    computed: Vec<String>,
    one_of: Vec<Vec<String>>,
    of: HashMap<String, Vec<String>>,
}

/// It is checked by a test, so what could not be parsed here is empty.
static PACK: LazyLock<Pack> = LazyLock::new(|| parse().unwrap_or_default());

fn parse() -> Result<Pack, toml::de::Error> {
    toml::from_str(include_str!("../../packs/codify-terraform.toml"))
}

/// Why an attribute must not be written into a block, as far as is known.
pub(super) fn forbids(resource_type: &str, attribute: &str, body: &Body) -> Option<String> {
    let own = PACK.of.get(resource_type).is_some_and(|names| names.iter().any(|name| name == attribute));
    if own || is_given(attribute) {
        return Some("the provider computes it: no code can say it".into());
    }
    let group = PACK.one_of.iter().find(|group| group.iter().any(|name| name == attribute))?;
    let other = group.iter().find(|name| *name != attribute && body.has_attribute(name))?;
    (!body.has_attribute(attribute)).then(|| format!("it conflicts with `{other}`, which the code says"))
}

/// The provider gives it out, whatever has it.
pub(super) fn is_given(attribute: &str) -> bool {
    PACK.computed.iter().any(|name| name == attribute)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_pack_can_be_read() {
        let pack = super::parse().unwrap();
        assert!(pack.of.len() > 5 && pack.one_of.iter().all(|group| group.len() > 1));
    }
}

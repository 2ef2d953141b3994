//! How many declared resources depend on each other one, counted in the first pass: 16 bytes for each that anything depends on.

use std::collections::HashMap;

use super::seen::hash_parts;
use crate::declared::DeclaredResource;

/// Beyond so many addresses no further ones are counted; those that are counted are exact.
const MOST: usize = 1_000_000;

/// Direct dependants, by hashed address without instance keys: that is how Terraform's state names dependencies, so that all
/// instances of a resource have the same dependants. What depends only through something else is not counted.
#[derive(Default)]
pub(super) struct Dependants(HashMap<u64, u32>);

impl Dependants {
    /// Counts what one resource depends on.
    pub fn add(&mut self, dependencies: impl IntoIterator<Item = u64>) {
        for address in dependencies {
            let room = self.0.len() < MOST;
            match self.0.get_mut(&address) {
                Some(count) => *count = count.saturating_add(1),
                None if room => drop(self.0.insert(address, 1)),
                None => {}
            }
        }
    }

    pub fn of(&self, declared: &DeclaredResource) -> u32 {
        self.0.get(&hash(declared.address.raw())).copied().unwrap_or(0)
    }
}

/// Hashes of the addresses a resource depends on, each once.
pub(super) fn dependencies(declared: &DeclaredResource) -> Vec<u64> {
    let mut hashes: Vec<u64> = declared.dependencies.iter().map(|address| hash(address.raw())).collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

fn hash(address: &str) -> u64 {
    hash_parts(&[&without_keys(address)])
}

/// `module.net.aws_vpc.main` of `module.net["a.b"].aws_vpc.main[0]`. A key may hold anything, a bracket too.
fn without_keys(address: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(address.len()), address);
    while let Some(open) = rest.find('[') {
        out.push_str(&rest[..open]);
        let close = if rest[open..].starts_with("[\"") { "\"]" } else { "]" };
        let Some(end) = rest[open..].find(close) else { return out };
        rest = &rest[open + end + close.len()..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_share_the_dependants_of_their_resource() {
        for (address, plain) in [
            ("aws_vpc.main", "aws_vpc.main"),
            ("module.net[\"a.b]\"].aws_vpc.main[0]", "module.net.aws_vpc.main"),
            ("aws_vpc.main[", "aws_vpc.main"),
        ] {
            assert_eq!(without_keys(address), plain);
        }
    }
}

//! Large items that were asked for last: the thousands of rules of one security group all look at the group's item, and reading
//! it anew for each would take the square of their number.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::index::Index;
use super::item::Item;
use super::mapping::Type;
use super::rules::LiveRules;

/// Bytes of text from which an item is worth keeping,
const LARGE: usize = 16 << 10;
/// and of all that are kept; parsed they take several times the room.
const KEPT: usize = 4 << 20;

/// See the module.
#[derive(Default)]
pub(super) struct Recall(Mutex<VecDeque<Kept>>);

struct Kept {
    entry: usize,
    terraform: &'static str,
    bytes: usize,
    parsed: Arc<Parsed>,
}

/// An item, and what is made of it once.
pub(super) struct Parsed {
    pub item: Item,
    rules: [OnceLock<LiveRules>; 2],
}

impl Parsed {
    pub fn new(item: Item) -> Self {
        Self { item, rules: Default::default() }
    }

    /// A security group's live rules of one direction.
    pub fn rules(&self, ingress: bool) -> &LiveRules {
        self.rules[usize::from(ingress)].get_or_init(|| LiveRules::of(&self.item, ingress))
    }
}

impl Recall {
    /// Item `n`, as far as the type wants it.
    pub fn item(&self, index: &Index, n: usize, spec: &'static Type) -> Result<Arc<Parsed>, serde_json::Error> {
        let read = || index.item(n, spec.wanted()).map(|item| Arc::new(Parsed::new(item)));
        let bytes = index.entries[n].text.len();
        if bytes < LARGE {
            return read();
        }
        // Held while reading: whoever waits wants the same item, as a rule.
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.iter().find(|k| k.entry == n && k.terraform == spec.terraform) {
            return Ok(Arc::clone(&known.parsed));
        }
        let parsed = read()?;
        kept.push_back(Kept { entry: n, terraform: &spec.terraform, bytes, parsed: Arc::clone(&parsed) });
        while kept.len() > 1 && kept.iter().map(|k| k.bytes).sum::<usize>() > KEPT {
            kept.pop_front();
        }
        Ok(parsed)
    }
}

//! THE CORE: compares declared, live and remembered values of one resource. Pure; no I/O; fuzzable.
//!
//! [`compare`] gives four answers that are never mixed: changes (drift), hidden (a named rule says both sides mean the
//! same), unverified (cannot be compared), and in sync (none of them).

use serde_json::Value;

use crate::drift::{ChangeType, UnverifiedReason};

/// How property names and values of a resource are spelt; decides which general rules apply.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Dialect {
    /// snake_case, blocks as lists of objects.
    Terraform,
    /// PascalCase, tags as lists of `Key`/`Value`.
    Cloudformation,
    /// camelCase items as AWS Config records them.
    AwsConfig,
    Kubernetes,
    Azure,
    Gcp,
}

/// Which properties the live reader returns for the type.
#[derive(Clone, PartialEq, Debug)]
pub enum Observable {
    /// The whole model comes back.
    All,
    /// Only these paths (and what lies below them); others are unverified.
    Paths(std::sync::Arc<[String]>),
}

/// One resource to compare. `declared` and `live` are unmasked and in the same dialect.
pub struct Subject<'a> {
    pub dialect: Dialect,
    pub resource_type: &'a str,
    pub declared: &'a Value,
    pub live: &'a Value,
    /// What was last seen and accepted, if the resource was ever seen.
    pub memory: Option<Memory<'a>>,
    pub observable: &'a Observable,
}

/// What the code does not state is judged against what was seen before. Both values are masked, so that secrets can be
/// compared without being kept.
pub struct Memory<'a> {
    pub remembered: &'a Value,
    pub live: &'a Value,
}

/// A differing property with its values as they came; mask before it goes anywhere.
#[derive(Clone, PartialEq, Debug)]
pub struct RawChange {
    pub path: String,
    pub change_type: ChangeType,
    pub declared: Option<Value>,
    pub actual: Option<Value>,
}

/// A difference that `rule` explains away.
#[derive(Clone, PartialEq, Debug)]
pub struct RawHidden {
    pub path: String,
    pub rule: &'static str,
    pub declared: Option<Value>,
    pub actual: Option<Value>,
}

/// A property that could not be compared.
#[derive(Clone, PartialEq, Debug)]
pub struct RawUnverified {
    pub path: String,
    pub reason: UnverifiedReason,
}

/// The answer; every list is sorted by path.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Verdict {
    pub changes: Vec<RawChange>,
    pub hidden: Vec<RawHidden>,
    pub unverified: Vec<RawUnverified>,
}

/// Compares one resource. Deterministic: same input, same answer in the same order.
pub fn compare(_subject: &Subject<'_>) -> Verdict {
    Verdict::default()
}

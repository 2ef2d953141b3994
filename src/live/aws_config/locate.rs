//! From a declared resource to its item: by identity, within the account and region the state reveals.

use serde_json::Value;

use super::index::Index;
use super::item::Presence;
use super::mapping::Type;
use crate::declared::DeclaredResource;
use crate::drift::UnverifiedReason;
use crate::safety::Tainted;

/// Relatives that are asked for account and region: parts of one thing say them all or not at all, and a family may be large.
const ASKED: usize = 64;

/// Where the item of a declared resource is.
pub(super) enum Located {
    One(usize),
    /// The state does not tell which.
    Several(Vec<usize>),
    /// A snapshot lists the type completely, and it is not there.
    Missing,
    Unknown(UnverifiedReason, Tainted),
}

/// Looks the resource up under each of its identities.
pub(super) fn locate(index: &Index, spec: &Type, declared: &DeclaredResource, family: &[DeclaredResource]) -> Located {
    let place = Place::of(declared, family);
    let text = |attribute: &str| declared.values.get(attribute).and_then(Value::as_str).filter(|s| !s.is_empty());
    let (mut named, mut deleted) = (false, None);
    for (attribute, key) in &spec.identity {
        let Some(id) = text(attribute) else { continue };
        named = true;
        let mut found = index.find(&spec.config, *key, id);
        found.retain(|n| place.fits(index.scope(*n)));
        // What lives beats what died: a resource that was made anew has the old one's name beside a history of its own.
        let is_gone = |n: &usize| index.presence(*n) == Presence::Deleted;
        deleted = deleted.or(found.iter().copied().find(is_gone));
        found.retain(|n| !is_gone(n));
        match found.as_slice() {
            [] if index.is_unprocessed(&spec.config, id) => {
                let detail = "AWS gave no answer for this resource when it was recorded (unprocessedResourceKeys)";
                return Located::Unknown(UnverifiedReason::SourceFailed, detail.into());
            }
            [] => {}
            [one] => return Located::One(*one),
            _ => return Located::Several(found),
        }
    }
    match deleted {
        Some(n) => Located::One(n),
        None => absent(index, spec, &place, named),
    }
}

/// Why there is no item: gone, or only not recorded here?
fn absent(index: &Index, spec: &Type, place: &Place, named: bool) -> Located {
    let concerns = |types: &[String]| types.is_empty() || types.iter().any(|t| t.eq_ignore_ascii_case(&spec.config));
    if !named {
        let wanted: Vec<&str> = spec.identity.iter().map(|(attribute, _)| attribute.as_str()).collect();
        let detail = format!("the state holds no {} to find it by", wanted.join(" or "));
        return Located::Unknown(UnverifiedReason::NotObservable, detail.into());
    }
    if let Some(fault) = index.faults.iter().find(|f| concerns(&f.types)) {
        let detail = format!("not among what could be read of {}: {}", fault.source, fault.message);
        return Located::Unknown(fault.reason, detail.into());
    }
    if index.covers(&spec.config, |scope| place.fits(scope)) {
        return Located::Missing;
    }
    let detail = format!(
        "no recorded item, and no snapshot that lists {}{}: it may exist all the same",
        spec.config,
        place.in_words()
    );
    Located::Unknown(UnverifiedReason::NotObservable, detail.into())
}

/// Account and region, empty where the state does not reveal them.
struct Place {
    account: String,
    region: String,
}

impl Place {
    /// From the resource's ARN, else its own attributes, else a relative's (a bucket's parts carry no ARN).
    fn of(declared: &DeclaredResource, family: &[DeclaredResource]) -> Self {
        let everyone = || std::iter::once(declared).chain(family.iter().take(ASKED));
        let first = |read: &dyn Fn(&Value) -> Option<String>| {
            everyone().find_map(|r| read(&r.values).filter(|s| !s.is_empty())).unwrap_or_default()
        };
        let text = |v: &Value, key: &str| v.get(key).and_then(Value::as_str).map(str::to_owned);
        let arn =
            |v: &Value, part: usize| text(v, "arn")?.split(':').nth(part).map(str::to_owned).filter(|s| !s.is_empty());
        Self {
            account: first(&|v| arn(v, 4).or_else(|| text(v, "owner_id"))),
            region: first(&|v| arn(v, 3).or_else(|| text(v, "region"))),
        }
    }

    /// Whether an item recorded there can be the resource.
    fn fits(&self, (account, region): &(String, String)) -> bool {
        let same = |stated: &str, recorded: &str| stated.is_empty() || recorded.is_empty() || stated == recorded;
        same(&self.account, account) && (region == "global" || same(&self.region, region))
    }

    fn in_words(&self) -> String {
        let account = if self.account.is_empty() { String::new() } else { format!(" of account {}", self.account) };
        let region = if self.region.is_empty() { String::new() } else { format!(" in {}", self.region) };
        account + &region
    }
}

//! Live resources no state declares, those every account has excepted.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use serde_json::Value;

use super::item::{Item, Presence};
use super::mapping::{Condition, Key, Type};
use super::{AwsConfig, rules, standalone};
use crate::live::LiveResource;

impl AwsConfig {
    /// The item as an unmanaged resource, if it is one.
    pub(super) fn unmanaged_at(&self, n: usize) -> Option<LiveResource> {
        let managed = self.managed[n].load(Ordering::Relaxed);
        if managed || self.index.presence(n) != Presence::There {
            return None;
        }
        let spec = self.mapping.of_config(self.index.config_type(n))?;
        let item = self.index.item(n, spec.wanted()).ok().filter(|i| i.configuration.is_object())?;
        let left_out = self.comes_with_the_account(spec, &item) || spec.is_gone(&item, None);
        (!left_out).then(|| standalone(self.mapping, item))
    }

    /// A default resource nobody touched.
    fn comes_with_the_account(&self, spec: &Type, item: &Item) -> bool {
        let default = |c: &Condition| c.holds(item, None, false) || (c.default_vpc && self.is_in_default_vpc(c, item));
        spec.defaults.iter().any(default) && rules::untouched(item) && acl_untouched(item)
    }

    /// Whether the path names a VPC that came with the account.
    fn is_in_default_vpc(&self, condition: &Condition, item: &Item) -> bool {
        let id = condition.path.iter().find_map(|p| p.get(item, None));
        let found = id.as_ref().and_then(Value::as_str).map(|id| self.index.find("AWS::EC2::VPC", Key::Id, id));
        let is_default = |n: usize| {
            let wanted = HashSet::from(["isDefault".to_owned()]);
            self.index.item(n, Some(&wanted)).is_ok_and(|vpc| vpc.configuration.get("isDefault") == Some(&true.into()))
        };
        found.into_iter().flatten().any(is_default)
    }
}

/// The number of the entries that end every network ACL with a refusal: from here on they are AWS's own.
const LAST_ENTRY: i64 = 32767;

/// Whether a network ACL has only the entries a default one is made with: all allowed, both ways. True for other items.
fn acl_untouched(item: &Item) -> bool {
    let entries = item.configuration.get("entries").and_then(Value::as_array);
    let is_made = |entry: &Value| {
        let number = entry.get("ruleNumber").and_then(Value::as_i64);
        let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default();
        let everything = matches!((text("cidrBlock"), text("ipv6CidrBlock")), ("0.0.0.0/0", _) | (_, "::/0"));
        let first = matches!(number, Some(100 | 101)) && (text("ruleAction"), text("protocol")) == ("allow", "-1");
        number >= Some(LAST_ENTRY) || (first && everything)
    };
    entries.is_none_or(|entries| entries.iter().all(is_made))
}

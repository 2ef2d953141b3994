//! What a comparison knows of the resource's surroundings.

use std::collections::HashMap;

use serde_json::Value;

/// Where a resource lives, and what things around it are called. What is not known is left out.
#[derive(Clone, Default, Debug)]
pub struct Context {
    pub account: Option<Box<str>>,
    pub region: Option<Box<str>>,
    /// KMS alias (`alias/…`) to key id.
    pub(super) key_aliases: HashMap<Box<str>, Box<str>>,
    /// Firewall rules declared beside the group they belong to: group id to `ingress` and `egress`, as rules are declared inline.
    pub(super) sibling_rules: HashMap<Box<str>, Value>,
    /// Origin access identity of CloudFront to its canonical user id.
    pub(super) access_identities: HashMap<Box<str>, Box<str>>,
}

impl Context {
    /// From the `context` of a case: `accountId`, `region`, `kmsAliasTargets`, `siblingSgRules`, `oaiCanonicalIds`; anything else is left alone.
    pub fn from_json(context: &Value) -> Self {
        let word = |name: &str| context[name].as_str().map(Box::from);
        let entries = |name: &str| context[name].as_object().into_iter().flatten();
        let aliases =
            entries("kmsAliasTargets").filter_map(|(alias, key)| Some((alias.as_str().into(), key.as_str()?.into())));
        // Some write the identity first and some the user; canonical user ids are 64 digits or longer.
        let identities = entries("oaiCanonicalIds").filter_map(|(one, other)| {
            let other = other.as_str()?;
            Some(if one.len() >= 64 {
                (other.into(), one.as_str().into())
            } else {
                (one.as_str().into(), other.into())
            })
        });
        Self {
            account: word("accountId"),
            region: word("region"),
            key_aliases: aliases.collect(),
            access_identities: identities.collect(),
            sibling_rules: entries("siblingSgRules")
                .map(|(group, rules)| (group.as_str().into(), rules.clone()))
                .collect(),
        }
    }

    /// Of a whole environment; an empty text is not known.
    pub fn of(account: &str, region: &str) -> Self {
        let known = |text: &str| Some(text).filter(|t| !t.is_empty()).map(Box::from);
        Self { account: known(account), region: known(region), ..Self::default() }
    }

    /// Account and region, when both are known.
    pub(super) fn home(&self) -> Option<(&str, &str)> {
        Some((self.account.as_deref()?, self.region.as_deref()?))
    }
}

/// Account and region out of a resource's own ARN.
pub(super) fn own_arn(values: &Value) -> Option<(&str, &str)> {
    let arn = ["arn", "Arn", "ARN"].iter().find_map(|key| values.get(key)?.as_str())?;
    let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':').skip(2);
    let (region, account) = (parts.next()?, parts.next()?);
    (!region.is_empty() && !account.is_empty()).then_some((account, region))
}

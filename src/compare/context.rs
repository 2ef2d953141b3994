//! What a comparison knows of the resource's surroundings.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::arn::{Arn, Home};

/// A recording, or a state, may name any number of keys and users; of each kind this many are remembered (some 10 MB), and what
/// goes beyond is not known.
const MOST_NAMES: usize = 50_000;

/// Where a resource lives, and what things around it are called. What is not known is left out.
#[derive(Clone, Default, Debug)]
pub struct Context {
    pub account: Option<Box<str>>,
    pub region: Option<Box<str>>,
    /// KMS alias, bare (`alias/…`) or as an ARN, to the key's id or ARN. `None`: several keys have the alias, in several places.
    key_aliases: HashMap<Box<str>, Option<Box<str>>>,
    /// Unique id of an IAM user or role (`AIDA…`, `AROA…`) to its ARN.
    pub(super) principals: HashMap<Box<str>, Box<str>>,
    /// Firewall rules declared beside the group they belong to: group id to `ingress` and `egress`, as rules are declared inline.
    pub(super) sibling_rules: HashMap<Box<str>, Value>,
    /// Origin access identity of CloudFront to its canonical user id.
    pub(super) access_identities: HashMap<Box<str>, Box<str>>,
}

impl Context {
    /// What [`from_json`](Self::from_json) reads.
    pub const FIELDS: [&str; 5] = ["accountId", "region", "kmsAliasTargets", "siblingSgRules", "oaiCanonicalIds"];

    /// From the `context` of a case: its [`FIELDS`](Self::FIELDS); anything else is left alone.
    pub fn from_json(context: &Value) -> Self {
        let word = |name: &str| context[name].as_str().map(Box::from);
        let entries = |name: &str| context[name].as_object().into_iter().flatten();
        let texts = |name: &str| entries(name).filter_map(|(one, other)| Some((one.as_str(), other.as_str()?)));
        let mut out = Self { account: word("accountId"), region: word("region"), ..Self::default() };
        texts("kmsAliasTargets").for_each(|(alias, key)| out.add_alias(alias, key));
        // Some write the identity first and some the user; canonical user ids are 64 digits or longer.
        for (one, other) in texts("oaiCanonicalIds") {
            let (identity, user) = if one.len() >= 64 { (other, one) } else { (one, other) };
            out.add_access_identity(identity, user);
        }
        let rules = entries("siblingSgRules").map(|(group, rules)| (group.as_str().into(), rules.clone()));
        out.sibling_rules = rules.collect();
        out
    }

    /// Of a whole environment; an empty text is not known.
    pub fn of(account: &str, region: &str) -> Self {
        let known = |text: &str| Some(text).filter(|t| !t.is_empty()).map(Box::from);
        Self { account: known(account), region: known(region), ..Self::default() }
    }

    /// `alias`: bare or an ARN; `key`: its id or ARN. An alias and its key are in one account and region (KMS documentation,
    /// "Using aliases"), so that the ARN of the one makes the other's.
    pub fn add_alias(&mut self, alias: &str, key: &str) {
        let arn = Arn::parse(alias).filter(|arn| arn.service == "kms");
        let bare = arn.as_ref().map_or(alias, |arn| arn.resource);
        if !bare.starts_with("alias/") || key.is_empty() || self.key_aliases.len() >= MOST_NAMES {
            return;
        }
        let key = match &arn {
            Some(arn) if Arn::parse(key).is_none() => {
                format!("arn:{}:kms:{}:{}:key/{key}", arn.partition, arn.region, arn.account)
            }
            _ => key.to_owned(),
        };
        if arn.is_some() {
            self.key_aliases.entry(alias.into()).or_insert_with(|| Some(key.as_str().into()));
        }
        let known = self.key_aliases.entry(bare.into()).or_insert_with(|| Some(key.as_str().into()));
        if known.as_deref() != Some(&key) {
            *known = None;
        }
    }

    /// `unique_id`: `AIDA…` or `AROA…`.
    pub fn add_principal(&mut self, unique_id: &str, arn: &str) {
        let known = !arn.is_empty() && (unique_id.starts_with("AIDA") || unique_id.starts_with("AROA"));
        if known && self.principals.len() < MOST_NAMES {
            self.principals.entry(unique_id.into()).or_insert_with(|| arn.into());
        }
    }

    pub fn add_access_identity(&mut self, identity: &str, canonical_user: &str) {
        if !identity.is_empty() && !canonical_user.is_empty() && self.access_identities.len() < MOST_NAMES {
            self.access_identities.entry(identity.into()).or_insert_with(|| canonical_user.into());
        }
    }

    /// What a declared resource says about names.
    pub fn learn(&mut self, resource_type: &str, values: &Value) {
        let text = |name: &str| values.get(name).and_then(Value::as_str).unwrap_or_default();
        match resource_type {
            "aws_kms_alias" => {
                let [arn, key] = [("arn", "name"), ("target_key_arn", "target_key_id")]
                    .map(|(arn, name)| if text(arn).is_empty() { text(name) } else { text(arn) });
                self.add_alias(arn, key);
            }
            "aws_iam_role" | "aws_iam_user" => self.add_principal(text("unique_id"), text("arn")),
            "aws_cloudfront_origin_access_identity" => {
                self.add_access_identity(text("id"), text("s3_canonical_user_id"));
            }
            _ => {}
        }
    }

    /// Adds what another part of the same source says. What the parts say differently of an alias is not known.
    pub fn merge(&mut self, other: Self) {
        for (alias, key) in other.key_aliases {
            let room = self.key_aliases.len() < MOST_NAMES;
            match self.key_aliases.get_mut(&alias) {
                Some(known) if *known != key => *known = None,
                Some(_) => {}
                None if room => drop(self.key_aliases.insert(alias, key)),
                None => {}
            }
        }
        for (id, arn) in other.principals {
            self.add_principal(&id, &arn);
        }
        for (identity, user) in other.access_identities {
            self.add_access_identity(&identity, &user);
        }
    }

    /// Takes over what the other one knows beyond this one. Looks at everything known: for whole sources. Where both speak of a thing, this one is right: a state may remember
    /// a user who was deleted and made anew.
    pub fn absorb(&mut self, other: Self) {
        let room = |len: usize| MOST_NAMES.saturating_sub(len);
        let mut aliases: Vec<_> = other.key_aliases.into_iter().collect();
        aliases.retain(|(alias, _)| !self.key_aliases.contains_key(alias));
        self.key_aliases.extend(aliases.into_iter().take(room(self.key_aliases.len())));
        if !other.principals.is_empty() {
            let known: HashSet<&str> = self.principals.values().map(|arn| &**arn).collect();
            let mut others: Vec<_> = other.principals.into_iter().collect();
            others.retain(|(id, arn)| !known.contains(&**arn) && !self.principals.contains_key(id));
            self.principals.extend(others.into_iter().take(room(self.principals.len())));
        }
        for (identity, user) in other.access_identities {
            self.add_access_identity(&identity, &user);
        }
    }

    /// The id or ARN of the key an alias names at `home`; `None` when that is not known.
    pub(super) fn key_of(&self, alias: &str, home: Option<Home<'_>>) -> Option<&str> {
        if Arn::parse(alias).is_some() {
            let bare = || self.key_aliases.get(alias.rsplit(':').next()?);
            return self.key_aliases.get(alias).or_else(bare)?.as_deref();
        }
        let Some((account, region)) = home else { return self.key_aliases.get(alias)?.as_deref() };
        let partition = super::arn::partition_of(region);
        let here = self.key_aliases.get(format!("arn:{partition}:kms:{region}:{account}:{alias}").as_str());
        // The same name elsewhere is another alias.
        let at_home = |key: &str| Arn::parse(key).is_none_or(|arn| (arn.account, arn.region) == (account, region));
        here.or_else(|| self.key_aliases.get(alias))?.as_deref().filter(|key| at_home(key))
    }

    /// Account and region, when both are known.
    pub(super) fn home(&self) -> Option<Home<'_>> {
        Some((self.account.as_deref()?, self.region.as_deref()?))
    }
}

/// Account and region out of a resource's own ARN.
pub(super) fn own_arn(values: &Value) -> Option<Home<'_>> {
    let arn = ["arn", "Arn", "ARN"].iter().find_map(|key| values.get(key)?.as_str())?;
    let arn = Arn::parse(arn)?;
    (!arn.region.is_empty() && !arn.account.is_empty()).then_some((arn.account, arn.region))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Home<'static> = ("1234", "eu-west-1");

    #[test]
    fn an_alias_is_known_where_it_is_and_nowhere_else() {
        let mut context = Context::default();
        context.add_alias("arn:aws:kms:eu-west-1:1234:alias/a", "k1");
        assert_eq!(context.key_of("alias/a", Some(HERE)), Some("arn:aws:kms:eu-west-1:1234:key/k1"));
        assert_eq!(context.key_of("alias/a", Some(("1234", "us-east-1"))), None);
        assert!(context.key_of("alias/a", None).is_some(), "there is only one");
        context.add_alias("arn:aws:kms:us-east-1:1234:alias/a", "k2");
        assert_eq!(context.key_of("alias/a", None), None);
        assert_eq!(context.key_of("alias/a", Some(HERE)), Some("arn:aws:kms:eu-west-1:1234:key/k1"));
    }

    #[test]
    fn what_is_seen_live_outweighs_what_a_state_remembers() {
        let (mut live, mut state) = (Context::default(), Context::default());
        live.add_principal("AROANEW", "arn:aws:iam::1234:role/a");
        state.learn("aws_iam_role", &serde_json::json!({"unique_id": "AROAOLD", "arn": "arn:aws:iam::1234:role/a"}));
        state.learn("aws_iam_user", &serde_json::json!({"unique_id": "AIDAB", "arn": "arn:aws:iam::1234:user/b"}));
        live.absorb(state);
        assert!(live.principals.contains_key("AIDAB") && !live.principals.contains_key("AROAOLD"));
    }

    #[test]
    fn the_number_of_names_is_bounded() {
        let mut context = Context::default();
        (0..MOST_NAMES + 10).for_each(|n| context.add_principal(&format!("AIDA{n}"), "arn"));
        (0..MOST_NAMES + 10).for_each(|n| context.add_alias(&format!("alias/{n}"), "key"));
        assert_eq!((context.principals.len(), context.key_aliases.len()), (MOST_NAMES, MOST_NAMES));
    }

    #[test]
    fn parts_that_name_another_key_for_an_alias_leave_it_unknown() {
        let part = |key: &str| {
            let mut part = Context::default();
            part.add_alias("alias/app", key);
            part.add_principal("AIDA1", "arn:aws:iam::1:user/one");
            part
        };
        let mut whole = part("k1");
        whole.merge(part("k1"));
        assert_eq!(whole.key_of("alias/app", None), Some("k1"));
        whole.merge(part("k2"));
        assert_eq!((whole.key_of("alias/app", None), whole.principals.len()), (None, 1));
    }
}

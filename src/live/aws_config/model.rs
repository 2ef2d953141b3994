//! AWS's own resource models (CloudFormation's, Cloud Control's), as far as the packs name them: which properties a type has,
//! and which Terraform attribute is which where the names do not tell.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use super::item::Item;
use super::mapping::{Attribute, Condition};

/// The model of one Terraform type.
#[derive(Clone, Debug)]
pub(super) struct Model {
    /// `AWS::ECS::Service`.
    pub name: String,
    /// The identifier Cloud Control asks for: `{attribute}` stands for the declared value, `{a/b}` for the first that is stated,
    /// `{a?}` for nothing where it is not stated; `{!a}` is not written and must be stated.
    pub id: String,
    pub properties: Properties,
    /// By Terraform path without indices (`load_balancer.elb_name`); paths in them start at the object of the block.
    pub attributes: BTreeMap<String, Attribute>,
    /// Objects whose properties Terraform has one level higher.
    pub flatten: Vec<String>,
    /// When what the type describes is gone although the item is there.
    pub gone: Vec<Condition>,
    /// Where the tags are when it is not `Tags`.
    pub tags: Option<String>,
    /// What Cloud Control does not find by the identifier is not there.
    pub is_found_for_sure: bool,
}

/// Properties of an object by their [`bare`] names; none: whatever the item has.
#[derive(Clone, Default, PartialEq, Debug)]
pub(super) struct Properties(BTreeMap<String, Property>);

/// One property.
#[derive(Clone, Default, PartialEq, Debug)]
pub(super) struct Property {
    pub name: String,
    pub below: Properties,
    pub absence: Absence,
}

/// What it says that an item does not have a property.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Absence {
    /// It is not set.
    #[default]
    Unset,
    /// `?`: it is not set in a whole model; AWS Config may be older than the property.
    UnsetInModel,
    /// `??`: nothing, it is not always given.
    Nothing,
}

impl Absence {
    pub fn is_unset(self, item: &Item) -> bool {
        self == Self::Unset || (self == Self::UnsetInModel && item.is_model)
    }
}

impl Model {
    /// The properties and the item's object as Terraform cuts them; what a flattened object holds is known only if it is there.
    pub fn opened<'a>(&'a self, live: &'a Map<String, Value>) -> (Cow<'a, Properties>, Cow<'a, Map<String, Value>>) {
        let (mut properties, mut values) = (Cow::Borrowed(&self.properties), Cow::Borrowed(live));
        for name in &self.flatten {
            let Some(Value::Object(inner)) = of(live, name) else { continue };
            if let Some(property) = self.properties.0.get(&bare(name)) {
                properties = Cow::Owned(properties.into_owned().with(&property.below));
            }
            values.to_mut().extend(inner.clone());
        }
        (properties, values)
    }

    pub fn is_gone(&self, item: &Item, declared: Option<&Value>) -> bool {
        self.gone.iter().any(|condition| condition.holds(item, declared, true))
    }

    /// The identifier of a declared resource; `None` when the state lacks a part of it.
    pub fn identifier(&self, declared: &Value) -> Option<String> {
        let mut out = String::new();
        let stated = |name: &str| declared.get(name)?.as_str().filter(|text| !text.is_empty());
        for piece in self.id.split_inclusive('}') {
            let (text, names) = piece.strip_suffix('}').and_then(|p| p.split_once('{')).unwrap_or((piece, ""));
            out.push_str(text);
            match (names.strip_prefix('!'), names.strip_suffix('?')) {
                (Some(needed), _) => drop(stated(needed)?),
                (_, Some(optional)) => out.push_str(stated(optional).unwrap_or_default()),
                _ if names.is_empty() => {}
                _ => out.push_str(names.split('/').find_map(stated)?),
            }
        }
        (!out.is_empty()).then_some(out)
    }

    /// At the root, models repeat the type's name where Terraform does not: `ClusterName` is the `name` of a cluster.
    pub fn root<'p>(&self, properties: &'p Properties, attribute: &str) -> Option<&'p Property> {
        let own = || {
            let prefix = bare(self.name.rsplit("::").next().unwrap_or_default());
            properties.0.get(&(prefix + attribute))
        };
        properties.find(attribute).or_else(|| ["name", "arn", "id"].contains(&attribute).then(own).flatten())
    }
}

impl Properties {
    /// Parses `Name Object{Name Other? Another??} …`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let spaced = text.replace('{', " { ").replace('}', " } ");
        let mut words = spaced.split_whitespace().peekable();
        let parsed = Self::words(&mut words)?;
        words.next().map_or(Ok(parsed), |word| Err(format!("{word:?} is left over in the properties")))
    }

    fn words<'a>(words: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>) -> Result<Self, String> {
        let mut out = BTreeMap::new();
        while let Some(word) = words.next_if(|word| *word != "}") {
            let name = word.trim_end_matches('?');
            if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
                return Err(format!("{word:?} is no property"));
            }
            let below = match words.next_if_eq(&"{") {
                Some(_) => Self::words(words)?,
                None => Self::default(),
            };
            if !below.0.is_empty() && words.next_if_eq(&"}").is_none() {
                return Err(format!("{name} is not closed"));
            }
            let absence = match word.len() - name.len() {
                0 => Absence::Unset,
                1 => Absence::UnsetInModel,
                _ => Absence::Nothing,
            };
            let property = Property { name: name.to_owned(), below, absence };
            if out.insert(bare(name), property).is_some() {
                return Err(format!("{name} stands twice"));
            }
        }
        Ok(Self(out))
    }

    /// The property an attribute is: the same letters, or Terraform's singular for a list of blocks.
    pub fn find(&self, attribute: &str) -> Option<&Property> {
        names(attribute).find_map(|name| self.0.get(&name))
    }

    /// What the model knows of the property that is reached by these keys.
    pub fn reach(&self, keys: &[&str]) -> Option<Cow<'_, Property>> {
        let (first, rest) = keys.split_first()?;
        let property = self.0.get(&bare(first))?;
        if rest.is_empty() {
            return Some(Cow::Borrowed(property));
        }
        let mut found = property.below.reach(rest)?;
        if property.absence > found.absence {
            found.to_mut().absence = property.absence;
        }
        Some(found)
    }

    /// Only these, where they are known.
    pub fn only(&self, names: &[String]) -> Self {
        let known =
            names.iter().map(|name| bare(name)).filter_map(|name| Some((name.clone(), self.0.get(&name)?.clone())));
        Self(known.collect())
    }

    /// With other properties beside its own.
    pub fn with(mut self, others: &Self) -> Self {
        self.0.extend(others.0.clone());
        self
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names of the properties as the model spells them.
    pub fn names(&self) -> HashSet<&str> {
        self.0.values().map(|p| p.name.as_str()).collect()
    }
}

/// A name without what the two sides spell differently: `kms_key_id`, `KMSKeyId`.
pub(super) fn bare(name: &str) -> String {
    name.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect()
}

/// Whether two names are the same, [`bare`].
fn is_same(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

fn letters(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().filter(|b| *b != b'_').map(|b| b.to_ascii_lowercase())
}

/// The [`bare`] names a property may have that is this attribute.
pub(super) fn names(attribute: &str) -> impl Iterator<Item = String> {
    let name = bare(attribute);
    let ies = name.strip_suffix('y').map(|stem| format!("{stem}ies"));
    [name.clone(), format!("{name}s"), format!("{name}es")].into_iter().chain(ies)
}

/// The value of a property, however the item spells its name.
pub(super) fn of<'v>(object: &'v Map<String, Value>, name: &str) -> Option<&'v Value> {
    object.get(name).or_else(|| object.iter().find(|(key, _)| is_same(key, name)).map(|(_, value)| value))
}

/// `KMSKeyId` as Terraform would write it; the `s` of `VPCs` belongs to its capitals.
pub(super) fn snake_case(name: &str) -> String {
    let chars: Vec<char> = name.chars().collect();
    let lower = |i: usize| chars.get(i).is_some_and(char::is_ascii_lowercase);
    let mut out = String::with_capacity(name.len() + 8);
    for (i, c) in chars.iter().enumerate() {
        let plural_s = chars.get(i + 1) == Some(&'s') && i + 2 == chars.len();
        let starts =
            c.is_ascii_uppercase() && i > 0 && (!chars[i - 1].is_ascii_uppercase() || (lower(i + 1) && !plural_s));
        if starts && !out.ends_with('_') {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_whatever_their_capitals_and_number() {
        let properties = Properties::parse("KMSKeyId VPCs{VPCId} LifecyclePolicies Maybe? Deep{Er??{Est}}").unwrap();
        for (attribute, property) in
            [("kms_key_id", "KMSKeyId"), ("vpc", "VPCs"), ("lifecycle_policy", "LifecyclePolicies"), ("maybe", "Maybe")]
        {
            assert_eq!(properties.find(attribute).map(|p| p.name.as_str()), Some(property));
        }
        assert!(properties.find("key").is_none());
        let absence = |keys: &[&str]| properties.reach(keys).map(|p| p.absence);
        assert_eq!(absence(&["Maybe"]), Some(Absence::UnsetInModel));
        assert_eq!(absence(&["Deep", "Er", "Est"]), Some(Absence::Nothing), "as its block");
        assert!(properties.reach(&["Deep", "Other"]).is_none());
    }

    #[test]
    fn a_slip_in_a_list_of_properties_is_refused() {
        for slip in ["A{B", "A}", "A.B", "A A", "{A}"] {
            assert!(Properties::parse(slip).is_err(), "{slip}");
        }
    }

    #[test]
    fn an_identifier_is_put_together_from_what_is_stated() {
        let model = |id: &str| Model {
            name: String::new(),
            id: id.to_owned(),
            properties: Properties::default(),
            attributes: BTreeMap::new(),
            flatten: vec![],
            gone: vec![],
            tags: None,
            is_found_for_sure: true,
        };
        let stated = serde_json::json!({"a": "1", "b": "2", "none": ""});
        for (id, wanted) in [
            ("{a}|{b}", Some("1|2")),
            ("{a}|{none/b}", Some("1|2")),
            ("{a}|{none?}", Some("1|")),
            ("{!b}{a}", Some("1")),
            ("{!none}{a}", None),
            ("{a}|{none}", None),
            ("X|{a}", Some("X|1")),
        ] {
            assert_eq!(model(id).identifier(&stated).as_deref(), wanted, "{id}");
        }
    }

    #[test]
    fn property_names_become_attribute_names() {
        for (name, snake) in [
            ("KMSKeyId", "kms_key_id"),
            ("EBSOptions", "ebs_options"),
            ("VPCs", "vpcs"),
            ("S3BucketName", "s3_bucket_name"),
            ("MultiAZEnabled", "multi_az_enabled"),
            ("Ipv4Cidr", "ipv4_cidr"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }
}

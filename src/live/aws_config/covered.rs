//! What is covered: for people (`driftguard aws types`, `docs/aws.md`), and for the reader that asks Cloud Control.

use super::item::Item;
use super::mapping::{Mapping, Shape, Type};
use super::recall::Parsed;
use super::split::Kind;
use super::{AwsConfig, failed, mapped, unobservable};
use crate::declared::DeclaredResource;
use crate::live::Lookup;

/// One Terraform type that can be read from AWS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Covered {
    pub terraform: &'static str,
    /// `AWS::ECS::Service`.
    pub config: &'static str,
    /// `described`, `cloudformation`, or `cloud control` where AWS Config does not record the type.
    pub shape: &'static str,
    /// The model Cloud Control gives it in, where this program can read that.
    pub cloud_control: Option<&'static str>,
    /// Attributes (of a model: properties, as AWS names them) that are compared, by name.
    pub compared: Vec<&'static str>,
    pub not_observable: &'static [String],
}

/// Every type, by name.
pub fn covered() -> impl Iterator<Item = Covered> {
    let mut all: Vec<Covered> = Mapping::built_in()
        .types()
        .map(|(terraform, spec)| Covered {
            terraform,
            config: &spec.config,
            shape: match spec.shape {
                Shape::Described => "described",
                Shape::Cloudformation => "cloudformation",
                Shape::CloudControl => "cloud control",
            },
            cloud_control: spec.model.as_ref().map(|model| model.name.as_str()),
            compared: compared(spec),
            not_observable: &spec.not_observable,
        })
        .collect();
    all.sort_by_key(|c| c.terraform);
    all.into_iter()
}

fn compared(spec: &'static Type) -> Vec<&'static str> {
    let mut names: Vec<&str> = match (&spec.model, spec.shape) {
        (Some(model), Shape::Cloudformation | Shape::CloudControl) => model.properties.names().into_iter().collect(),
        _ if spec.rule => super::rules::SIBLING_PATHS.to_vec(),
        _ => spec.attributes.keys().map(String::as_str).collect(),
    };
    names.sort_unstable();
    names
}

impl AwsConfig {
    /// What to ask Cloud Control's GetResource for: the type's model and the resource's identifier in it. `None` when the
    /// type has no model here or the state lacks what identifies it.
    pub fn cloud_control(declared: &DeclaredResource) -> Option<(&'static str, String)> {
        let model = Mapping::built_in().of(&declared.resource_type)?.model.as_ref()?;
        Some((model.name.as_str(), model.identifier(&declared.values)?))
    }

    /// What it means that Cloud Control found nothing by [`Self::cloud_control`]'s identifier.
    pub fn not_found(declared: &DeclaredResource) -> Lookup {
        let model = Mapping::built_in().of(&declared.resource_type).and_then(|spec| spec.model.as_ref());
        match model {
            Some(model) if !model.is_found_for_sure => unobservable(&format!(
                "Cloud Control has no {} {:?}; that this is how it is called there was never seen, so it may exist all the same",
                model.name,
                model.identifier(&declared.values).unwrap_or_default()
            )),
            _ => Lookup::Missing,
        }
    }

    /// Maps one item that follows the type's model: the text of a configuration item with `"configurationShape":
    /// "cloudformation"` and the model's name as `resourceType`, maybe only part of which is the declared resource. `None` when the type has no model here.
    pub fn from_model(declared: &DeclaredResource, family: &[DeclaredResource], item: &str) -> Option<Lookup> {
        let spec = Mapping::built_in().of(&declared.resource_type)?;
        spec.model.as_ref()?;
        let item = match Item::read(Kind::Config, item, None, None) {
            Ok(item) if item.configuration.is_object() && spec.model_of(&item).is_some() => item,
            Ok(_) => return Some(failed("the answer is not what the type's model says")),
            Err(e) => return Some(failed(&format!("the answer does not parse: {e}"))),
        };
        Some(mapped(spec, &Parsed::new(item), declared, family))
    }
}

//! One element of `resources` in a state: a resource with all its instances.
//!
//! Fields as formats.md §1 lists them. A key that stands twice counts as its last one, as in Terraform itself.

use std::ops::ControlFlow;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{address, flatmap, sensitive};
use crate::declared::input::source_error;
use crate::declared::split::Splitter;
use crate::declared::tree;
use crate::declared::{Declared, DeclaredResource, InstanceStatus};
use crate::drift::SourceError;
use crate::safety::Tainted;

const HELP: &str = "Repair the state with Terraform (`terraform state pull`, `terraform state rm`), then scan again.";

/// Parses the bytes of one resource. Data sources give an empty list.
pub(super) fn parse(bytes: &[u8], source: &Arc<Tainted>) -> Result<Vec<Declared>, SourceError> {
    let wrong = |at: &str, what: String| source_error(source.raw(), format!("{at}: {what}"), HELP);
    let mut value =
        tree::from_slice(bytes).map_err(|error| wrong(&address_of_broken(bytes), format!("broken JSON: {error}")))?;
    let Some(resource) = value.as_object_mut() else {
        return Err(wrong("an entry of `resources`", "it is not an object".to_owned()));
    };
    let head = Head::of(resource).map_err(|what| wrong(&address_text(resource), what))?;
    if head.data {
        return Ok(Vec::new());
    }
    let instances = match resource.remove("instances") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(instances)) => instances,
        Some(_) => return Err(wrong(&head.address, "`instances` is not a list".to_owned())),
    };
    instances
        .into_iter()
        .map(|instance| head.instance(instance, source).map_err(|(at, what)| wrong(&at, what)))
        .collect()
}

/// What all instances of a resource share.
struct Head {
    address: String,
    resource_type: Arc<str>,
    provider: Tainted,
    data: bool,
}

impl Head {
    fn of(resource: &Map<String, Value>) -> Result<Self, String> {
        let data = match resource.get("mode").and_then(Value::as_str) {
            Some("managed") => false,
            Some("data") => true,
            Some(mode) => return Err(format!("its mode is `{mode}`, neither `managed` nor `data`")),
            None => return Err("it has no `mode`".to_owned()),
        };
        for key in ["type", "name"] {
            if text(resource, key).is_empty() {
                return Err(format!("it has no `{key}`"));
            }
        }
        Ok(Self {
            address: address_text(resource),
            resource_type: Arc::from(text(resource, "type")),
            provider: Tainted::from(address::provider(text(resource, "provider"))),
            data,
        })
    }

    /// An error comes with the address it belongs to.
    fn instance(&self, instance: Value, source: &Arc<Tainted>) -> Result<Declared, (String, String)> {
        let Value::Object(mut instance) = instance else {
            return Err((self.address.clone(), "an instance is not an object".to_owned()));
        };
        let Some(index) = address::index(instance.get("index_key")) else {
            return Err((self.address.clone(), "an `index_key` is neither a string nor a whole number".to_owned()));
        };
        let address = format!("{}{index}", self.address);
        let values = attributes(&mut instance).map_err(|what| (address.clone(), what))?;
        Ok(Declared::Resource(DeclaredResource {
            address: Tainted::from(address),
            resource_type: Arc::clone(&self.resource_type),
            // OpenTofu: instances of one resource may have providers of their own.
            provider: match text(&instance, "provider") {
                "" => self.provider.clone(),
                own => Tainted::from(address::provider(own)),
            },
            values,
            sensitive: instance.get("sensitive_attributes").map(sensitive::of_state).unwrap_or_default(),
            dependencies: dependencies(&instance),
            status: status(&instance),
            source: Arc::clone(source),
        }))
    }
}

fn attributes(instance: &mut Map<String, Value>) -> Result<Value, String> {
    match (instance.remove("attributes"), instance.get("attributes_flat")) {
        (Some(values @ Value::Object(_)), _) => Ok(values),
        (None | Some(Value::Null), Some(Value::Object(flat))) => {
            flatmap::nested(flat).map_err(|error| format!("`attributes_flat` cannot be read: {error}"))
        }
        // Terraform takes an instance without attributes for one with none set.
        (None | Some(Value::Null), None | Some(Value::Null)) => Ok(Value::Object(Map::new())),
        _ => Err("its attributes are not an object".to_owned()),
    }
}

fn dependencies(instance: &Map<String, Value>) -> Vec<Tainted> {
    let listed = instance.get("dependencies").or_else(|| instance.get("depends_on")).and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(Value::as_str).map(Tainted::from).collect()
}

fn status(instance: &Map<String, Value>) -> InstanceStatus {
    match (text(instance, "deposed"), text(instance, "status")) {
        ("", "tainted") => InstanceStatus::Tainted,
        ("", _) => InstanceStatus::Normal,
        (key, _) => InstanceStatus::Deposed(Tainted::from(key)),
    }
}

fn text<'a>(map: &'a Map<String, Value>, key: &str) -> &'a str {
    map.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// `module.a.aws_vpc.main`, `data.aws_ami.x`; as much of it as there is.
fn address_text(resource: &Map<String, Value>) -> String {
    join_address(text(resource, "module"), text(resource, "mode"), text(resource, "type"), text(resource, "name"))
}

fn join_address(module: &str, mode: &str, resource_type: &str, name: &str) -> String {
    let data = if mode == "data" { "data" } else { "" };
    let parts: Vec<&str> = [module, data, resource_type, name].into_iter().filter(|part| !part.is_empty()).collect();
    if parts.is_empty() { "a resource without a name".to_owned() } else { parts.join(".") }
}

/// The name of a resource whose JSON does not parse, from the keys before the broken place.
fn address_of_broken(bytes: &[u8]) -> String {
    let mut splitter = Splitter::new("instances");
    // The error is known already; what was read before it counts.
    let _ = splitter.feed(bytes, &mut |_| ControlFlow::Continue(()));
    let scalar =
        |key: &str| splitter.scalar(key).and_then(|text| serde_json::from_str::<String>(text).ok()).unwrap_or_default();
    join_address(&scalar("module"), &scalar("mode"), &scalar("type"), &scalar("name"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<Vec<DeclaredResource>, String> {
        let parsed = parse(text.as_bytes(), &Arc::new(Tainted::from("a.tfstate")));
        let resource = |declared| match declared {
            Declared::Resource(resource) => resource,
            Declared::Drift(drift) => panic!("{drift:?}"),
        };
        parsed.map(|all| all.into_iter().map(resource).collect()).map_err(|error| error.message.raw().to_owned())
    }

    fn one(text: &str) -> DeclaredResource {
        let mut all = read(text).unwrap();
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    #[test]
    fn everything_an_instance_says_is_kept() {
        let resource = one(r#"{"module": "module.net[\"eu\"]", "mode": "managed", "type": "aws_vpc", "name": "main",
            "each": "map", "provider": "module.net.provider.aws", "instances": [{"index_key": "a", "status": "tainted",
            "attributes": {"id": "vpc-1", "big": 18446744073709551616, "any": {"value": 1, "type": "number"}},
            "sensitive_attributes": [[{"type": "get_attr", "value": "id"}]], "private": "bnVsbA==",
            "dependencies": ["aws_subnet.x"], "from_the_future": true}]}"#);
        assert_eq!(resource.address.raw(), r#"module.net["eu"].aws_vpc.main["a"]"#);
        assert_eq!(resource.provider.raw(), "registry.terraform.io/hashicorp/aws");
        assert_eq!(resource.values["big"].to_string(), "18446744073709551616");
        assert_eq!(resource.values["any"], json!({"value": 1, "type": "number"}));
        assert_eq!(resource.sensitive, [crate::drift::PropertyPath::from("id")]);
        assert_eq!(resource.dependencies, [Tainted::from("aws_subnet.x")]);
        assert_eq!(resource.status, InstanceStatus::Tainted);
    }

    #[test]
    fn data_sources_are_not_declared_resources() {
        assert_eq!(read(r#"{"mode":"data","type":"aws_ami","name":"x","instances":[{"attributes":{}}]}"#), Ok(vec![]));
    }

    #[test]
    fn a_deposed_instance_says_so_at_the_address_of_the_current_one() {
        let all = read(
            r#"{"mode":"managed","type":"t","name":"n","instances":[{"attributes":{}},{"attributes":{},"deposed":"b518c256"}]}"#,
        )
        .unwrap();
        assert_eq!(all[0].address, all[1].address);
        assert_eq!(all[1].status, InstanceStatus::Deposed(Tainted::from("b518c256")));
    }

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        let text =
            r#"{"mode":"managed","type":"t","name":"n","instances":[{"dependencies":["a"],"dependencies":["b"]}]}"#;
        assert_eq!(one(text).dependencies, [Tainted::from("b")]);
    }

    #[test]
    fn a_provider_of_its_own_is_that_of_the_instance() {
        let text = r#"{"mode":"managed","type":"t","name":"n","provider":"provider.a",
            "instances":[{"attributes":{},"provider":"provider[\"r.org/x/b\"].eu[\"k\"]"}]}"#;
        assert_eq!(one(text).provider.raw(), "r.org/x/b");
    }

    #[test]
    fn a_broken_resource_is_named_as_far_as_it_can_be() {
        for (text, message) in [
            (r#"{"mode":"managed","type":"t","name":"n","instances":[{"attributes":{"a":1e}}]}"#, "t.n: broken JSON: "),
            (
                r#"{"module":"module.m","mode":"managed","type":"t","name":"n","instances":[{"attributes":[]}]}"#,
                "module.m.t.n: its attributes are not an object",
            ),
            (
                r#"{"mode":"managed","type":"t","name":"n","instances":[{"index_key":"k","attributes_flat":{"a.#":"1"}}]}"#,
                r#"t.n["k"]: `attributes_flat` cannot be read"#,
            ),
            (r#"{"mode":"managed","type":"t","name":"n","instances":[{"index_key":1.5}]}"#, "t.n: an `index_key`"),
            (r#"{"mode":"managed","type":"t","name":"n","instances":{}}"#, "t.n: `instances` is not a list"),
            (r#"{"mode":"odd","type":"t","name":"n"}"#, "t.n: its mode is `odd`"),
            (r#"{"mode":"managed","type":"t"}"#, "t: it has no `name`"),
            ("3", "an entry of `resources`: it is not an object"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        }
    }

    #[test]
    fn nesting_without_end_is_an_error_and_not_a_crash() {
        let deep = format!(r#"{{"mode":"managed","type":"t","name":"n","instances":{}"#, "[".repeat(100_000));
        assert!(read(&deep).unwrap_err().starts_with("t.n: broken JSON: recursion limit"));
    }
}

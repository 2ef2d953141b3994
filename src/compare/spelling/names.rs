//! Names and ids where case, or spaces, mean nothing.

use serde_json::Value;

use super::{Place, name_ends_with};
use crate::compare::Dialect;
use crate::compare::facts::Kind;

/// Azure Resource Manager ids: case-insensitive as a whole (Azure documentation, "resource ids").
pub(super) fn azure_id(place: &Place<'_>, value: &Value) -> Option<String> {
    const START: &str = "/subscriptions/";
    let azure = place.dialect == Dialect::Azure
        || (place.dialect == Dialect::Terraform && place.resource_type.starts_with("az"));
    if !azure || place.free {
        return None;
    }
    let text = value.as_str()?;
    let head = text.get(..START.len())?;
    head.eq_ignore_ascii_case(START).then(|| text.to_ascii_lowercase())
}

pub(super) fn folded(place: &Place<'_>, value: &Value) -> Option<String> {
    value.as_str().filter(|_| place.kind == Some(Kind::FoldCase)).map(str::to_lowercase)
}

/// A name that only differs by being in lower case, where services are known to keep names so: identifiers and families of
/// databases, and what cannot be changed once it is set.
pub(super) fn lowered(place: &Place<'_>, a: &str, b: &str) -> bool {
    const ENDS: [&str; 6] =
        ["identifier", "parametergroupname", "subnetgroupname", "optiongroupname", "clustername", "family"];
    if place.free || place.dialect == Dialect::Kubernetes || !a.eq_ignore_ascii_case(b) {
        return false;
    }
    let lower = |text: &str| !text.bytes().any(|c| c.is_ascii_uppercase());
    (lower(a) || lower(b)) && (place.create_only || ENDS.iter().any(|end| name_ends_with(place.key, end)))
}

/// A path or prefix with and without its outer slashes, where that is known to mean nothing.
pub(super) fn same_path(place: &Place<'_>, a: &str, b: &str) -> bool {
    place.kind == Some(Kind::Slash) && !a.is_empty() && !b.is_empty() && a.trim_matches('/') == b.trim_matches('/')
}

/// `West Europe` is `westeurope`.
pub(super) fn location(place: &Place<'_>, value: &Value) -> Option<String> {
    let azure = place.dialect == Dialect::Azure || place.resource_type.starts_with("azurerm_");
    let named = azure && !place.free && matches!(place.key, "location" | "primary_location" | "secondary_location");
    let text = value.as_str().filter(|_| named || place.kind == Some(Kind::Location))?;
    Some(text.chars().filter(|c| *c != ' ').flat_map(char::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::same;
    use super::super::testing::{at, of};
    use super::*;

    #[test]
    fn an_azure_id_ignores_case() {
        let a = json!("/subscriptions/1/resourcegroups/RG/providers/Microsoft.Network/dnszones/z");
        let b = json!("/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network/dnsZones/z");
        let azure = Place { resource_type: "azurerm_dns_zone", ..at("id") };
        assert_eq!(same(&azure, &a, &b), Some("id-case"));
        assert_eq!(same(&at("id"), &a, &b), None, "elsewhere it is a path like any other");
        let renamed = json!("/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network/dnsZones/y");
        assert_eq!(same(&azure, &a, &renamed), None);
    }

    #[test]
    fn case_is_folded_only_where_it_is_known_to_mean_nothing() {
        assert_eq!(same(&of(Kind::FoldCase), &json!("Content-Type"), &json!("content-type")), Some("fold-case"));
        assert_eq!(same(&of(Kind::FoldCase), &json!("Content-Type"), &json!("content-length")), None);
        assert_eq!(same(&at("x"), &json!("A"), &json!("a")), None);
    }

    #[test]
    fn a_name_in_lower_case_is_the_same_where_it_cannot_be_changed() {
        let fixed = Place { create_only: true, ..at("x") };
        assert_eq!(same(&fixed, &json!("MyGroup"), &json!("mygroup")), Some("lower-name"));
        assert_eq!(same(&at("db_instance_identifier"), &json!("MyDb"), &json!("mydb")), Some("lower-name"));
        assert_eq!(same(&fixed, &json!("MyGroup"), &json!("mygroups")), None);
        assert_eq!(same(&at("x"), &json!("MyGroup"), &json!("mygroup")), None);
        assert_eq!(same(&fixed, &json!("MyGroup"), &json!("MYgroup")), None);
    }

    #[test]
    fn an_azure_region_has_two_spellings() {
        let azure = Place { resource_type: "azurerm_subnet", ..at("location") };
        assert_eq!(same(&azure, &json!("West Europe"), &json!("westeurope")), Some("location"));
        assert_eq!(same(&azure, &json!("East US"), &json!("eastus2")), None);
        assert_eq!(same(&at("location"), &json!("West Europe"), &json!("westeurope")), None);
    }
}

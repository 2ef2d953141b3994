//! Names and ids where case, or spaces, mean nothing.

use serde_json::Value;

use super::Place;
use crate::compare::Dialect;
use crate::compare::facts::Kind;

/// Azure Resource Manager ids: case-insensitive as a whole (Azure documentation, "resource ids").
pub(super) fn azure_id(_: &Place<'_>, value: &Value) -> Option<String> {
    const START: &str = "/subscriptions/";
    let text = value.as_str()?;
    let head = text.get(..START.len())?;
    head.eq_ignore_ascii_case(START).then(|| text.to_ascii_lowercase())
}

pub(super) fn folded(place: &Place<'_>, value: &Value) -> Option<String> {
    value.as_str().filter(|_| place.kind == Some(Kind::FoldCase)).map(str::to_lowercase)
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
        assert_eq!(same(&at("id"), &a, &b), Some("id-case"));
        let renamed = json!("/subscriptions/1/resourceGroups/rg/providers/Microsoft.Network/dnsZones/y");
        assert_eq!(same(&at("id"), &a, &renamed), None);
    }

    #[test]
    fn case_is_folded_only_where_it_is_known_to_mean_nothing() {
        assert_eq!(same(&of(Kind::FoldCase), &json!("Content-Type"), &json!("content-type")), Some("fold-case"));
        assert_eq!(same(&of(Kind::FoldCase), &json!("Content-Type"), &json!("content-length")), None);
        assert_eq!(same(&at("x"), &json!("A"), &json!("a")), None);
    }

    #[test]
    fn an_azure_region_has_two_spellings() {
        let azure = Place { resource_type: "azurerm_subnet", ..at("location") };
        assert_eq!(same(&azure, &json!("West Europe"), &json!("westeurope")), Some("location"));
        assert_eq!(same(&azure, &json!("East US"), &json!("eastus2")), None);
        assert_eq!(same(&at("location"), &json!("West Europe"), &json!("westeurope")), None);
    }
}

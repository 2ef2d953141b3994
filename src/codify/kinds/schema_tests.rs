//! What a provider's schema says, as `terraform providers schema -json` prints it.

use super::*;

fn said(block: Value) -> Vec<u8> {
    json!({"format_version": "1.0", "provider_schemas": {"registry.terraform.io/acme/acme": {
        "provider": {"version": 0, "block": {}},
        "resource_schemas": {"acme_wall": {"version": 1, "block": block}, "acme_other": {"version": 0, "block": "not read"}}}}})
    .to_string()
    .into_bytes()
}

#[test]
fn blocks_and_attributes_are_told_apart_down_to_the_innermost() {
    let block = json!({
        "attributes": {
            "arn": {"type": "string", "computed": true},
            "name": {"type": "string", "required": true},
            "size": {"type": "number", "optional": true, "computed": true},
            "rule": {"type": ["set", ["object", {"port": "number", "peers": ["list", ["object", {"id": "string"}]]}]], "optional": true},
            "site": {"nested_type": {"nesting_mode": "single", "attributes": {
                "url": {"type": "string", "computed": true}, "path": {"type": "string", "optional": true, "deprecated": true}}}, "optional": true},
        },
        "block_types": {
            "door": {"nesting_mode": "list", "min_items": 1, "block": {
                "attributes": {"width": {"type": "number", "required": true}, "serial": {"type": "string", "computed": true}},
                "block_types": {"lock": {"nesting_mode": "single", "block": {"deprecated": true}}}}},
            "window": {"nesting_mode": "map", "block": {}},
        }
    });
    let known = parsed(&said(block), "acme_wall").unwrap();
    let names = |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(names(&known.blocks), "door door.lock rule rule.peers");
    assert_eq!(names(&known.attributes), "door.width name rule.peers.id rule.port site site.path size");
    assert_eq!(names(&known.required), "door door.width name");
    assert_eq!(names(&known.computed), "arn door.serial site.url");
    assert_eq!(names(&known.deprecated), "door.lock site.path");
}

#[test]
fn what_cannot_be_read_is_said() {
    let missing = parsed(&said(json!({})), "acme_gate").unwrap_err();
    assert!(missing.contains("have no acme_gate"), "{missing}");
    let odd = parsed(&said(json!({})), "acme_other").unwrap_err();
    assert!(odd.contains("cannot be read"), "{odd}");
    assert!(parsed(b"no json", "acme_wall").unwrap_err().contains("cannot be read"));
}

#[test]
fn the_provider_that_has_the_type_is_asked_or_all() {
    let lock = "provider \"registry.terraform.io/hashicorp/aws\" {\n  version = \"6.0.0\"\n}\nprovider \"registry.terraform.io/acme/walls\" {\n}\n";
    assert_eq!(sources(lock, "aws_vpc"), ["registry.terraform.io/hashicorp/aws"]);
    assert_eq!(sources(lock, "acme_wall").len(), 2);
    assert_eq!(sources("provider {", "aws_vpc"), Vec::<String>::new());
}

#[test]
fn a_directory_that_is_not_initialised_is_named_and_no_program_started() {
    let home = tempfile::tempdir().unwrap();
    let why = known(home.path(), "aws_vpc").unwrap_err();
    assert!(why.contains("`terraform init`") && why.contains(home.path().to_str().unwrap()), "{why}");
}

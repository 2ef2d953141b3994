//! Small languages people write by hand: packs, `.driftignore`, case files.
#![no_main]

use driftguard::bench::Case;
use driftguard::compare::Packs;
use driftguard::drift::{DriftIgnore, ResourceRef};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Packs::parse(&[("fuzz.toml", text)]);
    if let Ok(case) = Case::parse(text) {
        case.compare(Packs::embedded());
    }
    let mut ignore = DriftIgnore::default();
    ignore.add(text);
    let resource = ResourceRef {
        resource_type: "aws_vpc".into(),
        resource_id: text.into(),
        previous_address: None,
        provider_id: Some("vpc-1".into()),
        declared_in: None,
    };
    ignore.covers(&resource);
    ignore.covers_path(&resource, text);
});

//! Two JSON documents and, after a NUL byte each, what was remembered: compared in every dialect, nothing may panic, comparing
//! a value with itself is clean, and the same input gives the same answer.
#![no_main]

use driftguard::compare::{Dialect, Memory, Observable, Subject, Verdict, compare};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let mut parts = data.split(|byte| *byte == 0).map(|part| serde_json::from_slice::<Value>(part).unwrap_or(Value::Null));
    let mut next = || parts.next().unwrap_or(Value::Null);
    let (declared, live, remembered) = (next(), next(), next());
    for dialect in Dialect::names().filter_map(Dialect::from_name) {
        for resource_type in ["aws_instance", "AWS::S3::Bucket", "apps/v1/Deployment", "x"] {
            let verdict = |live: &Value, memory: bool| -> Verdict {
                compare(&Subject {
                    dialect,
                    resource_type,
                    declared: &declared,
                    live,
                    memory: memory.then_some(Memory { remembered: &remembered, live }),
                    observable: &Observable::All,
                })
            };
            let first = verdict(&live, true);
            assert_eq!(first, verdict(&live, true));
            let same = verdict(&declared, false);
            assert!(same.changes.is_empty(), "{same:#?}");
        }
    }
});

//! Bytes as a file: whatever it holds, it is read to resources or to an error in words.
#![no_main]

use std::ops::ControlFlow;

use driftguard::{declared, live};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let path = std::env::temp_dir().join(format!("driftguard-fuzz-{}", std::process::id()));
    if std::fs::write(&path, data).is_err() {
        return;
    }
    let named = [path.to_string_lossy().into_owned()];
    let (sources, errors) = declared::open(&named);
    assert!(!sources.is_empty() || !errors.is_empty());
    for source in sources {
        let _ = source.read(&mut |raw| {
            let _ = raw.parse();
            ControlFlow::Continue(())
        });
    }
    let (sources, errors) = live::open(&named);
    assert!(!sources.is_empty() || !errors.is_empty());
});

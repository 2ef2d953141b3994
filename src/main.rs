//! Which mode, then the exit code.
#![forbid(unsafe_code)]

fn main() {}

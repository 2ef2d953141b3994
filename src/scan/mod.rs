//! Schedule, pipeline, limits, progress.

mod spec;

pub use spec::EnvironmentSpec;

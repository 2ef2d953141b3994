//! Schedule, pipeline, limits, progress.

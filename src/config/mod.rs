//! Layers of configuration; each value knows its origin.

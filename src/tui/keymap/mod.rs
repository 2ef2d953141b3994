//! Keys by action: parsed from TOML, merged, conflicts reported with file and line.

//! clap types only; completions and the man page derive from them.

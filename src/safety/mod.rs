//! What comes from outside is untrusted text, and may hold secrets: two types and one pipeline keep both from spreading.
//!
//! [`Tainted`] is every string from cloud, state, files and people: it has no `Display`, it reaches a sink only through the
//! sanitiser. [`Masked`] is every property value after the [redaction](redact) of secrets: nothing else can be stored or shown.

pub mod escape;
pub mod lookalike;
mod masked;
pub mod redact;
pub mod sanitise;
mod tainted;
mod visible;

#[cfg(test)]
#[path = "../../tests/stories/vectors.rs"]
pub(crate) mod vectors;

pub use masked::Masked;
pub use redact::Redactor;
pub use tainted::Tainted;
pub(crate) use visible::is_unsafe;
pub use visible::{is_plain_line, is_seen};

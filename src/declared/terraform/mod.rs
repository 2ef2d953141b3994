//! Terraform and OpenTofu: state version 4 and plans as `terraform show -json` prints them.
//!
//! Read without provider schemas: attributes are JSON, unknown keys are kept.

mod address;
mod flatmap;
mod plan;
mod resource;
mod sensitive;
mod state;

pub(crate) use plan::PlanFile;
pub(crate) use state::{StateFile, refused_encrypted, refused_old};

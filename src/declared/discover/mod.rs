//! Where states are: backend blocks in the code, state files beside it, objects of a bucket; each offered as an environment.
//!
//! Looking at code contacts nothing. What is only known when Terraform runs (variables, locals, functions) is said and never guessed.

mod address;
mod files;
mod hcl;
mod offer;
mod record;
mod walk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use files::in_bucket;
pub use offer::Offer;

use crate::drift::SourceError;

/// A setting of a backend block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Setting {
    Known(String),
    /// As it is written, with its place.
    Unknown(String),
}

/// A `backend` block, or what Terraform remembers of one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Block {
    /// `s3`, `http`, …; `cloud` for a `cloud` block.
    pub kind: String,
    /// `envs/prod/main.tf:3`
    pub place: String,
    /// Nested ones with a dot: `assume_role.role_arn`.
    pub settings: BTreeMap<String, Setting>,
}

impl Block {
    pub(crate) fn known(&self, key: &str) -> Option<&str> {
        match self.settings.get(key) {
            Some(Setting::Known(text)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

/// One directory with Terraform code in it.
#[derive(Default, Debug)]
pub(crate) struct Root {
    pub directory: PathBuf,
    pub block: Option<Block>,
    /// `*.tfbackend` files: each is another environment of the same code.
    pub partial: Vec<(PathBuf, BTreeMap<String, Setting>)>,
    /// What `terraform init` wrote down.
    pub recorded: Option<Block>,
    /// The workspace that is selected, where it is not `default`.
    pub workspace: Option<String>,
    /// Names of the providers the code uses.
    pub providers: Vec<String>,
    /// Files that could not be read or parsed.
    pub errors: Vec<SourceError>,
}

/// What the directory and those below it keep, and what could not be read.
pub fn discover(directory: &Path) -> (Vec<Offer>, Vec<SourceError>) {
    let (roots, mut errors) = walk::roots(directory);
    let mut offers: Vec<Offer> = vec![];
    for mut root in roots {
        errors.append(&mut root.errors);
        for offer in offer::of(&root) {
            let is_new = offer.state.is_err() || !offers.iter().any(|other| other.state == offer.state);
            if is_new {
                offers.push(offer);
            }
        }
    }
    offer::tell_apart(&mut offers);
    (offers, errors)
}

/// [`discover`], and the state files that lie there themselves.
pub fn discover_all(directory: &Path) -> (Vec<Offer>, Vec<SourceError>) {
    let (mut offers, mut errors) = discover(directory);
    for offer in files::in_directory(directory, &mut errors) {
        if !offers.iter().any(|other| other.state == offer.state) {
            offers.push(offer);
        }
    }
    offer::tell_apart(&mut offers);
    (offers, errors)
}

/// Words about where the code in a directory keeps its state, for a message that found no state in it.
pub(crate) fn hint(directory: &Path) -> Option<String> {
    let (offers, _) = discover(directory);
    let known: Vec<&str> = offers.iter().filter_map(|offer| offer.state.as_deref().ok()).collect();
    match known.as_slice() {
        [] => None,
        [one] => Some(format!("Its code keeps state elsewhere: --state '{one}'")),
        many => Some(format!(
            "Its code keeps {} states elsewhere: `driftguard state discover {}` lists them.",
            many.len(),
            directory.display()
        )),
    }
}

#[cfg(test)]
mod tests;

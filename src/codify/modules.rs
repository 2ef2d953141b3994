//! The modules on the way to a resource: whether its block stands in them, and whether an edit of their code changes this resource alone.

use std::path::Path;

use super::edit::Refusal;
use super::file::parse;
use super::several;
use super::source::labelled;
use super::uses::code_of;
use crate::declared::blocks::{self, Call, Looked, tidy};

pub(super) struct Modules<'a> {
    root: &'a Path,
    looked: &'a Looked,
    /// The root's call first.
    pub calls: Vec<Call>,
}

impl<'a> Modules<'a> {
    /// `file`: where the block of this address was found.
    ///
    /// # Errors
    /// A module cannot be followed, or leads elsewhere: a block of the same name may be anybody's.
    pub fn to(root: &'a Path, address: &str, file: &Path, looked: &'a Looked) -> Result<Self, String> {
        let plain = blocks::configured(address);
        let words: Vec<&str> = plain.split('.').collect();
        let names: Vec<&str> =
            words.chunks(2).take_while(|two| two[0] == "module").filter_map(|two| two.get(1).copied()).collect();
        let not_here = || format!("module {} is not here: run `terraform init`", names.join("."));
        let calls = if names.is_empty() { vec![] } else { looked.calls(root, address).ok_or_else(not_here)? };
        let directory = calls.last().map_or(root, |call| call.inside.as_path());
        if file.parent().is_some_and(|own| tidy(own) == tidy(directory)) {
            return Ok(Self { root, looked, calls });
        }
        Err(format!("{} does not have the block of {plain}", directory.display()))
    }

    /// # Errors
    /// Code in this directory serves several at once.
    pub fn once(&self, directory: &Path) -> Result<(), Refusal> {
        let last = self.calls.iter().rposition(|call| tidy(&call.inside) == tidy(directory));
        let outer = last.map_or(&[][..], |last| &self.calls[..=last]);
        match outer.iter().find(|call| is_several(call) || self.looked.callers(self.root, &call.inside) > 1) {
            None => Ok(()),
            Some(call) => Err(Refusal::new(format!(
                "module {} is called several times, and an edit of its code would change all of them",
                call.name
            ))),
        }
    }
}

/// Who else gets an edit of this configuration.
pub(super) fn workspaces(root: &Path) -> Option<String> {
    let entries = std::fs::read_dir(root.join("terraform.tfstate.d")).ok()?.flatten();
    let mut names: Vec<String> = entries
        .filter(|entry| entry.path().is_dir())
        .map(|entry| crate::safety::sanitise::line(&entry.file_name().to_string_lossy()))
        .collect();
    names.sort();
    if root.join("terraform.tfstate").is_file() {
        names.insert(0, "default".into());
    }
    (names.len() > 1).then(|| format!("every workspace of the configuration gets the edit: {}", names.join(", ")))
}

/// By `count` or `for_each`.
fn is_several(call: &Call) -> bool {
    code_of(&call.caller)
        .iter()
        .filter_map(|(_, text)| parse(text).ok())
        .any(|body| labelled(&body, "module", &call.name).is_some_and(|block| several(block).is_some()))
}

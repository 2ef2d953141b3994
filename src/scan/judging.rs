//! What comparisons of an environment go by: the user's packs and rules, and the patterns of what not to report.

use super::examine::Examiner;
use crate::compare::{DRIFTIGNORE, Memory, Settings, Subject, Verdict, compare_with};
use crate::declared::DeclaredResource;
use crate::drift::ResourceRef;
use crate::live::LiveResource;

impl Examiner<'_> {
    /// Compares by what the environment goes by. Changes that a `.driftignore` pattern covers are hidden ones.
    pub(super) fn compare(
        &self,
        declared: &DeclaredResource,
        live: &LiveResource,
        memory: Option<Memory<'_>>,
    ) -> Verdict {
        let knowledge = &self.spec.knowledge;
        let never_hide = knowledge.never_hide_of(&declared.resource_type, || names(declared));
        let settings = Settings { never_hide: &never_hide, ..knowledge.settings(Some(&self.home)) };
        let mut verdict = compare_with(&subject(declared, live, memory), &settings);
        if !self.spec.ignore.is_empty() && !verdict.changes.is_empty() {
            let mut resource = self.reference(declared);
            resource.provider_id = Some(live.provider_id.clone()).filter(|id| !id.is_empty());
            // A resource that is covered as a whole is counted as such.
            if !self.spec.ignore.covers(&resource) {
                verdict.hide_changes(DRIFTIGNORE, |change| self.spec.ignore.covers_path(&resource, &change.path));
            }
        }
        verdict
    }

    /// By a `.driftignore` pattern over what it is called; what is not there live is known by the id in the code.
    pub(super) fn is_ignored(&self, resource: &ResourceRef, declared: Option<&DeclaredResource>) -> bool {
        let ignore = &self.spec.ignore;
        if ignore.is_empty() {
            return false;
        }
        let id = declared.filter(|_| resource.provider_id.is_none()).and_then(|d| d.values.get("id")?.as_str());
        match id {
            Some(id) => ignore.covers(&ResourceRef { provider_id: Some(id.into()), ..resource.clone() }),
            None => ignore.covers(resource),
        }
    }
}

fn subject<'a>(declared: &'a DeclaredResource, live: &'a LiveResource, memory: Option<Memory<'a>>) -> Subject<'a> {
    Subject {
        dialect: live.dialect,
        resource_type: &declared.resource_type,
        declared: &declared.values,
        live: &live.values,
        memory,
        observable: &live.observable,
    }
}

/// What the resource may be called: which of the two is known only after all sources were read.
fn names(declared: &DeclaredResource) -> Vec<String> {
    let address = declared.address.raw();
    vec![address.to_owned(), format!("{address} ({})", declared.source.raw())]
}

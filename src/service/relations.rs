//! What a resource hangs on and where it is written down, as far as files on this machine say; and its other drifts.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::commits::Commits;
use super::together;
use crate::declared::blocks::{self, Search};
use crate::declared::{self, Declared};
use crate::drift::{DriftDetail, DriftEvent, DriftId, Linked, ResourceRef, State, Together};
use crate::safety::{Redactor, Tainted, sanitise};
use crate::store::{Direction, DriftFilter, PageRequest, Store, StoreError};

/// A place in a file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct Place {
    pub file: Tainted,
    /// Counted from 1.
    pub line: usize,
}

/// See [`DriftService::relations`](super::DriftService::relations).
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, Default, utoipa::ToSchema)]
pub struct Relations {
    /// Blocks of the configuration that may be this resource; one where its module could be followed.
    pub declared_at: Vec<Place>,
    /// Addresses without instance keys, as the state lists them.
    pub depends_on: Vec<Tainted>,
    pub dependants: Vec<Tainted>,
    /// Dependants beyond those listed.
    pub more_dependants: usize,
    /// Newest first.
    pub others: Vec<DriftEvent>,
    /// What people have said it has to do with, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub linked: Vec<Linked>,
    /// What it belongs together with. `None`: a server that does not know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<Together>,
    /// What could not be found out, and why; sentences.
    pub unknown: Vec<String>,
}

/// Names of each kind that are listed.
const LISTED: usize = 50;
/// A larger state is not read again for this.
const STATE_MAX: u64 = 256 * 1024 * 1024;
/// Pages that are searched for other drifts of the resource.
const PAGES: usize = 20;

pub(super) fn of(store: &dyn Store, id: DriftId) -> Result<Relations, StoreError> {
    let detail = store.drift(id)?;
    let together = Some(together::of(store, &detail.event)?);
    let mut relations = Relations { together, ..Relations::default() };
    let DriftDetail { event, links, .. } = detail;
    match &event.resource.declared_in {
        None => relations.unknown.push("in no code: nothing says what it hangs on".into()),
        Some(source) if Path::new(source.raw()).is_file() => {
            dependencies(&event.resource, source.raw(), &mut relations);
            configuration(&event.resource, Path::new(source.raw()), &mut relations);
            // Why the block is not known was said just now.
            if !relations.declared_at.is_empty() {
                let (moment, redactor) = ((event.detected_at, event.detected_at), Redactor::once());
                let silence = Commits::default().of(&event.resource, moment, &redactor).err();
                relations.unknown.extend(silence.map(|why| format!("commits: {why}")));
            }
        }
        Some(source) => relations.unknown.push(format!("{} is no file on this machine", source.line())),
    }
    relations.others = others(store, &event)?;
    for link in links {
        match store.drift(link.to) {
            Ok(other) => relations.linked.push(Linked { link, drift: other.event }),
            // Older than what the store keeps.
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(relations)
}

/// From the state as it is now.
fn dependencies(resource: &ResourceRef, source: &str, relations: &mut Relations) {
    let size = std::fs::metadata(source).map(|about| about.len()).unwrap_or(0);
    if size > STATE_MAX {
        return relations.unknown.push("dependencies: the state is too large to be read again for this".into());
    }
    let own = blocks::configured(resource.resource_id.raw());
    let (mut needs, mut needed_by) = (BTreeSet::new(), BTreeSet::new());
    let (sources, errors) = declared::open(&[source.to_owned()]);
    let mut problem = errors.into_iter().next();
    for source in sources {
        let read = source.read(&mut |chunk| {
            for one in chunk.parse().into_iter().flatten() {
                let Declared::Resource(one) = one else { continue };
                let address = blocks::configured(one.address.raw());
                let names = one.dependencies.iter().map(|name| blocks::configured(name.raw()));
                if address == own {
                    needs.extend(names);
                } else if names.into_iter().any(|name| name == own) {
                    needed_by.insert(address);
                }
            }
            ControlFlow::Continue(())
        });
        problem = problem.or(read.err());
    }
    if let Some(problem) = problem {
        relations.unknown.push(format!("dependencies: {}: {}", problem.source.line(), problem.message.line()));
    }
    relations.more_dependants = needed_by.len().saturating_sub(LISTED);
    relations.depends_on = needs.into_iter().take(LISTED).map(Tainted::from).collect();
    relations.dependants = needed_by.into_iter().take(LISTED).map(Tainted::from).collect();
}

/// The block in a `.tf` file beside the state, or in the module it calls.
fn configuration(resource: &ResourceRef, source: &Path, relations: &mut Relations) {
    let Some(directory) = blocks::configuration_of(source) else { return };
    match blocks::find(directory, resource.resource_id.raw()) {
        Search::Found(places) => {
            let place = |(file, line): (std::path::PathBuf, usize)| Place {
                file: Tainted::from(file.to_string_lossy().into_owned()),
                line,
            };
            relations.declared_at = places.into_iter().map(place).collect();
        }
        Search::NotThere => {
            let directory = sanitise::line(&directory.to_string_lossy());
            relations.unknown.push(format!("no .tf file in {directory} has its block"));
        }
        Search::NoConfiguration => {
            let directory = sanitise::line(&directory.to_string_lossy());
            relations.unknown.push(format!("no .tf files in {directory}: the line is not known"));
        }
        // Not Terraform's way to name things.
        Search::NoAddress => {}
    }
}

/// Other drifts of the same resource, ended ones too; of those searched.
fn others(store: &dyn Store, event: &DriftEvent) -> Result<Vec<DriftEvent>, StoreError> {
    let resource = &event.resource;
    let filter = DriftFilter {
        environments: vec![event.environment.clone()],
        states: State::ALL.to_vec(),
        text: resource.resource_id.raw().to_owned(),
        ..DriftFilter::default()
    };
    let mut request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: 500 };
    let mut found = vec![];
    for _ in 0..PAGES {
        let page = store.page(&request)?;
        let same = |one: &DriftEvent| {
            one.id != event.id
                && one.resource.resource_id == resource.resource_id
                && one.resource.resource_type == resource.resource_type
        };
        found.extend(page.data.into_iter().filter(same));
        match page.next {
            Some(next) if found.len() < LISTED => request.cursor = Some(next),
            _ => break,
        }
    }
    found.truncate(LISTED);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instance(kind: &str, name: &str, needs: &[&str]) -> String {
        format!(
            r#"{{"mode":"managed","type":"{kind}","name":"{name}","provider":"provider[\"registry.terraform.io/hashicorp/aws\"]",
               "instances":[{{"index_key":0,"schema_version":0,"attributes":{{"id":"{name}"}},"dependencies":{}}}]}}"#,
            serde_json::json!(needs)
        )
    }

    fn resource(address: &str) -> ResourceRef {
        ResourceRef {
            resource_type: "aws_vpc".into(),
            resource_id: address.into(),
            previous_address: None,
            provider_id: None,
            declared_in: None,
        }
    }

    #[test]
    fn the_state_says_what_a_resource_needs_and_what_needs_it_and_the_configuration_where_it_stands() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("terraform.tfstate");
        let all = [
            instance("aws_vpc", "main", &["aws_region.here"]),
            instance("aws_subnet", "a", &["aws_vpc.main"]),
            instance("aws_subnet", "b", &["aws_vpc.main", "aws_region.here"]),
            instance("aws_vpc", "other", &[]),
        ];
        let text = format!(
            r#"{{"version":4,"terraform_version":"1.9.0","serial":1,"lineage":"l","outputs":{{}},"resources":[{}]}}"#,
            all.join(",")
        );
        std::fs::write(&state, text).unwrap();
        std::fs::write(dir.path().join("net.tf"), "\nresource \"aws_vpc\" \"main\" {\n  count = 1\n}\n").unwrap();
        let (resource, mut relations) = (resource("aws_vpc.main[0]"), Relations::default());
        dependencies(&resource, &state.to_string_lossy(), &mut relations);
        configuration(&resource, &state, &mut relations);
        let lines = |names: &[Tainted]| names.iter().map(Tainted::line).collect::<Vec<_>>();
        assert_eq!(lines(&relations.depends_on), ["aws_region.here"]);
        assert_eq!(lines(&relations.dependants), ["aws_subnet.a", "aws_subnet.b"]);
        let [place] = relations.declared_at.as_slice() else { panic!("{relations:?}") };
        assert!(place.file.raw().ends_with("net.tf") && place.line == 2, "{place:?}");
        assert_eq!(relations.unknown, Vec::<String>::new());
    }

    #[test]
    fn what_is_not_found_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("x.tfstate");
        std::fs::write(&state, "cut off {").unwrap();
        let mut relations = Relations::default();
        dependencies(&resource("aws_vpc.main"), &state.to_string_lossy(), &mut relations);
        configuration(&resource("aws_vpc.main"), &state, &mut relations);
        assert_eq!(relations.unknown.len(), 2, "{relations:?}");
        assert!(relations.unknown[1].contains("no .tf files in"), "{relations:?}");
    }
}

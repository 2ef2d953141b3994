//! What the code of an environment declares: each resource with where it is written, and the drifts of it that wait for somebody.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, ControlFlow};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::keeping::told;
use super::{Place, ServiceError};
use crate::declared::blocks::{self, Search};
use crate::declared::{self, Declared};
use crate::drift::{DriftId, Slug, State};
use crate::safety::Tainted;
use crate::store::{Direction, DriftFilter, PageRequest, Store};

/// A larger state is not read again for this.
const STATE_MAX: u64 = 256 * 1024 * 1024;

/// Some of them, by address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourcesRequest {
    pub environment: Slug,
    /// Beyond this address.
    pub after: Option<String>,
    pub limit: usize,
}

/// One of them.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug, utoipa::ToSchema)]
pub struct IacResource {
    pub environment: Slug,
    pub address: Tainted,
    pub resource_type: Tainted,
    /// The state that lists it.
    pub declared_in: Tainted,
    /// Blocks of the configuration that may be it; one where its module could be followed.
    pub declared_at: Vec<Place>,
    /// Of it, and waiting for somebody; none says no more than that: a scan tells what it could not verify.
    pub drifts: Vec<DriftId>,
}

/// # Errors
/// There is no such environment, or the store cannot be read. A source that is no file on this machine, or that cannot be read, is
/// left out: the scans of the environment tell of it.
pub(super) fn of(store: &dyn Store, request: &ResourcesRequest) -> Result<Vec<IacResource>, ServiceError> {
    let slug = &request.environment;
    if !store.environments().map_err(told)?.iter().any(|one| one.slug == *slug) {
        return Err(ServiceError::NotFound(format!("there is no environment {slug}")));
    }
    let sources = store.last_scan(slug).map_err(told)?.map(|scan| scan.sources).unwrap_or_default();
    let is_readable =
        |path: &str| std::fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() <= STATE_MAX);
    let mut declared = BTreeMap::new();
    for source in sources.iter().map(|source| source.source.raw()).filter(|path| is_readable(path)) {
        declared.extend(addresses(source).into_iter().map(|(address, kind)| (address, (kind, source.to_owned()))));
    }
    let drifts = waiting(store, slug)?;
    let from = request.after.as_ref().map_or(Bound::Unbounded, |after| Bound::Excluded(after.clone()));
    let wanted = declared.range((from, Bound::Unbounded)).take(request.limit);
    let resource = |(address, (kind, source)): (&String, &(Tainted, String))| IacResource {
        environment: slug.clone(),
        address: address.as_str().into(),
        resource_type: kind.clone(),
        declared_in: source.as_str().into(),
        declared_at: places(Path::new(source), address),
        drifts: drifts.get(address).cloned().unwrap_or_default(),
    };
    Ok(wanted.map(resource).collect())
}

/// With their types.
fn addresses(source: &str) -> Vec<(String, Tainted)> {
    let mut found = vec![];
    let (sources, _) = declared::open(&[source.to_owned()]);
    for one in sources {
        let read = one.read(&mut |chunk| {
            for declared in chunk.parse().into_iter().flatten() {
                let Declared::Resource(one) = declared else { continue };
                found.push((one.address.raw().to_owned(), Tainted::from(&*one.resource_type)));
            }
            ControlFlow::Continue(())
        });
        if let Err(error) = read {
            tracing::debug!(source = %error.source.line(), "a state was not read to its end");
        }
    }
    found
}

fn places(source: &Path, address: &str) -> Vec<Place> {
    let Some(Search::Found(places)) = blocks::configuration_of(source).map(|root| blocks::find(root, address)) else {
        return vec![];
    };
    let place = |(file, line): (std::path::PathBuf, usize)| Place {
        file: Tainted::from(file.to_string_lossy().into_owned()),
        line,
    };
    places.into_iter().map(place).collect()
}

fn waiting(store: &dyn Store, slug: &Slug) -> Result<HashMap<String, Vec<DriftId>>, ServiceError> {
    let states = vec![State::Open, State::Acknowledged, State::Snoozed];
    let filter = DriftFilter { environments: vec![slug.clone()], states, ..DriftFilter::default() };
    let mut request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: 500 };
    let mut drifts: HashMap<String, Vec<DriftId>> = HashMap::new();
    loop {
        let page = store.page(&request).map_err(told)?;
        for event in page.data {
            drifts.entry(event.resource.resource_id.raw().to_owned()).or_default().push(event.id);
        }
        match page.next {
            Some(next) => request.cursor = Some(next),
            None => return Ok(drifts),
        }
    }
}

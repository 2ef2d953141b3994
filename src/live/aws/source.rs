//! What AWS Config recorded, and where it records nothing what Cloud Control answered, as one source.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::control::{self, Answers};
use crate::aws::Target;
use crate::compare;
use crate::declared::DeclaredResource;
use crate::drift::{SourceError, UnverifiedReason};
use crate::live::aws_config::{self, AwsConfig};
use crate::live::{LiveResource, LiveSource, Lookup};
use crate::safety::Tainted;
use crate::stacks::Owned;

/// AWS Config has most changes after minutes; so long it may take.
const LAG: Duration = Duration::from_secs(15 * 60);

/// Cloud Control is heard where AWS Config has no item.
pub(super) struct Live {
    pub config: AwsConfig,
    pub control: Answers,
    pub owned: Vec<Owned>,
    /// Accounts and regions whose first recording is not finished: who is missing there may just not be recorded yet.
    pub unfinished: Vec<Arc<Target>>,
    pub notices: Vec<Tainted>,
}

const UNFINISHED: &str =
    "AWS Config has not finished its first recording here, and Cloud Control could not be asked: scan again later";

impl Live {
    /// It is declared where the first recording is not finished yet.
    fn may_come(&self, declared: &DeclaredResource) -> bool {
        let (arn, region) = control::declared_in(declared);
        self.unfinished.iter().any(|target| control::may_be_in(target, &arn, &region))
    }
}

impl LiveSource for Live {
    fn name(&self) -> &Arc<Tainted> {
        self.config.name()
    }

    fn handles(&self, resource_type: &str) -> bool {
        self.config.handles(resource_type)
    }

    fn family_key(&self, declared: &DeclaredResource) -> Option<String> {
        self.config.family_key(declared)
    }

    fn lookup(&self, declared: &DeclaredResource, family: &[DeclaredResource]) -> Lookup {
        match self.config.lookup(declared, family) {
            found @ Lookup::Found(_) => found,
            // It is gone unless Cloud Control has it: AWS Config comes late. As long as it has not even finished its first
            // recording, only Cloud Control can say that it is gone.
            Lookup::Missing => match self.control.lookup(declared, family) {
                Some(found @ Lookup::Found(_)) => found,
                Some(Lookup::Missing) => Lookup::Missing,
                _ if self.may_come(declared) => Lookup::Unknown(UnverifiedReason::NotObservable, UNFINISHED.into()),
                _ => Lookup::Missing,
            },
            otherwise => self.control.lookup(declared, family).unwrap_or(otherwise),
        }
    }

    fn listed_at(&self, declared: &DeclaredResource, family: &[DeclaredResource]) -> Option<Timestamp> {
        self.config.listed_at(declared, family)
    }

    fn lag(&self) -> Duration {
        LAG
    }

    fn unmanaged(&self) -> Box<dyn Iterator<Item = LiveResource> + '_> {
        let is_owned = |live: &LiveResource| {
            let config_type = aws_config::config_type(&live.resource_type).map_or("", |(name, _)| name);
            self.owned.iter().any(|owned| owned.is(config_type, live.provider_id.raw()))
        };
        Box::new(self.config.unmanaged().filter(move |live| !is_owned(live)))
    }

    fn errors(&self) -> Vec<(SourceError, Vec<Tainted>)> {
        self.config.errors()
    }

    fn notices(&self) -> Vec<Tainted> {
        self.notices.clone()
    }

    fn watch_paths(&self) -> Vec<PathBuf> {
        self.config.watch_paths()
    }

    fn context(&self) -> compare::Context {
        self.config.context()
    }

    fn unsupported(&self) -> Vec<(Tainted, u64)> {
        self.config.unsupported()
    }
}

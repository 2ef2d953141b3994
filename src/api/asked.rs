//! Which drifts, as the [document](crate::server::document) of the API describes it; read by [`from_parameters`](super::from_parameters).

use jiff::Timestamp;
use utoipa::IntoParams;

use super::PAGE;
use crate::drift::query::GroupKey;
use crate::drift::{DriftType, RuleId, SeverityClass, Slug, State};
use crate::store::{Cursor, Direction};

/// Which drifts. Lists have commas between their words.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only described")]
pub struct Which {
    #[param(explode = false)]
    environment: Option<Vec<Slug>>,
    #[param(explode = false)]
    drift_type: Option<Vec<DriftType>>,
    /// The class of its worst score.
    #[param(explode = false)]
    severity: Option<Vec<SeverityClass>>,
    #[param(explode = false)]
    status: Option<Vec<State>>,
    /// First seen then or later.
    from: Option<Timestamp>,
    /// First seen then or before.
    until: Option<Timestamp>,
    /// Somewhere in type, address, id and changed paths.
    text: Option<String>,
    /// The query language of the screens: `env:prod sev:>=high type:aws_security_group* age:<2h`.
    query: Option<String>,
    /// Those that this ignore rule hides.
    rule: Option<RuleId>,
    /// The members of this group.
    group: Option<GroupKey>,
}

/// What part of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only described")]
pub struct Part {
    /// `pagination.next` or `pagination.previous` of another page of the same list.
    cursor: Option<Cursor>,
    /// `older` goes on from the cursor, `newer` back.
    direction: Option<Direction>,
    /// So many, 100 without it; more than 500 is taken as 500.
    #[param(minimum = 1)]
    limit: Option<usize>,
}

const _: () = assert!(PAGE == 500, "as `Part::limit` says");

#[cfg(test)]
mod tests {
    use super::super::drifts::NAMES;
    use super::*;

    #[test]
    fn what_is_described_is_what_is_understood() {
        let described = [Which::into_params(|| None), Part::into_params(|| None)].concat();
        let described: Vec<String> = described.into_iter().map(|parameter| parameter.name).collect();
        assert_eq!(described, NAMES);
    }
}

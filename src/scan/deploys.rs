//! Deployments as a scan sees them: the state is another one than the last scan read.

use jiff::Timestamp;

use crate::drift::{
    ContextData, ContextId, ContextSource, ContextType, Deployment, OperationalContext, ScanSummary, SourceState,
    StateVersion, TimeWindow,
};
use crate::safety::Tainted;
use crate::store::{Store, StoreError};

/// Who a journal names for what no person did.
const SYSTEM: &str = "system";

/// Puts every deployment since the last scan into the store; to be called before the scan is finished there.
pub fn record(store: &dyn Store, summary: &ScanSummary) -> Result<(), StoreError> {
    // What the last scan saw and cannot be read is not compared.
    let Some(previous) = store.last_scan(&summary.environment).ok().flatten() else { return Ok(()) };
    deployments(&previous, summary).into_iter().try_for_each(|one| store.put_context(&one, &SYSTEM.into()))
}

/// One for each source whose serial or lineage is another one. A source that is new is no deployment.
pub(super) fn deployments(previous: &ScanSummary, summary: &ScanSummary) -> Vec<OperationalContext> {
    let of = |state: &SourceState| {
        let before = previous.sources.iter().find(|known| known.source == state.source)?;
        let (before, after) = (before.version.as_ref()?, state.version.as_ref().filter(|_| state.error.is_none())?);
        let is_same = before.serial == after.serial && before.lineage == after.lineage;
        (!is_same).then(|| deployment(previous, summary, state, (before, after)))
    };
    summary.sources.iter().filter_map(of).collect()
}

fn deployment(
    previous: &ScanSummary,
    summary: &ScanSummary,
    state: &SourceState,
    (before, after): (&StateVersion, &StateVersion),
) -> OperationalContext {
    let environment = summary.environment.clone();
    // The source may have failed in between: then it happened since it was last read.
    let known = previous.sources.iter().find(|known| known.source == state.source).and_then(|known| known.last_good);
    let from = known.unwrap_or(previous.started_at).min(summary.started_at);
    let time_window = when(from, summary.finished_at, state.written_at);
    let serials = [before.serial.to_string(), after.serial.to_string()];
    let lineage = |of: &StateVersion| of.lineage.as_ref().map_or(String::new(), |text| text.raw().to_owned());
    let facts = [environment.as_str(), state.source.raw(), &lineage(before), &serials[0], &lineage(after), &serials[1]];
    OperationalContext {
        id: ContextId::of(from, &facts),
        context_type: ContextType::Deployment,
        context_data: ContextData {
            title: title(before, after).into(),
            deployment: Some(Box::new(Deployment {
                state: state.source.clone(),
                before: before.clone(),
                after: after.clone(),
            })),
            ..ContextData::default()
        },
        incident_impact: None,
        time_window,
        environments: vec![environment],
        source: ContextSource::Scan,
    }
}

/// The moment when the state was written, or the two scans between which it was.
fn when(from: Timestamp, until: Timestamp, written_at: Option<Timestamp>) -> TimeWindow {
    // A file that was copied or checked out has a time of its own.
    match written_at.filter(|at| (from..=until).contains(at)) {
        Some(at) => TimeWindow { from: at, to: Some(at) },
        None => TimeWindow { from, to: Some(until) },
    }
}

/// `state serial 41 to 43, terraform 1.9.0, 118 to 120 resources`
fn title(before: &StateVersion, after: &StateVersion) -> String {
    let mut words = match (before.lineage == after.lineage, before.serial.cmp(&after.serial)) {
        (false, _) => format!(
            "another state: its lineage changed from {} to {}, serial {} to {}",
            named(&before.lineage),
            named(&after.lineage),
            before.serial,
            after.serial
        ),
        (true, std::cmp::Ordering::Greater) => {
            format!("the state went back: serial {} to {}", before.serial, after.serial)
        }
        (true, _) => format!("state serial {} to {}", before.serial, after.serial),
    };
    match (&before.terraform_version, &after.terraform_version) {
        (Some(old), Some(new)) if old != new => {
            words += &format!(", terraform {} to {}", old.cell(20), new.cell(20));
        }
        (_, Some(new)) => words += &format!(", terraform {}", new.cell(20)),
        _ => {}
    }
    if before.resources == after.resources {
        words + &format!(", {} resources", after.resources)
    } else {
        words + &format!(", {} to {} resources", before.resources, after.resources)
    }
}

fn named(lineage: &Option<Tainted>) -> String {
    lineage.as_ref().map_or("none".to_owned(), |text| text.cell(8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::{ScanId, Slug};

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + minutes * 60).unwrap()
    }

    fn scan(minutes: i64, serial: u64, lineage: &str, written_at: Option<Timestamp>) -> ScanSummary {
        let mut summary = ScanSummary::of_nothing(ScanId::generate(), Slug::new("prod").unwrap(), at(minutes));
        let version = StateVersion {
            serial,
            lineage: Some(lineage.into()),
            terraform_version: Some("1.9.0".into()),
            resources: 100 + serial,
        };
        summary.sources = vec![SourceState {
            source: "a.tfstate".into(),
            last_good: Some(at(minutes)),
            error: None,
            version: Some(version),
            written_at,
        }];
        summary
    }

    #[test]
    fn another_serial_is_a_deployment_between_the_two_scans() {
        let found = deployments(&scan(10, 41, "l", None), &scan(15, 43, "l", None));
        let [one] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(one.time_window, TimeWindow { from: at(10), to: Some(at(15)) });
        let title = one.context_data.title.raw();
        assert_eq!(title, "state serial 41 to 43, terraform 1.9.0, 141 to 143 resources");
        assert_eq!(deployments(&scan(10, 41, "l", None), &scan(15, 41, "l", None)), []);
    }

    #[test]
    fn the_time_of_the_file_counts_only_when_it_lies_between_the_scans() {
        let of = |written| deployments(&scan(10, 41, "l", None), &scan(15, 43, "l", Some(written)))[0].time_window;
        assert_eq!(of(at(12)), TimeWindow { from: at(12), to: Some(at(12)) });
        for odd in [at(-500), at(500)] {
            assert_eq!(of(odd), TimeWindow { from: at(10), to: Some(at(15)) });
        }
    }

    #[test]
    fn another_lineage_and_a_lower_serial_are_said_as_such() {
        let title = |before, after| deployments(&before, &after)[0].context_data.title.raw().to_owned();
        let other = title(scan(10, 41, "old-lineage", None), scan(15, 1, "new", None));
        assert!(other.starts_with("another state: its lineage changed from old-lin"), "{other}");
        assert!(title(scan(10, 41, "l", None), scan(15, 40, "l", None)).starts_with("the state went back"));
    }

    #[test]
    fn a_source_that_failed_or_is_new_is_no_deployment() {
        let mut failed = scan(15, 43, "l", None);
        failed.sources[0].error =
            Some(crate::drift::SourceError { source: "a".into(), message: "b".into(), help: "c".into() });
        assert_eq!(deployments(&scan(10, 41, "l", None), &failed), []);
        let mut new = scan(15, 43, "l", None);
        new.sources[0].source = "b.tfstate".into();
        assert_eq!(deployments(&scan(10, 41, "l", None), &new), []);
    }

    #[test]
    fn the_same_deployment_has_the_same_id_whoever_finds_it_again() {
        let (before, after) = (scan(10, 41, "l", None), scan(15, 43, "l", None));
        let later = ScanSummary { finished_at: at(20), ..after.clone() };
        assert_eq!(deployments(&before, &after)[0].id, deployments(&before, &later)[0].id);
    }
}

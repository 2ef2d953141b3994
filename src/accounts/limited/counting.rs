//! Numbers: counted anew where not everything that they are about is seen.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::Limited;
use super::scope::{Scope, Sight};
use crate::drift::query::{Group, GroupKey, GroupRow, Groups, Sort};
use crate::drift::{
    Business, Closure, Completeness, Counts, DailyMetrics, DayCounts, DriftEvent, ScanSummary, SeverityClass, Slug,
    State, Stats, day_of, first_of_days,
};
use crate::service::{EnvironmentSummary, ScanProgress, ServiceError};
use crate::store::{DriftFilter, OpenCounts};

/// Rows of an answer at most.
const GROUPS: usize = 500;

impl Limited {
    pub(super) async fn environments_seen(&self) -> Result<Vec<EnvironmentSummary>, ServiceError> {
        let mut all = self.service.environments().await?;
        let scope = Scope::new(self.role, &self.grants, &all);
        all.retain(|one| scope.sees_any(&one.environment.slug));
        for one in &mut all {
            let slug = one.environment.slug.clone();
            one.contexts.iter_mut().for_each(|context| super::around::cut(&scope, context));
            if scope.sight(&slug) == Sight::Whole {
                continue;
            }
            one.open = self.open(&scope, &slug).await?;
            one.last_scan = one.last_scan.take().map(|scan| part_of_scan(&scope, scan));
            one.running = one.running.take().map(part_of_progress);
            // It counts what is not seen, and names who was behind it.
            one.pulse = None;
        }
        Ok(all)
    }

    async fn open(&self, scope: &Scope<'_>, environment: &Slug) -> Result<OpenCounts, ServiceError> {
        let (mut counts, now) = (OpenCounts::default(), Timestamp::now());
        let filter = DriftFilter { environments: vec![environment.clone()], ..DriftFilter::default() };
        self.each(scope, filter, |event| {
            counts.in_any_state += 1;
            if event.state_at(now).needs_attention() {
                *match event.severity_class() {
                    SeverityClass::Critical => &mut counts.critical,
                    SeverityClass::High => &mut counts.high,
                    SeverityClass::Medium => &mut counts.medium,
                    SeverityClass::Low => &mut counts.low,
                } += 1;
            }
            ControlFlow::Continue(())
        })
        .await?;
        Ok(counts)
    }

    pub(super) async fn daily_seen(
        &self,
        environments: Vec<Slug>,
        days: u32,
    ) -> Result<Vec<DailyMetrics>, ServiceError> {
        let scope = self.scope().await?;
        let seen = scope.narrowed(&environments);
        if seen.is_empty() {
            return Ok(vec![]);
        }
        if scope.sees_whole(&seen) {
            return self.service.daily(seen, days).await;
        }
        let (now, mut counted) = (Timestamp::now(), BTreeMap::<(Slug, Date), DayCounts>::new());
        let detected_from = Some(first_of_days(now, days));
        let filter = DriftFilter { environments: seen, detected_from, ..DriftFilter::default() };
        self.each(&scope, filter, |event| {
            let has_ended = matches!(event.state_at(now), State::Resolved | State::Closed);
            let day = (event.environment.clone(), day_of(event.detected_at));
            counted.entry(day).or_default().add(&event, has_ended);
            ControlFlow::Continue(())
        })
        .await?;
        Ok(counted.into_iter().map(|((slug, date), counts)| counts.told(slug, date)).collect())
    }

    /// It counts what people did and what scans compared: not for who sees only a part of that.
    pub(super) async fn business_seen(&self, environments: Vec<Slug>, days: u32) -> Result<Business, ServiceError> {
        let scope = self.scope().await?;
        let seen = scope.narrowed(&environments);
        if seen.is_empty() {
            return Ok(Business { days, ..Business::default() });
        }
        if !scope.sees_whole(&seen) {
            let why =
                "these figures count all of an environment: name with `environment` only those that you see whole";
            return Err(ServiceError::Denied(why.into()));
        }
        self.service.business(seen, days).await
    }

    pub(super) async fn stats_seen(&self, environments: Vec<Slug>, days: u32) -> Result<Stats, ServiceError> {
        let scope = self.scope().await?;
        let seen = scope.narrowed(&environments);
        let mut stats = Stats { days, ..Stats::default() };
        if seen.is_empty() {
            return Ok(stats);
        }
        if scope.sees_whole(&seen) {
            return self.service.stats(seen, days).await;
        }
        let (now, mut seconds) = (Timestamp::now(), 0_u64);
        let since = now.checked_sub(SignedDuration::from_hours(i64::from(days) * 24)).unwrap_or_default();
        let filter = DriftFilter { environments: seen, detected_from: Some(since), ..DriftFilter::default() };
        self.each(&scope, filter, |event| {
            if matches!(event.closure, Some(Closure::Superseded | Closure::Continued)) {
                return ControlFlow::Continue(());
            }
            let has_ended = matches!(event.state_at(now), State::Resolved | State::Closed);
            match event.resolved_at.filter(|_| has_ended) {
                Some(at) => {
                    stats.resolved += 1;
                    stats.healed += u64::from(event.closure == Some(Closure::Healed));
                    let length = at.duration_since(event.detected_at).as_secs();
                    seconds = seconds.saturating_add(u64::try_from(length).unwrap_or(0));
                }
                None => stats.unresolved += 1,
            }
            ControlFlow::Continue(())
        })
        .await?;
        stats.total = stats.resolved + stats.unresolved;
        stats.average_resolution_seconds = seconds.checked_div(stats.resolved);
        Ok(stats)
    }

    pub(super) async fn groups_seen(
        &self,
        filter: DriftFilter,
        by: Group,
        limit: usize,
    ) -> Result<Groups, ServiceError> {
        let scope = self.scope().await?;
        match Self::narrowed(&scope, filter.clone()) {
            None => return Ok(Groups::default()),
            Some((narrow, true)) => {
                let mut groups = self.service.groups(narrow, by, limit).await?;
                groups.rows.iter_mut().for_each(|row| cut_incident(&scope, row));
                return Ok(groups);
            }
            Some((_, false)) => {}
        }
        if by == Group::Incident {
            let why =
                "incidents are shown as rows only to who sees the whole of some environments; group by change or actor";
            return Err(ServiceError::Invalid(why.into()));
        }
        let sort = filter.query.sort;
        // In the order of time, so that the first of a group is its newest.
        let mut newest_first = filter;
        newest_first.query.sort = Sort::Newest;
        let mut groups: HashMap<GroupKey, GroupRow> = HashMap::new();
        let mut drifts = 0;
        let all = self
            .each(&scope, newest_first, |event| {
                drifts += 1;
                count(&mut groups, by, event);
                ControlFlow::Continue(())
            })
            .await?;
        let total = groups.len() as u64;
        let mut rows: Vec<GroupRow> = groups.into_values().collect();
        rows.sort_by_key(|row| rank(row, sort));
        rows.truncate(limit.clamp(1, GROUPS));
        Ok(Groups { rows, total, drifts, is_cut: !all })
    }
}

/// Of an incident that reaches beyond what is seen only the members that are counted here are told.
fn cut_incident(scope: &Scope<'_>, row: &mut GroupRow) {
    let Some(incident) = &mut row.incident else { return };
    if !scope.sees_whole(&incident.environments) {
        incident.environments.clone_from(&row.environments);
        (incident.members, incident.settled, incident.why) = (row.count, 0, vec![]);
        (incident.oldest, incident.newest) = (row.oldest, row.newest);
    }
}

/// Takes a drift, none of them newer than those before it, into its group.
fn count(groups: &mut HashMap<GroupKey, GroupRow>, by: Group, event: DriftEvent) {
    let Some(key) = GroupKey::of(by, &event) else { return };
    let (worst, at) = (event.severity_class(), event.detected_at);
    let (slug, dependants) = (event.environment.clone(), event.dependants);
    let row = groups.entry(key).or_insert_with(|| GroupRow {
        key,
        count: 0,
        worst,
        oldest: at,
        newest: at,
        dependants: 0,
        is_spread: false,
        environments: vec![],
        sample: event,
        incident: None,
    });
    row.count += 1;
    row.worst = row.worst.max(worst);
    row.oldest = row.oldest.min(at);
    row.dependants = row.dependants.max(dependants);
    if let Err(place) = row.environments.binary_search(&slug) {
        row.environments.insert(place, slug);
    }
    row.is_spread = row.environments.len() > 1;
}

/// As drifts are sorted; the key last, so that the order is the same every time.
fn rank(row: &GroupRow, by: Sort) -> (u32, Reverse<Timestamp>, Timestamp, GroupKey) {
    let newest = Reverse(row.newest);
    let none = Timestamp::MIN;
    match by {
        Sort::Newest => (0, newest, none, row.key),
        Sort::Oldest => (0, Reverse(none), row.oldest, row.key),
        Sort::Severity => (u32::MAX - row.worst as u32, newest, none, row.key),
        Sort::Blast => (u32::MAX - row.dependants, newest, none, row.key),
    }
}

/// When and how it went; what it met is not said, for it met more than is seen.
pub(super) fn part_of_scan(scope: &Scope<'_>, scan: ScanSummary) -> ScanSummary {
    let environment = scan.environment.clone();
    let seen = |kind: &str| scope.reads_type(&environment, kind);
    let mut scan = ScanSummary { counts: Counts::default(), new: 0, regressed: 0, closed: 0, ..scan };
    scan.unverified.retain(|(resource, _)| seen(resource.resource_type.raw()));
    if let Completeness::Partial { unverified_types } = &mut scan.completeness
        && !unverified_types.is_empty()
    {
        unverified_types.retain(|kind| seen(kind.raw()));
        if unverified_types.is_empty() {
            scan.completeness = Completeness::Complete;
        }
    }
    scan
}

pub(super) fn part_of_progress(progress: ScanProgress) -> ScanProgress {
    ScanProgress { resources: 0, drifted: 0, ..progress }
}

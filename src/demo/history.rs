//! Six weeks of a made-up past, told to the demo's store as it would have been: without one there is nothing to put today beside.
//! What differed then was put right again; nothing of it is left but what a store remembers.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{World, specs};
use crate::analysis::{self, Facts};
use crate::drift::{
    Change, ChangeType, Completeness, DriftType, Environment, Finding, ResourceRef, ScanStage, ScanSummary,
};
use crate::recommend::recommend;
use crate::safety::Masked;
use crate::store::{self, Store, StoreError};

/// Days before today, the environment, and the resources of one type at which somebody left a tag.
const PAST: [(i64, &str, &str, &[&str]); 17] = [
    (42, "aws-prod", "aws_s3_bucket", &["reports"]),
    (42, "k8s-shop", "apps/v1/Deployment", &["shop/Deployment/search"]),
    (39, "aws-prod", "aws_security_group", &["build"]),
    (36, "aws-prod", "aws_instance", &["batch-1", "batch-2", "batch-3"]),
    (33, "aws-prod", "aws_s3_bucket", &["reports"]),
    (30, "k8s-shop", "apps/v1/Deployment", &["shop/Deployment/mail"]),
    (29, "aws-prod", "aws_security_group", &["build"]),
    (25, "aws-prod", "aws_iam_role", &["deploy"]),
    (22, "aws-prod", "aws_s3_bucket", &["backup"]),
    (20, "k8s-shop", "v1/ConfigMap", &["shop/ConfigMap/flags"]),
    (18, "aws-prod", "aws_security_group", &["bastion"]),
    (15, "aws-prod", "aws_s3_bucket", &["reports", "backup"]),
    (11, "aws-prod", "aws_security_group", &["build"]),
    (9, "k8s-shop", "apps/v1/Deployment", &["shop/Deployment/search"]),
    (8, "aws-prod", "aws_iam_role", &["deploy"]),
    (5, "aws-prod", "aws_s3_bucket", &["backup"]),
    (2, "aws-prod", "aws_security_group", &["bastion"]),
];
/// How long it took until it was put right.
const LASTED: SignedDuration = SignedDuration::from_hours(3);

/// Tells it to a store that is made for it in `path`.
///
/// # Errors
/// As those of the store.
pub fn tell(world: &World, path: &Path, now: Timestamp) -> Result<(), StoreError> {
    let time = Arc::new(AtomicI64::new(0));
    let clock = Arc::clone(&time);
    let store =
        store::open_at(path, move || Timestamp::from_microsecond(clock.load(Ordering::SeqCst)).unwrap_or_default())?
            .store;
    let environments: Vec<Environment> = specs(world).into_iter().map(|spec| spec.environment).collect();
    for (days, slug, kind, names) in PAST {
        let Some(environment) = environments.iter().find(|one| one.slug.as_str() == slug) else { continue };
        let at = now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(now);
        let findings = names.iter().map(|name| finding(environment, kind, name, days, at)).collect();
        time.store(at.as_microsecond(), Ordering::SeqCst);
        scan(store.as_ref(), environment, at, findings)?;
        let over = at.checked_add(LASTED).unwrap_or(at);
        time.store(over.as_microsecond(), Ordering::SeqCst);
        scan(store.as_ref(), environment, over, vec![])?;
    }
    Ok(())
}

/// What a complete scan at that time found, and nothing else.
fn scan(store: &dyn Store, environment: &Environment, at: Timestamp, found: Vec<Finding>) -> Result<(), StoreError> {
    store.put_environment(environment)?;
    let id = store.begin_scan(&environment.slug, at)?;
    store.record(id, found)?;
    let nothing = ScanSummary::of_nothing(id, environment.slug.clone(), at);
    let done = ScanSummary { stage: ScanStage::Done, completeness: Completeness::Complete, ..nothing };
    store.finish_scan(id, done).map(|_| ())
}

fn finding(environment: &Environment, kind: &str, name: &str, days: i64, at: Timestamp) -> Finding {
    let resource_id = if kind.contains('/') { name.to_owned() } else { format!("{kind}.{name}") };
    let resource = ResourceRef {
        resource_type: kind.into(),
        resource_id: resource_id.into(),
        previous_address: None,
        provider_id: None,
        declared_in: None,
    };
    let changes = vec![Change {
        // The same mark on all that was changed at once: they are one incident.
        path: format!("tags.CHG-{}", 1000 + days).as_str().into(),
        change_type: ChangeType::Added,
        declared: None,
        actual: Some(Masked::trusted(json!("kim"))),
        is_security_critical: false,
        remembered_at: None,
    }];
    let drift_type = DriftType::Modified;
    let facts = Facts { environment, resource: &resource, drift_type, changes: &changes, now: at };
    let analysis = analysis::analyse(&facts);
    let recommendations = recommend(&facts, &analysis);
    Finding {
        environment: environment.slug.clone(),
        drift_type,
        hidden: vec![],
        unverified: vec![],
        declared_state: None,
        actual_state: None,
        analysis,
        recommendations,
        dependants: 0,
        tags: vec![],
        resource,
        changes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::query::Group;
    use crate::service::pulse;
    use crate::store::{DriftFilter, OpenMode};

    #[test]
    fn the_demos_past_is_over_and_says_what_is_usual() {
        let temp = tempfile::tempdir().unwrap();
        let world = super::super::create(&temp.path().join("world")).unwrap();
        let (path, now) = (temp.path().join("store"), Timestamp::now());
        tell(&world, &path, now).unwrap();
        let store = store::open(&path, OpenMode::ReadWrite).unwrap().store;
        for environment in store.environments().unwrap() {
            let open = store.open_counts(&environment.slug).unwrap();
            assert_eq!(open.critical + open.high + open.medium + open.low, 0, "{}", environment.slug);
        }
        let slug = crate::drift::Slug::from_text("aws-prod");
        assert_eq!(pulse::look(store.as_ref(), &slug, now).unwrap(), None, "nobody is told of what is over");
        let shown = pulse::shown(store.as_ref(), &slug, now).unwrap().unwrap();
        assert!(shown.says.raw().starts_with("0 today, usual 0"), "{shown:?}");
        assert!(shown.forecast.is_some() && shown.types.len() >= 3, "{shown:?}");
        let groups = store.groups(&DriftFilter::default(), Group::Incident, 100).unwrap();
        let most = groups.rows.iter().map(|row| row.count).max();
        assert_eq!((groups.drifts, groups.total, most), (20, 17, Some(3)));
    }
}

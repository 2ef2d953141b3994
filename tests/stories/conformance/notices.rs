//! Notifications, whatever stands behind the service.

use driftguard::drift::{Notification, NotificationRequest, State};
use driftguard::safety::Tainted;
use driftguard::service::ServiceError;

use super::{Bench, request, scan};

/// The bench tells of every drift, and sends it to nobody.
pub async fn conforms(bench: &dyn Bench) {
    let service = bench.service();
    let me = Tainted::from(bench.signed("alice"));
    let newest = |limit| NotificationRequest::newest(limit);
    let unread = || NotificationRequest { unread_by: Some(me.clone()), ..newest(500) };
    let before = service.notifications(newest(500)).await.unwrap();
    assert!(!before.is_empty(), "much has drifted before this");
    service.read_notifications(before[0].id, me.clone()).await.unwrap();
    assert!(service.notifications(unread()).await.unwrap().is_empty());

    // What has not drifted yet.
    let page =
        service.drifts(request(vec![State::Open, State::Acknowledged, State::Ignored], None, 500)).await.unwrap();
    let drifted = |n: usize| page.data.iter().any(|one| one.resource.resource_id.raw() == format!("local_file.f{n}"));
    let thing = (0..12).rev().find(|n| !drifted(*n)).expect("something is in sync");
    bench.disturb(thing, true);
    scan(bench).await;
    scan(bench).await;
    let new: Vec<Notification> = service.notifications(unread()).await.unwrap();
    let [one] = new.as_slice() else { panic!("told once: {new:?}") };
    let drift = one.drift.as_ref().unwrap();
    assert_eq!(drift.resource_id.raw(), format!("local_file.f{thing}"));
    assert_eq!(service.drift(drift.id).await.unwrap().event.id, drift.id);
    assert_eq!(service.notification(one.id).await.unwrap(), *one);

    let first = service.notifications(newest(1)).await.unwrap();
    assert_eq!(first, new, "newest first");
    let onward = NotificationRequest { cursor: Some(one.id), ..newest(500) };
    let older = service.notifications(onward).await.unwrap();
    assert_eq!(older.len(), before.len());
    let back = NotificationRequest { cursor: Some(older[0].id), back: true, ..newest(500) };
    assert_eq!(service.notifications(back).await.unwrap(), new);

    let read = service.read_notification(one.id, me.clone()).await.unwrap();
    assert!(read.is_read_by(&me));
    assert!(service.notifications(unread()).await.unwrap().is_empty());
    let error = service.resend_notification(one.id).await.unwrap_err();
    assert!(matches!(&error, ServiceError::Invalid(why) if why.contains("no channel is configured")), "{error}");
    let nothing = driftguard::drift::NotificationId::generate();
    for error in [
        service.notification(nothing).await.unwrap_err(),
        service.read_notification(nothing, me.clone()).await.unwrap_err(),
        service.read_notifications(nothing, me.clone()).await.unwrap_err(),
        service.resend_notification(nothing).await.unwrap_err(),
    ] {
        assert!(matches!(error, ServiceError::NotFound(_)), "{error}");
    }
    bench.disturb(thing, false);
    scan(bench).await;
    scans_that_ended_are_listed(bench).await;
}

async fn scans_that_ended_are_listed(bench: &dyn Bench) {
    let (service, environment) = (bench.service(), bench.environment());
    let all = service.scans(vec![environment.clone()]).await.unwrap();
    assert!(all.len() > 3 && all.is_sorted_by_key(|scan| std::cmp::Reverse(scan.finished_at)));
    let last = service.environments().await.unwrap().into_iter().find(|one| one.environment.slug == environment);
    assert_eq!(last.unwrap().last_scan.as_ref(), all.first(), "newest first");
    assert_eq!(service.scans(vec![]).await.unwrap(), all, "there is no other environment");
}

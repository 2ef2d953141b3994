//! Who is told what, who has read it, and what is on its way.

use super::*;
use crate::store::{Alerting, Attempted, Channel, Notices, Outgoing};

fn alerting(from: SeverityClass, channels: &[(&str, SeverityClass, &[&str])]) -> Alerting {
    let channel = |(name, from, environments): &(&str, SeverityClass, &[&str])| Channel {
        name: Slug::from_text(name),
        from: *from,
        environments: environments.iter().map(|name| Slug::from_text(name)).collect(),
    };
    Alerting { from, channels: channels.iter().map(channel).collect(), ..Alerting::default() }
}

fn scored(id: &str, hundredths: u8) -> Finding {
    let mut finding = finding(id, &["ingress"]);
    finding.analysis.severity.security = Score::percent(hundredths);
    finding
}

impl World {
    fn told(&self) -> Vec<Notification> {
        self.store.notifications(&NotificationRequest::newest(10_000)).unwrap()
    }

    fn unread(&self, who: &str) -> usize {
        let request = NotificationRequest { unread_by: Some(who.into()), ..NotificationRequest::newest(10_000) };
        self.store.notifications(&request).unwrap().len()
    }

    fn take(&self, channel: &str) -> Vec<Outgoing> {
        self.store.take_deliveries(&Slug::from_text(channel), 100).unwrap()
    }
}

#[test]
fn each_time_a_severe_drift_opens_is_told_once() {
    let w = World::new();
    let (severe, mild) = (scored("web", 65), scored("db", 40));
    w.scan(&[severe.clone(), mild.clone()]);
    w.scan(&[severe.clone(), mild]);
    let told = w.told();
    let [one] = told.as_slice() else { panic!("{told:?}") };
    let drift = one.drift.as_ref().unwrap();
    assert_eq!((one.priority, one.kind, drift.regressions), (SeverityClass::High, NotificationKind::Alert, 0));
    assert!(one.subject.raw().contains("web") && one.message.raw().contains("ingress"), "{one:?}");
    assert!(one.deliveries.is_empty() && one.read_by.is_empty());
    w.scan(&[]);
    w.scan(&[severe]);
    let told = w.told();
    let openings: Vec<u32> = told.iter().filter_map(|one| Some(one.drift.as_ref()?.regressions)).collect();
    assert_eq!(openings, [1, 0], "newest first");
    assert!(told[0].subject.raw().contains("has come back"), "{told:?}");
    w.assert_sound();
}

#[test]
fn nobody_is_told_of_what_was_announced_or_is_hidden() {
    let w = World::new();
    let first = w.one(&scored("hidden-1", 40));
    w.decide(first.id, TriageVerb::Ignore { rule: rule(Some("hidden-*"), None, None) }).unwrap();
    w.scan(&[scored("hidden-1", 40), scored("hidden-2", 90)]);
    assert!(w.told().is_empty(), "{:?}", w.told());
    let window = OperationalContext {
        id: ContextId::generate(),
        context_type: ContextType::Maintenance,
        context_data: ContextData { title: "window".into(), ..ContextData::default() },
        incident_impact: None,
        time_window: TimeWindow { from: at(START), to: Some(at(START + 3_600_000_000)) },
        environments: vec![],
        source: ContextSource::Person,
    };
    w.store.put_context(&window, &"alice".into()).unwrap();
    w.scan(&[scored("hidden-2", 90), scored("planned", 90)]);
    assert!(w.told().is_empty(), "{:?}", w.told());
    w.pass(7_200);
    w.scan(&[scored("hidden-2", 90), scored("planned", 90), scored("unplanned", 90)]);
    assert_eq!(w.told().len(), 1);
}

#[test]
fn of_a_flood_a_hundred_are_told_and_then_how_many_more() {
    let w = World::new();
    w.store.alert(alerting(SeverityClass::High, &[("ops", SeverityClass::High, &[])]));
    let flood: Vec<Finding> = (0..1_450).map(|n| scored(&format!("sg{n:04}"), 65)).collect();
    w.scan(&flood);
    let told = w.told();
    let (sums, alerts): (Vec<_>, Vec<_>) = told.iter().partition(|one| one.kind == NotificationKind::Summary);
    assert_eq!((alerts.len(), sums.len()), (100, 1));
    assert!(sums[0].subject.raw().contains("1350 more drifts"), "{:?}", sums[0]);
    assert_eq!(w.take("ops").len(), 100, "the number may still grow");
    w.pass(61);
    // A hundred are taken at once, in the order of their ids: it may be the one that is left.
    let taken = [w.take("ops"), w.take("ops")].concat();
    assert!(taken.iter().any(|one| one.notification.id == sums[0].id));
    w.assert_sound();
}

#[test]
fn everybody_has_read_what_he_has_read() {
    let w = World::new();
    for n in 0..5 {
        w.scan(&(0..=n).map(|n| scored(&format!("sg{n}"), 65)).collect::<Vec<_>>());
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    let told = w.told();
    assert!(told.len() == 5 && told.is_sorted_by(|a, b| a.id > b.id));
    let (alice, bob) = (Tainted::from("alice"), Tainted::from("bob"));
    w.store.read_notification(told[4].id, &alice).unwrap();
    assert_eq!((w.unread("alice"), w.unread("bob")), (4, 5));
    let first = w.store.notification(told[4].id).unwrap().read_by[0].at;
    w.pass(60);
    let again = w.store.read_notification(told[4].id, &alice).unwrap();
    assert_eq!((again.read_by.len(), again.read_by[0].at), (1, first), "the first time stays");
    w.store.read_notifications(told[1].id, &bob).unwrap();
    w.store.read_notifications(told[3].id, &bob).unwrap();
    assert_eq!((w.unread("alice"), w.unread("bob")), (4, 1), "nothing becomes unread");
    let of = |at: usize| w.store.notification(told[at].id).unwrap();
    assert!(of(3).is_read_by(&bob) && !of(3).is_read_by(&alice) && !of(0).is_read_by(&bob));
    let nowhere = NotificationId(ulid::Ulid::from_parts(u64::MAX >> 16, 0));
    assert!(matches!(w.store.read_notifications(nowhere, &bob), Err(StoreError::NotFound(_))));
    assert_eq!(w.unread("bob"), 1, "what is still to come is not read");
    let w = w.reopen();
    assert_eq!((w.unread("alice"), w.unread("bob")), (4, 1));
    w.assert_sound();
}

#[test]
fn pages_lead_there_and_back() {
    let w = World::new();
    w.scan(&(0..7).map(|n| scored(&format!("sg{n}"), 65)).collect::<Vec<_>>());
    let all = w.told();
    let ids = |page: &[Notification]| page.iter().map(|one| one.id).collect::<Vec<_>>();
    let page = |cursor: usize, back| {
        let request = NotificationRequest { cursor: Some(all[cursor].id), back, ..NotificationRequest::newest(2) };
        w.store.notifications(&request).unwrap()
    };
    assert_eq!(ids(&page(1, false)), ids(&all[2..4]));
    assert_eq!(ids(&page(4, true)), ids(&all[2..4]), "the nearest, newest first");
    assert_eq!(ids(&page(6, false)), []);
    assert_eq!(ids(&page(1, true)), ids(&all[..1]));
}

#[test]
fn what_is_to_be_sent_is_taken_by_one_and_by_another_when_nothing_comes_of_it() {
    let w = World::new();
    let channels: [(&str, SeverityClass, &[&str]); 3] = [
        ("ops", SeverityClass::High, &[]),
        ("pager", SeverityClass::Critical, &[]),
        ("elsewhere", SeverityClass::Low, &["staging"]),
    ];
    w.store.alert(alerting(SeverityClass::High, &channels));
    w.scan(&[scored("web", 65)]);
    let one = w.told().remove(0);
    let names: Vec<&str> = one.deliveries.iter().map(|to| to.channel.as_str()).collect();
    assert_eq!(names, ["ops"], "severe enough, and of its environments");
    let ops = Slug::from_text("ops");
    assert_eq!(w.store.waiting_deliveries(&ops).unwrap(), 1);
    let taken = w.take("ops");
    assert!(taken.len() == 1 && taken[0].tries == 1 && taken[0].delivery == one.deliveries[0].id);
    assert!(w.take("ops").is_empty(), "somebody has it");
    w.pass(61);
    let again = w.take("ops").remove(0);
    assert_eq!((again.tries, again.delivery), (2, taken[0].delivery), "under the same name");
    w.store.settle_delivery(&taken[0], &Attempted::Sent).unwrap();
    assert_eq!(w.told()[0].deliveries[0].state, DeliveryState::Pending, "who was thought gone says nothing any more");
    let later = w.store.now().checked_add(jiff::SignedDuration::from_secs(30)).unwrap();
    w.store.settle_delivery(&again, &Attempted::Again { at: later, why: "503".into() }).unwrap();
    let w = w.reopen();
    w.store.alert(alerting(SeverityClass::High, &channels));
    assert_eq!(w.told()[0].deliveries[0].state, DeliveryState::Failed, "it outlives the process");
    assert!(w.take("ops").is_empty(), "not yet");
    w.pass(31);
    let third = w.take("ops").remove(0);
    w.store.settle_delivery(&third, &Attempted::Sent).unwrap();
    let sent = &w.told()[0].deliveries[0];
    assert!(sent.state == DeliveryState::Sent && sent.tries == 3 && sent.at.is_some() && sent.again_at.is_none());
    assert_eq!(w.store.waiting_deliveries(&ops).unwrap(), 0);
    w.pass(3_600);
    assert!(w.take("ops").is_empty(), "sent is sent");
    w.assert_sound();
}

#[test]
fn what_is_sent_anew_goes_to_who_is_there_now_under_another_name() {
    let w = World::new();
    w.store.alert(alerting(SeverityClass::High, &[]));
    w.scan(&[scored("web", 65)]);
    let one = w.told().remove(0);
    let error = w.store.resend_notification(one.id).unwrap_err();
    assert!(error.to_string().contains("no channel is configured for prod-eu"), "{error}");
    w.store.alert(alerting(SeverityClass::High, &[("ops", SeverityClass::Critical, &["prod-eu"])]));
    let resent = w.store.resend_notification(one.id).unwrap();
    assert_eq!(resent.deliveries[0].channel.as_str(), "ops", "whoever asks for it need not think it severe");
    let taken = w.take("ops").remove(0);
    w.store.settle_delivery(&taken, &Attempted::Dead { why: "410".into() }).unwrap();
    assert!(w.take("ops").is_empty());
    w.store.resend_notification(one.id).unwrap();
    let again = w.take("ops").remove(0);
    assert!(again.delivery != taken.delivery && again.tries == 1);
    w.assert_sound();
}

#[test]
fn they_go_with_an_export_and_end_with_what_is_kept() {
    let w = World::new();
    w.store.alert(alerting(SeverityClass::High, &[("ops", SeverityClass::High, &[])]));
    w.scan(&[scored("web", 65), scored("db", 95)]);
    w.store.read_notifications(w.told()[0].id, &"alice".into()).unwrap();
    let mut lines = Vec::new();
    w.store.export(&mut lines).unwrap();
    let other = World::new();
    other.store.import(&mut &lines[..]).unwrap();
    assert_eq!(other.told(), w.told());
    other.pass(10);
    assert_eq!((other.unread("alice"), other.take("ops").len()), (0, 2), "and goes on");
    other.assert_sound();
    w.scan(&[]);
    w.pass(89 * 86_400);
    w.store.prune().unwrap();
    assert_eq!(w.told().len(), 2);
    w.pass(2 * 86_400);
    w.store.prune().unwrap();
    assert!(w.told().is_empty() && w.take("ops").is_empty());
    w.assert_sound();
    other.store.forget(&env(), &"alice".into()).unwrap();
    assert!(other.told().is_empty());
    other.assert_sound();
}

#[test]
fn a_queue_that_leads_nowhere_is_found() {
    let w = World::new();
    w.store.alert(alerting(SeverityClass::High, &[("ops", SeverityClass::High, &[])]));
    w.scan(&[scored("web", 65)]);
    let tree = w.store.engine.tree(Tree::Notifications);
    let queued = tree.scan_prefix([1]).keys().next().unwrap().unwrap().to_vec();
    let mut tx = Tx::new(&w.store, w.store.now());
    tx.delete(Tree::Notifications, queued.clone());
    tx.put(Tree::Notifications, [&queued[..queued.len() - 1], &[9]].concat(), Vec::new());
    tx.commit(true).unwrap();
    let faults = w.store.verify().unwrap().faults;
    assert!(faults.iter().any(|fault| fault.contains("waits to be sent")), "{faults:?}");
    assert!(faults.iter().any(|fault| fault.contains("leads to no notification")), "{faults:?}");
}

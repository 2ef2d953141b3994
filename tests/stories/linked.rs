//! What people say belongs together: links between drifts, on whatever store, here and over the API.

use driftguard::drift::query::Group;
use driftguard::drift::{DriftId, Linked, ResolutionType, TriageRequest, TriageVerb};
use driftguard::service::{DriftService, ResourcesRequest, ServiceError};
use driftguard::store::{Direction, DriftFilter, PageRequest};

use super::conformance::{Bench, open_drifts};

fn request(drift: DriftId, verb: TriageVerb) -> TriageRequest {
    TriageRequest { drift, verb, reason: None, actor: "erin".into(), expected_version: None, once: None }
}

async fn linked(service: &dyn DriftService, id: DriftId) -> Vec<Linked> {
    service.relations(id).await.unwrap().linked
}

pub async fn links_hold_at_both_ends_and_are_taken_back(bench: &dyn Bench) {
    let service = bench.service();
    let service = service.as_ref();
    let open = open_drifts(service).await;
    let (a, b, c) = (open[0].id, open[1].id, open[2].id);
    let link = |to| TriageVerb::Link { to, note: Some("the same change".into()) };
    let made = service.triage(request(a, link(b))).await.unwrap();
    assert_eq!(made.drifts.len(), 2, "both have changed: {:?}", made.drifts);
    for (here, there) in [(a, b), (b, a)] {
        let all = linked(service, here).await;
        let [Linked { link, drift }] = all.as_slice() else { panic!("{all:?}") };
        assert_eq!((link.to, drift.id, link.seq), (there, there, made.seq));
        assert_eq!(link.note.as_ref().unwrap().raw(), "the same change");
        assert_eq!(link.by.raw(), bench.signed("erin"));
        let detail = service.drift(here).await.unwrap();
        assert_eq!(detail.history[0].action, "link", "it is in the trail of both: {:?}", detail.history[0]);
    }
    for (verb, why) in [(link(b), "linked already"), (link(a), "itself"), (TriageVerb::Unlink { to: c }, "not linked")]
    {
        let error = service.triage(request(a, verb.clone())).await.unwrap_err();
        assert!(matches!(&error, ServiceError::Invalid(said) if said.contains(why)), "{verb:?}: {error}");
    }
    let nobody = link("01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap());
    assert!(matches!(service.triage(request(a, nobody)).await, Err(ServiceError::NotFound(_))));

    // What else is decided about one of them leaves the link alone.
    let resolve = TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until: None };
    let accept = TriageRequest { reason: Some("known".into()), ..request(b, resolve) };
    let accepted = service.triage(accept).await.unwrap();
    assert_eq!((linked(service, a).await.len(), linked(service, b).await.len()), (1, 1));
    service.triage(request(b, TriageVerb::Undo { seq: accepted.seq })).await.unwrap();

    // From the other end; and back, and back once more.
    let removed = service.triage(request(b, TriageVerb::Unlink { to: a })).await.unwrap();
    assert!(linked(service, a).await.is_empty() && linked(service, b).await.is_empty());
    service.triage(request(b, TriageVerb::Undo { seq: removed.seq })).await.unwrap();
    let again = linked(service, a).await;
    assert_eq!((again.len(), again[0].link.seq), (1, made.seq), "as it was");
    service.triage(request(a, TriageVerb::Undo { seq: made.seq })).await.unwrap();
    assert!(linked(service, a).await.is_empty() && linked(service, b).await.is_empty());
}

async fn members(service: &dyn DriftService, query: &str) -> Vec<DriftId> {
    let filter = DriftFilter { query: query.parse().unwrap(), ..DriftFilter::default() };
    let request = PageRequest { filter, cursor: None, direction: Direction::Older, limit: 500 };
    service.drifts(request).await.unwrap().data.iter().map(|event| event.id).collect()
}

pub async fn what_belongs_together_is_told_and_taken_apart_by_hand(bench: &dyn Bench) {
    let service = bench.service();
    let service = service.as_ref();
    let open = open_drifts(service).await;
    let (a, b) = (open[0].id, open[1].id);
    let together = async |id| service.relations(id).await.unwrap().together.unwrap();
    let made = service.triage(request(a, TriageVerb::Link { to: b, note: None })).await.unwrap();
    let (of_a, of_b) = (together(a).await, together(b).await);
    assert_eq!((of_a.id.len(), &of_a.id, of_a.count), (20, &of_b.id, of_b.count));
    assert!(of_a.others.iter().any(|other| other.id == b) && of_b.others.iter().any(|other| other.id == a));
    assert!(of_a.why.iter().any(|why| why.raw() == "somebody put two of them together"), "{of_a:?}");
    // All of it is found by its id and by any drift in it, and is one row among the others.
    for query in [format!("incident:{}", of_a.id), format!("incident:{b}")] {
        let found = members(service, &query).await;
        assert_eq!(found.len() as u64, of_a.count, "{query}");
        assert!(found.contains(&a) && found.contains(&b), "{query}");
    }
    assert!(!members(service, &format!("-incident:{a}")).await.contains(&b));
    let groups = service.groups(DriftFilter::default(), Group::Incident, 500).await.unwrap();
    let row = groups.rows.iter().find(|row| row.incident.as_ref().is_some_and(|one| one.id == of_a.id)).unwrap();
    let incident = row.incident.as_ref().unwrap();
    assert_eq!((row.count, incident.members), (of_a.count, of_a.count));
    assert!(incident.why.iter().any(|why| why.raw() == "somebody put two of them together"), "{incident:?}");
    assert_eq!(groups.rows.iter().map(|row| row.count).sum::<u64>(), groups.drifts, "each is in one row");
    let filter = DriftFilter { member: Some(row.key), ..DriftFilter::default() };
    let request_of = PageRequest { filter, cursor: None, direction: Direction::Older, limit: 500 };
    assert_eq!(service.drifts(request_of).await.unwrap().data.len() as u64, row.count);
    service.triage(request(a, TriageVerb::Undo { seq: made.seq })).await.unwrap();

    let split = service.triage(request(a, TriageVerb::Split)).await.unwrap();
    let detail = service.drift(a).await.unwrap();
    assert!(detail.event.is_split && detail.history[0].action == "split", "{:?}", detail.history[0]);
    assert_eq!((together(a).await.count, together(a).await.others.len()), (1, 0));
    let twice = service.triage(request(a, TriageVerb::Split)).await.unwrap_err();
    assert!(matches!(&twice, ServiceError::Invalid(said) if said.contains("alone already")), "{twice}");
    service.triage(request(a, TriageVerb::Undo { seq: split.seq })).await.unwrap();
    assert!(!service.drift(a).await.unwrap().event.is_split);
    let never = service.triage(request(a, TriageVerb::Rejoin)).await.unwrap_err();
    assert!(matches!(&never, ServiceError::Invalid(said) if said.contains("nobody has taken it out")), "{never}");
}

pub async fn what_the_code_declares_is_told_with_its_place_and_its_drifts(bench: &dyn Bench) {
    let service = bench.service();
    let drift = open_drifts(service.as_ref()).await.remove(0);
    let asked =
        |after: Option<String>, limit| ResourcesRequest { environment: drift.environment.clone(), after, limit };
    let all = service.resources(asked(None, 1_000)).await.unwrap();
    let of = all.iter().find(|one| one.address == drift.resource.resource_id).unwrap_or_else(|| panic!("{all:?}"));
    assert_eq!((&of.drifts, &of.resource_type), (&vec![drift.id], &drift.resource.resource_type));
    assert!(all.iter().any(|one| one.drifts.is_empty()) || all.len() == 1, "{all:?}");
    assert!(all.is_sorted_by(|a, b| a.address.raw() < b.address.raw()));
    let first = all[0].address.raw().to_owned();
    let rest = service.resources(asked(Some(first), 1_000)).await.unwrap();
    assert_eq!(rest, all[1..]);
}

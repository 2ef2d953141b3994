//! What the last scans of the sample world hid: a little of every kind, and enough of one kind to scroll.

use crate::compare::NeverHide;
use crate::drift::{
    Aside, DriftDetail, Hidden, NeverHideReach, NeverHideRule, ResourceRef, Slug, Untold, UntoldPage, UntoldRequest,
    Unverified, UnverifiedReason,
};
use crate::safety::Masked;

use super::now;

fn resource(kind: &str, id: &str) -> ResourceRef {
    ResourceRef {
        resource_type: kind.into(),
        resource_id: id.into(),
        previous_address: None,
        provider_id: None,
        declared_in: None,
    }
}

fn hidden(kind: &str, id: &str, path: &str, rule: &str, sides: [serde_json::Value; 2]) -> Untold {
    let [declared, actual] = sides.map(|side| Some(Masked::trusted(side)));
    let what = Aside::Hidden(Hidden { path: path.into(), rule: rule.into(), declared, actual });
    Untold { resource: resource(kind, id), drifted: false, what }
}

/// Of the resources in sync, then of the drifts.
fn all(slug: &Slug, drifts: &[DriftDetail]) -> Vec<Untold> {
    let mut rows = vec![];
    if slug.as_str() == "prod-eu" {
        let groups = [serde_json::json!(["sg-1", "sg-2"]), serde_json::json!(["sg-2", "sg-1"])];
        rows.push(hidden("aws_instance", "module.app.aws_instance.web[0]", "security_groups", "set-order", groups));
        let detail = "the provider never reads it back".into();
        let what = Aside::Unverified(Unverified {
            path: Some("password".into()),
            reason: UnverifiedReason::WriteOnly,
            detail,
        });
        rows.push(Untold {
            resource: resource("aws_db_instance", "module.data.aws_db_instance.main"),
            drifted: false,
            what,
        });
        rows.extend((0..30).map(|n| {
            let sides = [serde_json::json!("443"), serde_json::json!(443)];
            hidden(
                "aws_lb_listener",
                &format!("module.edge.aws_lb_listener.https[{n}]"),
                "port",
                "number-string",
                sides,
            )
        }));
    }
    for detail in drifts.iter().filter(|detail| detail.event.environment == *slug) {
        let resource = &detail.event.resource;
        let of = |what| Untold { resource: resource.clone(), drifted: true, what };
        rows.extend(detail.hidden.iter().cloned().map(|hidden| of(Aside::Hidden(hidden))));
        rows.extend(detail.unverified.iter().cloned().map(|unverified| of(Aside::Unverified(unverified))));
    }
    rows
}

pub fn page(request: &UntoldRequest, drifts: &[DriftDetail]) -> UntoldPage {
    let words: Vec<String> = request.text.split_whitespace().map(str::to_lowercase).collect();
    let rows = all(&request.environment, drifts);
    let kept = rows.len();
    let rows: Vec<Untold> = rows.into_iter().filter(|row| row.has_words(&words)).collect();
    UntoldPage {
        matching: rows.len(),
        rows: rows.into_iter().skip(request.from).take(request.limit).collect(),
        from: request.from,
        kept,
        counted: kept as u64,
        scanned_at: Some(now()),
    }
}

pub fn reach(rule: &NeverHideRule, slugs: &[Slug], drifts: &[DriftDetail]) -> NeverHideReach {
    let mut reach = NeverHideReach::default();
    let Ok(compiled) = NeverHide::decided(rule) else { return reach };
    for slug in slugs.iter().filter(|slug| rule.environment.as_ref().is_none_or(|of| of == *slug)) {
        for row in all(slug, drifts) {
            if row.hidden().is_some_and(|hidden| compiled.exposes(&row.resource, hidden)) {
                reach.changes += 1;
                *(if row.drifted { &mut reach.drifts } else { &mut reach.resources }) += 1;
                if reach.first.len() < NeverHideReach::NAMED {
                    reach.first.push((slug.clone(), row.resource));
                }
            }
        }
    }
    reach
}

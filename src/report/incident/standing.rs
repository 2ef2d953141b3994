//! Where a drift stands, in a sentence for people who were not there.

use jiff::Timestamp;

use crate::drift::{Closure, Decision, DriftEvent, DriftId, ResolutionType, State};

/// `moment`: how times are written. Raw text: names are in it.
pub(super) fn standing(event: &DriftEvent, now: Timestamp, moment: impl Fn(Timestamp) -> String) -> String {
    let state = event.state_at(now);
    let decision = event.decision.as_ref().filter(|_| state == event.state);
    let until = |decision: &Decision| decision.until.map(|at| format!(" until {}", moment(at))).unwrap_or_default();
    let by = |decision: &Decision| format!(" by {}", decision.by.raw());
    match (state, decision) {
        (State::Closed, _) => closed(event),
        (State::Resolved, Some(decision)) => {
            let kind = decision.resolution_type.map_or("resolved", words);
            format!("{kind}{}{}{}", until(decision), by(decision), came_back(event))
        }
        (State::Resolved, None) => format!("resolved change by change{}", came_back(event)),
        (State::Open, _) => format!("open{}", came_back(event)),
        (state, None) => format!("{}{}", state.as_str(), came_back(event)),
        (state, Some(decision)) => {
            format!("{}{}{}{}", state.as_str(), until(decision), by(decision), came_back(event))
        }
    }
}

fn words(kind: ResolutionType) -> &'static str {
    match kind {
        ResolutionType::AutoRevert => "to be put back to what the code says",
        ResolutionType::CodifyIac => "to be taken into the code",
        ResolutionType::Accepted => "accepted",
        ResolutionType::Escalated => "escalated",
    }
}

fn closed(event: &DriftEvent) -> String {
    let after = match event.regressions {
        0 => "",
        1 => ", after it had come back once",
        _ => ", after it had come back more than once",
    };
    match (event.closure, event.superseded_by) {
        (Some(Closure::Superseded), Some(id)) => {
            format!("closed{after}; the resource differs in another way since, as drift {}", short(id))
        }
        (Some(Closure::Continued), Some(id)) => {
            format!("closed{after}; goes on as drift {}, with what was decided about it", short(id))
        }
        _ => format!("closed{after}: it was not there any more when it was looked for"),
    }
}

fn came_back(event: &DriftEvent) -> &'static str {
    if event.is_regressed() { "; it had ended and came back" } else { "" }
}

/// The last eight characters: those that two drifts of one moment do not share.
pub(super) fn short(id: DriftId) -> String {
    let text = id.to_string();
    text.get(text.len().saturating_sub(8)..).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::sample::Sample;

    fn said(change: impl FnOnce(&mut DriftEvent)) -> String {
        let sample = Sample::default();
        let mut event = sample.event(sample.ids()[0]).unwrap();
        (event.state, event.decision, event.regressions, event.closure) = (State::Open, None, 0, None);
        change(&mut event);
        standing(&event, Timestamp::UNIX_EPOCH, |at| at.to_string())
    }

    #[test]
    fn where_a_drift_stands_is_said_in_plain_words() {
        assert_eq!(said(|_| {}), "open");
        assert_eq!(said(|event| event.regressions = 2), "open; it had ended and came back");
        let closed = |event: &mut DriftEvent, why| (event.state, event.closure) = (State::Closed, Some(why));
        assert_eq!(
            said(|event| closed(event, Closure::Healed)),
            "closed: it was not there any more when it was looked for"
        );
        let id: DriftId = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        let superseded = said(|event| {
            closed(event, Closure::Superseded);
            (event.superseded_by, event.regressions) = (Some(id), 1);
        });
        assert_eq!(
            superseded,
            "closed, after it had come back once; the resource differs in another way since, as drift Q69G5FAV"
        );
        let accepted = said(|event| {
            event.state = State::Resolved;
            event.decision = Some(Decision {
                seq: 1,
                by: "alice".into(),
                at: Timestamp::UNIX_EPOCH,
                reason: None,
                resolution_type: Some(ResolutionType::Accepted),
                until: Some(Timestamp::MAX),
            });
        });
        assert_eq!(accepted, format!("accepted until {} by alice", Timestamp::MAX));
    }
}

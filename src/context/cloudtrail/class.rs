//! What kind of hand an event shows, by the rules of the pack; no rule, no answer.

use super::event::Event;
use super::pack::{ClassRule, PACK};
use crate::drift::ActorClass;

/// A class with what speaks for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verdict {
    /// `None`: the event does not tell.
    pub class: Option<ActorClass>,
    pub reason: &'static str,
}

/// The kind of hand. Events that are not of AWS are none of ours.
pub fn class_of(event: &Event) -> Verdict {
    let is_aws = event.source.ends_with(".amazonaws.com") || event.source.ends_with(".amazonaws.com.cn");
    let rule = if is_aws { PACK.classes.iter().find(|rule| holds(rule, event)) } else { None };
    match rule {
        Some(rule) => Verdict { class: Some(rule.is), reason: &rule.why },
        None => Verdict { class: None, reason: "nothing in the event tells what kind of hand it was" },
    }
}

fn holds(rule: &ClassRule, event: &Event) -> bool {
    let identity = &event.identity;
    let fields = [
        (&rule.identity, &identity.kind),
        (&rule.event_type, &event.event_type),
        (&rule.invoked_by, &identity.invoked_by),
        (&rule.user_agent, &event.user_agent),
        (&rule.role, &identity.role),
        (&rule.session, &identity.session),
        (&rule.address, &event.address),
    ];
    fields.iter().all(|(globs, text)| globs.is_empty() || globs.is_match(text))
        && (!rule.console || event.is_from_console)
}

//! How it stands with the server, and what it cannot do.

use crate::api::Capability;
use crate::safety::sanitise;
use crate::service::{Contact, needs_server};
use crate::tui::Trying;
use crate::tui::app::action::Action;
use crate::tui::app::model::Link;
use crate::tui::app::{Effect, Model};

/// Whoever is turned away is told what to do; what is on the screen stays.
pub fn now(model: &mut Model, contact: Contact) -> Vec<Effect> {
    if let Contact::Denied { why } = &contact
        && model.contact.as_ref() != Some(&contact)
    {
        model.notices.failed(model.now, sanitise::line(why));
    }
    let is_live = contact == Contact::Live;
    let is_back = model.contact.replace(contact) != Some(Contact::Live) && is_live;
    // Who came and went meanwhile nobody has told.
    if is_back { super::crew::load(model) } else { vec![] }
}

/// Nobody has answered yet: the keys that need nobody work, and the screen says what is tried.
pub fn trying(model: &mut Model, trying: Trying) -> Vec<Effect> {
    let Trying { why, since, again_at } = trying;
    if !model.connected() {
        model.trying = Some(sanitise::line(&why));
        model.contact = Some(Contact::Lost { since, again_at });
    }
    vec![]
}

/// Another one of several servers answers.
pub fn server(model: &mut Model, name: String) {
    let Link::Up { mode, .. } = &mut model.link else { return };
    if *mode != name {
        model.notices.add(model.now, false, format!("{} answers now", sanitise::cell(&name, 60)));
        *mode = name;
    }
}

impl Model {
    /// Why it has to wait until the server is back.
    pub fn waits_for_server(&self, action: Action) -> Option<String> {
        use Action as A;
        if !matches!(self.contact, Some(Contact::Lost { .. })) {
            return None;
        }
        let write = match action {
            A::Ignore | A::EditRule | A::DeleteRule => "change_rule",
            A::NeverHide => "change_never_hide",
            A::Scan | A::ScanAll => "scan",
            A::CancelScan => "cancel_scan",
            A::Who => "who",
            A::Analyse => "analyse",
            A::RequestRemediation => "request_remediation",
            A::ApproveRemediation | A::RejectRemediation | A::CancelRemediation => "decide_remediation",
            _ => return None,
        };
        needs_server(write).map(|why| format!("the server is away, and {why}"))
    }

    /// Why the server cannot do it, when it is older than these screens.
    pub fn lacks(&self, action: Action) -> Option<String> {
        use Action as A;
        let needs = match action {
            A::AddMarker | A::EndMarker => Capability::Contexts,
            A::CycleGroup => Capability::Groups,
            A::Incident | A::Span => Capability::Incident,
            A::NeverHide => Capability::NeverHide,
            A::Rules | A::EditRule | A::DeleteRule => Capability::Rules,
            A::Scan | A::ScanAll | A::CancelScan => Capability::Scans,
            A::HiddenList => Capability::Untold,
            A::Who => Capability::Who,
            A::RequestRemediation | A::ApproveRemediation | A::RejectRemediation | A::CancelRemediation => {
                Capability::Remediations
            }
            _ => return None,
        };
        self.missing.what.contains(&needs).then(|| self.missing.why.clone())
    }
}

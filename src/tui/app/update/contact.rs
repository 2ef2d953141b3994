//! How it stands with the server, and what it cannot do.

use crate::api::Capability;
use crate::safety::sanitise;
use crate::service::Contact;
use crate::tui::app::Model;
use crate::tui::app::action::Action;
use crate::tui::app::model::Link;

/// Whoever is turned away is told what to do; what is on the screen stays.
pub fn now(model: &mut Model, contact: Contact) {
    if let Contact::Denied { why } = &contact
        && model.contact.as_ref() != Some(&contact)
    {
        model.notices.failed(model.now, sanitise::line(why));
    }
    model.contact = Some(contact);
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
            _ => return None,
        };
        self.missing.what.contains(&needs).then(|| self.missing.why.clone())
    }
}

//! What belongs together: the selected drift and those that are marked.

use super::{drafting, forms, plan as planning, ruling};
use crate::drift::{DriftId, Link, TriageVerb};
use crate::tui::app::overlay::{Field, Form, FormKind, Overlay, Plan};
use crate::tui::app::{Effect, Model};

/// What they may have to do with each other.
const KINDS: [&str; 5] = ["same change", "same cause", "caused by it", "causes it", "duplicate"];

/// Marked, and not the selected one itself.
pub fn others(model: &Model) -> Vec<DriftId> {
    let here = model.timeline.selected_id();
    model.marks.keys().copied().filter(|id| Some(*id) != here).collect()
}

/// Of the selected drift.
pub fn links(model: &Model) -> &[Link] {
    model.loaded().map(|loaded| loaded.detail.links.as_slice()).unwrap_or_default()
}

/// Asks in which way they belong together.
pub fn open(model: &mut Model) -> Vec<Effect> {
    let Some(target) = model.timeline.selected().map(|event| model.target(event)) else { return vec![] };
    let kind = Field::offering("as", "what they have to do with each other; up and down: kinds", KINDS[0], &KINDS);
    let mut form = Form::new(FormKind::Link, vec![target], vec![kind]);
    drafting::restore(model, &mut form);
    model.overlay = Some(Overlay::Form(form));
    vec![]
}

/// Takes links away: to those that are marked, else the only one, else the one that is chosen.
pub fn unlink(model: &mut Model) -> Vec<Effect> {
    let Some(target) = model.timeline.selected().map(|event| model.target(event)) else { return vec![] };
    let (marked, linked) = (others(model), links(model).iter().map(|link| link.to).collect::<Vec<_>>());
    let meant: Vec<DriftId> = linked.iter().copied().filter(|to| marked.contains(to)).collect();
    let meant = match (meant.as_slice(), linked.as_slice()) {
        ([], [only]) => vec![*only],
        ([], _) => {
            let labels = links(model).iter().map(|link| label(model, link)).collect();
            let from = Field::choice("from", "up and down choose", labels);
            model.overlay = Some(Overlay::Form(Form::new(FormKind::Unlink, vec![target], vec![from])));
            return vec![];
        }
        (some, _) => some.to_vec(),
    };
    let steps = meant.into_iter().map(|to| (target.clone(), TriageVerb::Unlink { to })).collect();
    planning::propose(model, Plan { word: "unlink".into(), steps, ..Plan::default() }, false)
}

/// Takes the selected drift out of its incident, or lets it be found with others again.
pub fn split(model: &mut Model) -> Vec<Effect> {
    let Some(event) = model.timeline.selected() else { return vec![] };
    let (target, verb) = (model.target(event), if event.is_split { TriageVerb::Rejoin } else { TriageVerb::Split });
    let word = verb.as_str().into();
    planning::propose(model, Plan { word, steps: vec![(target, verb)], ..Plan::default() }, false)
}

/// The drift at the other end, by its name where that is known here.
fn label(model: &Model, link: &Link) -> String {
    let name = named(model, link.to);
    match &link.note {
        Some(note) => format!("{name}: {}", note.cell(30)),
        None => name,
    }
}

/// By its resource where it is loaded or marked, else by its number.
pub fn named(model: &Model, id: DriftId) -> String {
    let loaded = model.timeline.window.find(id).map(|event| event.resource.resource_id.cell(40));
    loaded.or_else(|| model.marks.get(&id).map(|target| target.label.cell(40))).unwrap_or_else(|| id.to_string())
}

/// What the form says.
pub fn plan(model: &Model, form: &Form) -> Result<Plan, String> {
    let target = form.targets.first().ok_or("the drift is not there any more")?;
    let verbs: Vec<TriageVerb> = match form.kind {
        FormKind::Link => {
            let note = forms::some(ruling::typed(form, "as"));
            // What is linked already stays so.
            let new = others(model).into_iter().filter(|to| links(model).iter().all(|link| link.to != *to));
            new.map(|to| TriageVerb::Link { to, note: note.clone() }).collect()
        }
        _ => {
            let at = form.field("from").map(Field::chosen).unwrap_or_default();
            links(model).get(at).map(|link| TriageVerb::Unlink { to: link.to }).into_iter().collect()
        }
    };
    if verbs.is_empty() {
        return Err("they are linked already".into());
    }
    let says = verbs.iter().flat_map(|verb| says(model, verb)).collect();
    let steps = verbs.into_iter().map(|verb| (target.clone(), verb)).collect();
    let word = form.kind.action().entry().name.to_owned();
    Ok(Plan { word, steps, says, draft: Some(form.key()), ..Plan::default() })
}

/// What a confirmation shows of it.
pub fn says(model: &Model, verb: &TriageVerb) -> Vec<String> {
    match verb {
        TriageVerb::Link { to, note } => {
            let kind = note.as_ref().map(|note| format!("as      {}", note.line()));
            [Some(format!("with    {}", named(model, *to))), kind].into_iter().flatten().collect()
        }
        TriageVerb::Unlink { to } => vec![format!("from    {}", named(model, *to))],
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use crate::tui::Options;
    use crate::tui::app::action::Action;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;

    #[test]
    fn what_is_taken_out_of_its_incident_goes_back_with_the_same_key() {
        let mut screens = Screens::open(Sample::shared(), options(Options::default()), (120, 40)).unwrap();
        let is_split = |screens: &Screens| screens.model.timeline.selected().unwrap().is_split;
        assert!(!is_split(&screens));
        screens.keys(", x");
        assert!(is_split(&screens), "{}", screens.screen());
        screens.keys(", x");
        assert!(!is_split(&screens), "{}", screens.screen());
    }

    #[test]
    fn what_is_marked_is_linked_to_the_selected_drift_and_unlinked_again() {
        let mut screens = Screens::open(Sample::shared(), options(Options::default()), (120, 40)).unwrap();
        let alone = Action::LinkDrifts.disabled(&screens.model).unwrap();
        assert!(alone.contains("mark the other drifts first"), "{alone}");
        screens.keys("space space");
        let here = screens.model.timeline.selected_id().unwrap();
        screens.keys(", l");
        assert!(screens.screen().contains("same change"), "{}", screens.screen());
        screens.keys("down enter");
        let links = |screens: &Screens| {
            let loaded = screens.model.loaded().unwrap();
            assert_eq!(loaded.detail.event.id, here);
            loaded.detail.links.iter().map(|link| link.note.as_ref().unwrap().raw().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(links(&screens), ["same cause", "same cause"]);
        screens.keys(", L");
        assert_eq!(links(&screens), Vec::<String>::new());
        let none = Action::UnlinkDrifts.disabled(&screens.model).unwrap();
        assert!(none.contains("nothing is linked"), "{none}");
    }
}

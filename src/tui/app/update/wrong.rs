//! What is wrong with a form: said of the field in focus first, and the focus goes to where something is wrong.

use super::{reasons, ruling};
use crate::tui::app::overlay::{Field, Form, FormKind, Value};
use crate::tui::app::{Model, when};

/// The field and what is wrong with it; `None`: nothing that can be said field by field.
pub fn first(model: &Model, form: &Form) -> Option<(usize, String)> {
    let others = (0..form.fields.len()).filter(|at| *at != form.at);
    let mut order = std::iter::once(form.at).chain(others).filter(|at| form.is_asked(*at));
    order.find_map(|at| Some((at, of(model, form, form.fields.get(at)?)?)))
}

fn of(model: &Model, form: &Form, field: &Field) -> Option<String> {
    let text = field.typed();
    match field.label {
        "until" if text.is_empty() => (form.kind == FormKind::Snooze).then(|| "until when?".to_owned()),
        "until" => when::parse(text, model.now, &model.zone).err(),
        "expires" if text.is_empty() || form.rule.is_some() && form.is_untouched("expires") => None,
        "expires" => when::parse(text, model.now, &model.zone).err(),
        "to" if text.is_empty() => (form.kind == FormKind::Escalate).then(|| "to whom?".to_owned()),
        "reason" if ruling::typed(form, "reason").is_empty() && reasons::is_asked(model, form.kind) => {
            Some(reasons::wanted(form.kind))
        }
        _ => None,
    }
}

/// Whoever is typed and known to nobody is asked about once: half a name is soon a person.
pub fn doubt(form: &mut Form) -> Option<(usize, String)> {
    let (at, pick) = form.fields.iter_mut().enumerate().find_map(|(at, field)| match &mut field.value {
        Value::Pick(pick) => Some((at, pick)),
        _ => None,
    })?;
    Some((at, pick.doubt()?))
}

#[cfg(test)]
mod tests {
    use crate::drift::{ResolutionType, TriageVerb};
    use crate::tui::Options;
    use crate::tui::app::overlay::Overlay;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;

    fn open(width: u16) -> Screens {
        let people = ["network-oncall", "carol"].map(String::from).into();
        let options = options(Options { people, ..Options::default() });
        Screens::open(Sample::shared(), options, (width, 30)).unwrap()
    }

    /// The verbs of the plan that is shown.
    fn planned(screens: &Screens) -> Vec<TriageVerb> {
        match &screens.model.overlay {
            Some(Overlay::Confirm { plan, .. }) => plan.steps.iter().map(|(_, verb)| verb.clone()).collect(),
            other => panic!("{other:?}"),
        }
    }

    fn accepted(screens: &Screens) -> Option<jiff::Timestamp> {
        match planned(screens).first() {
            Some(TriageVerb::Resolve { resolution_type: ResolutionType::Accepted, until }) => *until,
            Some(TriageVerb::SettleChanges { resolution_type: ResolutionType::Accepted, until, .. }) => *until,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn accepting_asks_until_when_before_it_plans() {
        for opens in ["D", "d"] {
            let mut screens = open(100);
            screens.keys(opens);
            assert!(screens.screen().contains("until    only where it is accepted"), "{}", screens.screen());
            screens.keys("down down tab");
            screens.text("known");
            screens.keys("enter");
            let screen = screens.screen();
            assert!(screen.contains("> until    1w") && screen.contains("until when? enter takes this"), "{screen}");
            assert!(screen.contains("up/down presets"), "{screen}");
            screens.text("friday");
            screens.keys("enter");
            assert_eq!(accepted(&screens).unwrap().to_string(), "2026-11-27T09:00:00Z");
        }
    }

    #[test]
    fn what_is_accepted_without_an_end_says_for_good() {
        let mut screens = open(100);
        screens.keys("D down down tab");
        screens.text("known");
        screens.keys("tab ctrl-u");
        assert!(screens.screen().contains("for good: it does not come back by itself"), "{}", screens.screen());
        screens.keys("enter");
        assert_eq!(accepted(&screens), None);
        assert!(screens.screen().contains("as      accepted for good"), "{}", screens.screen());
        let mut screens = open(100);
        screens.keys("e ctrl-u tab");
        screens.text("known");
        screens.keys("enter");
        assert!(screens.screen().contains("as      accepted for good"), "{}", screens.screen());
    }

    #[test]
    fn only_what_is_accepted_ends_and_the_others_pass_the_field_over() {
        let mut screens = open(100);
        screens.keys("D tab");
        screens.text("reverting");
        screens.keys("tab");
        assert!(screens.screen().contains("> cause"), "{}", screens.screen());
        screens.keys("tab");
        assert!(screens.screen().contains("> as"), "{}", screens.screen());
        screens.keys("enter");
        assert!(matches!(planned(&screens)[0], TriageVerb::Resolve { until: None, .. }), "{}", screens.screen());
    }

    #[test]
    fn what_is_wrong_in_the_field_in_focus_is_said_first() {
        let mut screens = open(100);
        screens.keys("s");
        screens.text("whenever");
        screens.keys("enter");
        let screen = screens.screen();
        assert!(screen.contains("`whenever` is no time") && screen.contains("> until"), "{screen}");
        screens.keys("ctrl-u");
        screens.text("2h");
        assert!(screens.screen().contains("up/down presets"), "{}", screens.screen());
        screens.keys("up");
        assert!(!screens.screen().contains("until    2h"), "a preset: {}", screens.screen());
    }

    #[test]
    fn half_a_name_is_completed_and_an_unknown_one_is_asked_about() {
        let mut screens = open(100);
        screens.act("escalate");
        screens.text("car");
        screens.keys("tab");
        screens.text("ssh is open");
        screens.keys("enter");
        let to = TriageVerb::Assign { to: Some("carol".into()) };
        assert_eq!(planned(&screens)[1], to, "{}", screens.screen());

        let mut screens = open(100);
        screens.act("assign");
        screens.text("zoe");
        screens.keys("enter");
        assert!(
            screens.screen().contains("zoe? not known: enter once more takes it as written"),
            "{}",
            screens.screen()
        );
        screens.keys("enter");
        assert!(screens.model.overlay.is_none());
        assert_eq!(screens.model.timeline.selected().unwrap().assignee.as_ref().unwrap().raw(), "zoe");
    }
}

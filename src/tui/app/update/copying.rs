//! To the clipboard: what it is, how it goes there, and what to look at when nothing arrives.

use crate::drift::{CloudProvider, RemediationKind};
use crate::tui::app::action::Action;
use crate::tui::app::msg::Copied;
use crate::tui::app::{Effect, Model, snippet};

/// What the action copies, and what that is called; or why there is none.
pub fn text(model: &Model, action: Action) -> Result<(&'static str, String), String> {
    let event = model.timeline.selected().ok_or("no drift is selected")?;
    let change = || model.selected_change().ok_or_else(|| "the drift has no change to copy".to_owned());
    let resource = &event.resource;
    Ok(match action {
        Action::CopyPath => ("path", change()?.path.0.line()),
        Action::CopyValue => {
            let change = change()?;
            let value = change.actual.as_ref().or(change.declared.as_ref()).ok_or("the change has no value")?;
            ("value", value.pretty().join("\n"))
        }
        Action::CopyId => ("id", resource.provider_id.as_ref().ok_or("its id in the cloud is not known")?.line()),
        Action::CopyRevert => ("command to revert", snippet::revert(event, provider(model))?),
        Action::CopyImport => ("import block", snippet::import(event)?),
        Action::CopyDrift => {
            let clock = |at: jiff::Timestamp| at.to_zoned(model.zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
            ("drift", snippet::whole(event, model.now, clock))
        }
        _ => ("address", resource.resource_id.line()),
    })
}

/// Why the advice to do what the copied text does cannot be followed.
fn refusal(model: &Model, action: Action) -> Option<String> {
    let kind = match action {
        Action::CopyRevert => RemediationKind::AutoRevert,
        Action::CopyImport => RemediationKind::CodifyIac,
        _ => return None,
    };
    kind.refusal(model.timeline.selected()?, model.now)
}

/// Of the selected drift's environment.
fn provider(model: &Model) -> Option<CloudProvider> {
    let slug = &model.timeline.selected()?.environment;
    let found = model.environments.list.iter().find(|row| row.environment.slug == *slug);
    found.map(|row| row.environment.cloud_provider)
}

pub fn copy(model: &mut Model, action: Action) -> Vec<Effect> {
    match text(model, action) {
        Ok((what, text)) => {
            refusal(model, action).into_iter().for_each(|why| model.notice(true, why));
            vec![Effect::Copy(what, text)]
        }
        Err(why) => {
            model.notice(false, format!("{}: {why}", action.entry().name));
            vec![]
        }
    }
}

/// It was written to the terminal; whether that took it, nobody says.
pub fn copied(model: &mut Model, copied: &Copied) -> Vec<Effect> {
    let (way, hint) = copied.through.says();
    let cut = if copied.cut { ", cut: the terminal takes no more" } else { "" };
    // The way comes last: where there is no room for all, what to do is worth more.
    let hint = hint.map(|hint| format!("; not there? {hint}")).unwrap_or_default();
    let bytes = copied.bytes;
    model.notice(false, format!("copied the {}, {bytes} B{cut}{hint}; {way}", copied.what));
    vec![]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::Options;
    use crate::tui::app::Msg;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::sample::Sample;
    use crate::tui::term::clipboard::Through;

    #[test]
    fn the_advice_about_a_copy_is_not_what_is_cut_off_at_80_columns() {
        let ways = [Through::Nothing, Through::Tmux, Through::Screen, Through::TmuxInScreen, Through::ScreenInTmux];
        let mut screens = Screens::open(Sample::shared(), options(Options::default()), (80, 24)).unwrap();
        for (through, what) in ways.into_iter().flat_map(|way| [(way, "command to revert"), (way, "value")]) {
            screens.send(Msg::Copied(Copied { what, bytes: 4096, cut: false, through }));
            let screen = screens.screen();
            let said = screen.lines().last().unwrap_or_default();
            assert!(said.contains(&format!("copied the {what}, 4096 B")), "{said}");
            assert!(through.says().1.is_none_or(|hint| said.contains(hint)), "{said}");
        }
    }
}

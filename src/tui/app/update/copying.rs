//! To the clipboard: what it is, how it goes there, and what to look at when nothing arrives.

use crate::drift::CloudProvider;
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

/// Of the selected drift's environment.
fn provider(model: &Model) -> Option<CloudProvider> {
    let slug = &model.timeline.selected()?.environment;
    let found = model.environments.list.iter().find(|row| row.environment.slug == *slug);
    found.map(|row| row.environment.cloud_provider)
}

pub fn copy(model: &mut Model, action: Action) -> Vec<Effect> {
    match text(model, action) {
        Ok((what, text)) => vec![Effect::Copy(what, text)],
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
    let hint = hint.map(|hint| format!("; if nothing arrives: {hint}")).unwrap_or_default();
    model.notice(false, format!("copied the {}, {} B{cut}, {way}{hint}", copied.what, copied.bytes));
    vec![]
}

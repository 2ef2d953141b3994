//! One message in, a changed model and the effects out.

mod actions;
pub mod advising;
mod again;
mod contact;
pub mod copying;
pub mod crew;
mod drafting;
mod events;
mod feel;
pub mod forms;
mod groups;
pub mod heat;
mod home;
mod incident;
pub mod jump;
mod keys;
pub mod links;
mod load;
pub mod markers;
mod marking;
mod models;
mod mouse;
mod moves;
mod narrative;
pub mod never_hide;
mod news;
pub mod offers;
pub mod palette;
pub mod plan;
pub mod preview;
pub mod query;
mod question;
mod reasons;
mod reconfigure;
pub mod remediation;
pub mod repeat;
pub mod resource;
pub mod rules;
pub mod ruling;
mod sheet;
mod silent;
mod triage;
mod typing;
pub mod undo;
pub mod untold;
pub mod views;
pub mod waiting;
mod who;
mod wrong;

pub use keys::scope;

use super::effect::{Effect, Exit};
use super::model::Link;
use super::{Model, Msg};
use crate::tui::panes::layout;

/// The only way the model changes. Pure: no I/O, no clock.
pub fn update(model: &mut Model, msg: Msg) -> Vec<Effect> {
    let is_active = matches!(msg, Msg::Key(_) | Msg::Mouse(_) | Msg::Paste(_));
    let mut effects = match msg {
        Msg::Clock(now) => {
            model.now = now;
            news::overdue(model);
            vec![]
        }
        Msg::Key(key) => keys::press(model, key),
        Msg::Mouse(event) => mouse::take(model, event),
        Msg::Background(colour) => feel::background(model, colour),
        Msg::Paste(text) => typing::paste(model, &text),
        Msg::Resize(columns, rows) => {
            model.size = (columns, rows);
            // Terminals move cells about while they are resized, even when they end up as they were.
            vec![Effect::Redraw]
        }
        Msg::Connected { mode, read_only, as_of } => {
            if let Some(why) = &read_only {
                model.notice(true, format!("read-only: {why}"));
            }
            model.trying = None;
            model.link = Link::Up { mode, read_only, as_of };
            load::everything(model)
        }
        Msg::ReadOnly(why) => {
            if let Link::Up { read_only, .. } = &mut model.link {
                *read_only = why;
            }
            vec![]
        }
        Msg::Missing(missing) => {
            model.missing = missing;
            vec![]
        }
        Msg::Trying(trying) => contact::trying(model, trying),
        Msg::Crewed { is_shared, me, role } => {
            model.role = role;
            crew::begin(model, is_shared, me)
        }
        Msg::Looking(Ok(all)) => crew::came(model, all),
        // Nobody is known to be there.
        Msg::Looking(Err(_)) => vec![],
        Msg::Service(event) => events::take(model, event),
        Msg::Lagged => load::after_loss(model),
        Msg::Environments(ticket, answer) => load::environments_came(model, ticket, answer),
        Msg::Page(ticket, answer) => load::page_came(model, ticket, answer),
        Msg::Groups(ticket, answer) => groups::came(model, ticket, answer),
        Msg::Jump(ticket, answer) => jump::came(model, ticket, answer),
        Msg::Detail(ticket, answer) => load::detail_came(model, ticket, answer),
        Msg::Triaged(ticket, answer) => triage::answered(model, ticket, answer),
        Msg::TriagedMany(answers) => triage::all_answered(model, answers),
        Msg::Remediated(ticket, answer) => remediation::answered(model, ticket, answer),
        Msg::People(Ok(people)) => forms::people_came(model, people),
        // Names can still be typed.
        Msg::People(Err(_)) => vec![],
        Msg::Rules(ticket, answer) => rules::came(model, ticket, answer),
        Msg::Preview(ticket, answer) => preview::came(model, ticket, answer),
        Msg::RuleChanged(ticket, answer) => rules::answered(model, ticket, answer),
        Msg::Offers(ticket, found) => offers::came(model, ticket, found),
        Msg::Added(ticket, answer) => offers::added(model, ticket, answer),
        Msg::Untold(ticket, answer) => untold::came(model, ticket, answer),
        Msg::Incident(ticket, answer) => incident::came(model, ticket, answer),
        Msg::Sheet(ticket, answer) => sheet::came(model, ticket, answer),
        Msg::Resource(ticket, answer) => resource::came(model, ticket, answer),
        Msg::Who(ticket, answer) => who::came(model, ticket, answer),
        Msg::Models(ticket, answer) => models::came(model, ticket, answer),
        Msg::ModelActivated(ticket, answer) => models::activated(model, ticket, answer),
        Msg::Narrative(ticket, answer) => narrative::came(model, ticket, answer),
        Msg::Home(ticket, answer) => home::came(model, ticket, answer),
        Msg::Heat(ticket, answer) => heat::came(model, ticket, answer),
        Msg::Business(ticket, answer) => home::counted(model, ticket, answer),
        Msg::Question(ticket, answer) => question::prepared(model, ticket, answer),
        Msg::Answered(ticket, answer) => question::answered(model, ticket, answer),
        Msg::History(ticket, answer) => resource::history_came(model, ticket, answer),
        Msg::Analysed(Ok(event)) => {
            let advice: Vec<&str> = event.recommendations.iter().map(|one| one.recommendation_type.as_str()).collect();
            let address = event.resource.resource_id.cell(60);
            model.notice(false, format!("{address}: analysed anew; the advice is {}", advice.join(", ")));
            vec![]
        }
        Msg::Analysed(Err(why)) => {
            model.notice(true, crate::safety::sanitise::line(&why.to_string()));
            vec![]
        }
        Msg::Marked(answer) => markers::saved(model, answer),
        Msg::Exported(answer) => incident::exported(model, answer),
        Msg::Asked(Ok(())) | Msg::Highlighted => vec![],
        Msg::Asked(Err(why)) => {
            model.notice(true, crate::safety::sanitise::line(&why.to_string()));
            vec![]
        }
        Msg::Copied(copied) => copying::copied(model, &copied),
        Msg::Matching(ticket, answer) => marking::came(model, ticket, answer),
        Msg::Drafts(earlier) => {
            model.drafts.load(earlier);
            vec![]
        }
        Msg::Configured(options) => reconfigure::take(model, &options),
        Msg::Finds(finds, problems) => views::came(model, finds, problems),
        Msg::Signal(number) => vec![Effect::Exit(Exit::Signal(number))],
        Msg::TerminalGone => vec![Effect::Exit(Exit::TerminalGone)],
        Msg::InputEnded => vec![Effect::Exit(Exit::InputEnded)],
        Msg::Resumed => vec![Effect::Retake],
        Msg::Broken(what) => {
            model.notice(true, what);
            vec![]
        }
    };
    marking::settle(model);
    fit(model);
    effects.extend(preview::follow(model));
    effects.extend(untold::follow(model));
    effects.extend(incident::follow(model));
    effects.extend(heat::follow(model));
    effects.extend(resource::follow(model));
    effects.extend(drafting::follow(model));
    effects.extend(crew::follow(model, is_active));
    effects
}

/// Tells the timeline how many rows it has.
pub fn fit(model: &mut Model) {
    let height = layout::plan(model).timeline_rows();
    if model.timeline.height != height {
        model.timeline.height = height;
        model.timeline.scroll();
    }
}

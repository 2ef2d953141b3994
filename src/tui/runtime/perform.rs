//! Asks the service; every question has its answer.

use std::sync::Arc;

use crate::analysis::blame;
use crate::service::{DriftService, ServiceError};
use crate::tui::app::model::Reach;
use crate::tui::app::msg::Loaded;
use crate::tui::app::{Effect, Msg};
use crate::tui::widgets::diff::Views;

/// Runs an effect that needs the service, to its end.
pub async fn perform(service: &dyn DriftService, effect: Effect) -> Msg {
    match effect {
        Effect::LoadEnvironments(ticket) => Msg::Environments(ticket, service.environments().await),
        Effect::LoadPage(ticket, request) => Msg::Page(ticket, service.drifts(request).await),
        Effect::LoadDetail(ticket, id) => {
            let loaded = match service.drift(id).await {
                Ok(detail) => load(detail).await,
                Err(why) => Err(why),
            };
            Msg::Detail(ticket, loaded.map(Box::new))
        }
        Effect::Triage(ticket, request) => Msg::Triaged(ticket, service.triage(request).await),
        Effect::LoadRules(ticket) => {
            let all = match service.rules().await {
                Ok(rules) => service.never_hidden().await.map(|never_hide| (rules, never_hide)),
                Err(why) => Err(why),
            };
            Msg::Rules(ticket, all)
        }
        Effect::PreviewRule(ticket, rule) => Msg::Preview(ticket, service.preview_rule(*rule).await.map(Reach::Hides)),
        Effect::PreviewNeverHide(ticket, rule) => {
            Msg::Preview(ticket, service.preview_never_hide(*rule).await.map(Reach::Exposes))
        }
        Effect::ChangeNeverHide(ticket, request) => Msg::RuleChanged(ticket, service.change_never_hide(*request).await),
        Effect::LoadUntold(ticket, request) => Msg::Untold(ticket, service.untold(request).await),
        Effect::ChangeRule(ticket, request) => Msg::RuleChanged(ticket, service.change_rule(*request).await),
        Effect::Scan(environment) => Msg::Asked(service.scan(environment).await),
        Effect::CancelScan(environment) => Msg::Asked(service.cancel_scan(environment).await),
        other => Msg::Broken(format!("{other:?} is not for the service")),
    }
}

/// Large bodies take a while to align and colour: that is done beside the loop.
async fn load(detail: crate::drift::DriftDetail) -> Result<Loaded, ServiceError> {
    let build = move || Loaded { view: Arc::new(Views::of(&detail)), blame: blame(&detail), detail };
    let built = tokio::task::spawn_blocking(build).await;
    built.map_err(|_| ServiceError::Unavailable("the diff could not be drawn; the log says where".into()))
}

/// The answer when the task itself broke down.
pub fn broken(effect: &Effect) -> Msg {
    let why = || ServiceError::Unavailable("driftguard broke down while doing this; the log says where".into());
    match effect {
        Effect::LoadEnvironments(ticket) => Msg::Environments(*ticket, Err(why())),
        Effect::LoadPage(ticket, _) => Msg::Page(*ticket, Err(why())),
        Effect::LoadDetail(ticket, _) => Msg::Detail(*ticket, Err(why())),
        Effect::Triage(ticket, _) => Msg::Triaged(*ticket, Err(why())),
        Effect::LoadRules(ticket) => Msg::Rules(*ticket, Err(why())),
        Effect::PreviewRule(ticket, _) | Effect::PreviewNeverHide(ticket, _) => Msg::Preview(*ticket, Err(why())),
        Effect::LoadUntold(ticket, _) => Msg::Untold(*ticket, Err(why())),
        Effect::ChangeRule(ticket, _) | Effect::ChangeNeverHide(ticket, _) => Msg::RuleChanged(*ticket, Err(why())),
        _ => Msg::Asked(Err(why())),
    }
}

//! Asks the service; every question has its answer.

use std::sync::Arc;

use jiff::Timestamp;

use super::incident;
use crate::analysis::blame;
use crate::config::Found;
use crate::service::{DriftService, ServiceError, narrative, question};
use crate::store::{Direction, DriftFilter, Matching, PageRequest};
use crate::tui::app::home::{DAYS, Home, NEWEST};
use crate::tui::app::model::Reach;
use crate::tui::app::models::Registry;
use crate::tui::app::msg::Loaded;
use crate::tui::app::remediation::Ask;
use crate::tui::app::timeline::GROUPS;
use crate::tui::app::{Effect, Msg};
use crate::tui::widgets::diff::Views;

/// A decision was refused: the store may have become read-only.
pub fn aftermath(service: &dyn DriftService, answer: &Msg) -> Option<Msg> {
    let is_refused = match answer {
        Msg::Triaged(_, answer) => answer.is_err(),
        Msg::TriagedMany(answers) => answers.iter().any(|(_, answer)| answer.is_err()),
        _ => false,
    };
    is_refused.then(|| Msg::ReadOnly(service.read_only()))
}

/// Runs an effect that needs the service, to its end.
pub async fn perform(service: &dyn DriftService, effect: Effect) -> Msg {
    match effect {
        Effect::LoadEnvironments(ticket) => Msg::Environments(ticket, service.environments().await),
        Effect::LoadPage(ticket, request) => Msg::Page(ticket, service.drifts(request).await),
        Effect::LoadGroups(ticket, filter, by, _) => Msg::Groups(ticket, service.groups(*filter, by, GROUPS).await),
        Effect::LoadJump(ticket, request) => Msg::Jump(ticket, service.drifts(request).await),
        Effect::LoadMatching(ticket, filter) => Msg::Matching(ticket, service.matching(*filter, Matching::MOST).await),
        Effect::LoadPeople => Msg::People(service.people().await),
        Effect::TriageMany(asked) => {
            let (tickets, requests): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
            match service.triage_many(requests).await {
                Ok(answers) => Msg::TriagedMany(tickets.into_iter().zip(answers).collect()),
                Err(why) => Msg::TriagedMany(tickets.into_iter().map(|ticket| (ticket, Err(why.clone()))).collect()),
            }
        }
        Effect::LoadDetail(ticket, id) => {
            let loaded = match service.drift(id).await {
                Ok(detail) => load(detail).await,
                Err(why) => Err(why),
            };
            Msg::Detail(ticket, loaded.map(Box::new))
        }
        Effect::Triage(ticket, request) => Msg::Triaged(ticket, service.triage(request).await),
        Effect::Remediate(ticket, ask) => {
            let answer = match *ask {
                Ask::Request(asked) => service.request_remediation(asked).await,
                Ask::Decision(asked) => service.decide_remediation(asked).await,
            };
            Msg::Remediated(ticket, answer.map(Box::new))
        }
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
        Effect::FindEnvironments(ticket, adding) => {
            // Where it broke down, nothing was found; the log says why.
            Msg::Offers(ticket, tokio::task::spawn_blocking(move || adding.find()).await.unwrap_or_default())
        }
        Effect::AddEnvironment(ticket, adding, offer) => {
            let added = tokio::task::spawn_blocking(move || adding.add(&offer)).await;
            Msg::Added(ticket, added.unwrap_or_else(|_| Err("it was not written; the log says why".into())))
        }
        Effect::LoadUntold(ticket, request) => Msg::Untold(ticket, service.untold(request).await),
        Effect::LoadHeat(ticket, request) => Msg::Heat(ticket, service.incident(request).await.map(Box::new)),
        Effect::LoadIncident(ticket, request) => Msg::Incident(ticket, incident::found(service, request).await),
        Effect::LoadAsOf(ticket, id, at, zone) => Msg::Sheet(ticket, incident::stood(service, id, at, zone).await),
        Effect::CompareObserved(ticket, pair, zone) => Msg::Sheet(ticket, incident::compared(*pair, zone).await),
        Effect::LoadResource(ticket, id) => Msg::Resource(ticket, incident::resource(service, id).await),
        Effect::AskWho(ticket, id) => Msg::Who(ticket, service.who(id).await.map(Box::new)),
        Effect::LoadNarrative(ticket, id, zone) => {
            let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
            Msg::Narrative(ticket, narrative(service, id, &clock).await.map(Box::new))
        }
        Effect::LoadHome(ticket) => Msg::Home(ticket, home(service).await.map(Box::new)),
        Effect::LoadBusiness(ticket) => Msg::Business(ticket, service.business(vec![], DAYS).await.map(Box::new)),
        Effect::PrepareQuestion(ticket, id, text, zone) => {
            let clock = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
            Msg::Question(ticket, question(service, id, &text, &clock).await.map(Box::new))
        }
        Effect::AskGemini(ticket, spec, question, cancel) => {
            Msg::Answered(ticket, question.ask(*spec, &cancel).await.map(Box::new))
        }
        Effect::LoadModels(ticket) => {
            let registry = match service.models().await {
                Ok(models) => service.lessons().await.map(|lessons| Box::new(Registry { models, lessons })),
                Err(why) => Err(why),
            };
            Msg::Models(ticket, registry)
        }
        Effect::ActivateModel(ticket, to, actor) => {
            Msg::ModelActivated(ticket, service.activate_model(to, actor).await.map(Box::new))
        }
        Effect::Analyse(id) => Msg::Analysed(service.analyse(id, None).await.map(Box::new)),
        Effect::LoadHistory(ticket, id, limit) => Msg::History(ticket, incident::history(service, id, limit).await),
        Effect::Export(review) => Msg::Exported(incident::export(*review).await),
        Effect::PutContext(context, actor) => {
            let words = format!("marked: {}", context.context_data.title.line());
            Msg::Marked(service.put_context(*context, actor).await.map(|()| words))
        }
        Effect::EndContext(id, at, actor) => {
            let ended = service.end_context(id, at, actor).await;
            Msg::Marked(ended.map(|one| format!("over: {}", one.context_data.title.line())))
        }
        Effect::ChangeRule(ticket, request) => Msg::RuleChanged(ticket, service.change_rule(*request).await),
        Effect::SettleWaiting(ids, how) => Msg::Asked(service.settle_waiting(ids, how).await),
        Effect::LoadLooking => Msg::Looking(service.looking().await),
        Effect::Scan(environment) => Msg::Asked(service.scan(environment).await),
        Effect::CancelScan(environment) => Msg::Asked(service.cancel_scan(environment).await),
        other => Msg::Broken(format!("{other:?} is not for the service")),
    }
}

async fn home(service: &dyn DriftService) -> Result<Home, ServiceError> {
    let (filter, cursor) = (DriftFilter::default(), None);
    let newest = service.drifts(PageRequest { filter, cursor, direction: Direction::Older, limit: NEWEST }).await?.data;
    Ok(Home { stats: service.stats(vec![], DAYS).await?, newest })
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
        Effect::LoadGroups(ticket, ..) => Msg::Groups(*ticket, Err(why())),
        Effect::LoadJump(ticket, _) => Msg::Jump(*ticket, Err(why())),
        Effect::LoadMatching(ticket, _) => Msg::Matching(*ticket, Err(why())),
        Effect::LoadPeople => Msg::People(Err(why())),
        Effect::TriageMany(asked) => Msg::TriagedMany(asked.iter().map(|(ticket, _)| (*ticket, Err(why()))).collect()),
        Effect::LoadDetail(ticket, _) => Msg::Detail(*ticket, Err(why())),
        Effect::Triage(ticket, _) => Msg::Triaged(*ticket, Err(why())),
        Effect::Remediate(ticket, _) => Msg::Remediated(*ticket, Err(why())),
        Effect::LoadRules(ticket) => Msg::Rules(*ticket, Err(why())),
        Effect::PreviewRule(ticket, _) | Effect::PreviewNeverHide(ticket, _) => Msg::Preview(*ticket, Err(why())),
        Effect::FindEnvironments(ticket, _) => Msg::Offers(*ticket, Found::default()),
        Effect::AddEnvironment(ticket, ..) => Msg::Added(*ticket, Err(why().to_string())),
        Effect::LoadUntold(ticket, _) => Msg::Untold(*ticket, Err(why())),
        Effect::LoadHeat(ticket, _) => Msg::Heat(*ticket, Err(why())),
        Effect::LoadIncident(ticket, _) => Msg::Incident(*ticket, Err(why())),
        Effect::LoadAsOf(ticket, ..) | Effect::CompareObserved(ticket, ..) => Msg::Sheet(*ticket, Err(why())),
        Effect::LoadResource(ticket, _) => Msg::Resource(*ticket, Err(why())),
        Effect::AskWho(ticket, _) => Msg::Who(*ticket, Err(why())),
        Effect::LoadNarrative(ticket, ..) => Msg::Narrative(*ticket, Err(why())),
        Effect::LoadHome(ticket) => Msg::Home(*ticket, Err(why())),
        Effect::LoadBusiness(ticket) => Msg::Business(*ticket, Err(why())),
        Effect::PrepareQuestion(ticket, ..) => Msg::Question(*ticket, Err(why())),
        Effect::AskGemini(ticket, ..) => Msg::Answered(*ticket, Err(Some(why().to_string()))),
        Effect::LoadModels(ticket) => Msg::Models(*ticket, Err(why())),
        Effect::ActivateModel(ticket, ..) => Msg::ModelActivated(*ticket, Err(why())),
        Effect::Analyse(_) => Msg::Analysed(Err(why())),
        Effect::LoadHistory(ticket, ..) => Msg::History(*ticket, Err(why())),
        Effect::Export(_) => Msg::Exported(Err(why().to_string())),
        Effect::PutContext(..) | Effect::EndContext(..) => Msg::Marked(Err(why())),
        Effect::ChangeRule(ticket, _) | Effect::ChangeNeverHide(ticket, _) => Msg::RuleChanged(*ticket, Err(why())),
        _ => Msg::Asked(Err(why())),
    }
}

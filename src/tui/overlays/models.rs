//! Learned models: a line for each version, and how well the one under the cursor does below.

use ratatui::text::Line;

use super::{frame, key};
use crate::drift::{Cause, MlModel, ModelMetrics};
use crate::tui::app::models::Registry;
use crate::tui::panes::{Canvas, wrap};
use crate::tui::theme::Role;
use crate::tui::widgets::text;

/// Columns that are named as important.
const IMPORTANT: usize = 3;
/// Rows the list has at least, where there are so many versions.
const LISTED: usize = 3;

pub fn draw(canvas: &mut Canvas<'_>) {
    let view = &canvas.model.models;
    let width = canvas.area().width.saturating_sub(if canvas.area().width < 60 { 0 } else { 4 }).min(100);
    let room = usize::from(width).saturating_sub(4);
    let most = usize::from(canvas.area().height).saturating_sub(4);
    let keys = [("activate-model", "take into use"), ("rollback-model", "the one before"), ("back", "close")];
    let keys: Vec<String> = keys.iter().map(|(name, word)| format!("{} {word}", key(canvas, "models", name))).collect();
    let (list, below) = match &view.answer {
        None => (vec![], said(canvas, Role::Dim, "looking them up", room)),
        Some(Err(why)) => (vec![], said(canvas, Role::Error, why, room)),
        Some(Ok(registry)) => parts(canvas, registry, view.at, room),
    };
    let rows = list.len().min(most.saturating_sub(below.len() + 1).max(LISTED));
    let gap = usize::from(!list.is_empty());
    let height = (rows + gap + below.len()).clamp(1, most.max(1));
    let at = view.at;
    let inner = frame(canvas, width, height, "learned models", &keys.join("  "));
    let top = (at + 1).saturating_sub(rows);
    for (row, line) in list.iter().skip(top).take(rows).enumerate() {
        canvas.line(inner, row, line);
        if top + row == at {
            canvas.tint(inner, row, Role::Selection);
        }
    }
    for (row, line) in below.iter().take(usize::from(inner.height).saturating_sub(rows + gap)).enumerate() {
        canvas.line(inner, rows + gap + row, line);
    }
}

type Lines = Vec<Line<'static>>;

fn parts(canvas: &Canvas<'_>, registry: &Registry, at: usize, room: usize) -> (Lines, Lines) {
    let list = registry.models.iter().map(|one| version(canvas, one, room)).collect();
    let mut below = match registry.models.get(at) {
        Some(one) => about(canvas, one, room),
        None => said(canvas, Role::Text, "No model was learned yet; the rules judge alone.", room),
    };
    let labels: Vec<String> = registry.lessons.labels.iter().map(|(cause, count)| format!("{cause} {count}")).collect();
    // What is missing says it, too, where there are none.
    if !labels.is_empty() || registry.lessons.missing.is_none() {
        let labels = if labels.is_empty() { "none yet".to_owned() } else { labels.join(", ") };
        below.extend(said(canvas, Role::Dim, &format!("causes confirmed or corrected: {labels}"), room));
    }
    below.extend(registry.lessons.missing.iter().flat_map(|why| said(canvas, Role::Dim, why, room)));
    (list, below)
}

fn version(canvas: &Canvas<'_>, one: &MlModel, room: usize) -> Line<'static> {
    let used = if one.is_active { "in use" } else { "" };
    let words = format!(
        "{:<10} {:>3}  {used:<6}  {}  {:>5} labels  accuracy {:.2}",
        one.name,
        one.version,
        one.trained_at.to_zoned(canvas.model.zone.clone()).strftime("%Y-%m-%d %H:%M"),
        one.labels,
        one.last_measured().accuracy
    );
    Line::from(canvas.span(if one.is_active { Role::Title } else { Role::Text }, text::cut(&words, room)))
}

fn about(canvas: &Canvas<'_>, one: &MlModel, room: usize) -> Lines {
    let metrics = one.last_measured();
    let when = metrics.evaluation_date.to_zoned(canvas.model.zone.clone()).strftime("%Y-%m-%d %H:%M");
    let mut told = vec![format!(
        "measured {when} {} on {} labels: accuracy {:.2} (always the most frequent: {:.2}), macro precision {:.2}, recall {:.2}, F1 \
         {:.2}, calibration error {:.2}",
        metrics.on.replace('_', " "),
        metrics.evaluated_on,
        metrics.accuracy,
        metrics.baseline_accuracy,
        metrics.precision_macro,
        metrics.recall_macro,
        metrics.f1_score_macro,
        metrics.expected_calibration_error,
    )];
    told.push(one.says());
    let mut important: Vec<(&String, &f64)> = metrics.feature_importance.iter().collect();
    important.sort_by(|a, b| b.1.total_cmp(a.1));
    let important: Vec<String> =
        important.iter().take(IMPORTANT).map(|(name, share)| format!("{name} {share:.2}")).collect();
    if !important.is_empty() {
        told.push(format!("asks most about {}", important.join(", ")));
    }
    told.extend(one.deployed_by.as_ref().map(|by| format!("last taken into use by {}", by.line())));
    let mut lines: Lines = told.iter().flat_map(|words| said(canvas, Role::Text, words, room)).collect();
    lines.extend(confusion(canvas, one, metrics, room));
    lines
}

/// Rows are what was labelled, columns what was said.
fn confusion(canvas: &Canvas<'_>, one: &MlModel, metrics: &ModelMetrics, room: usize) -> Lines {
    if metrics.confusion_matrix.is_empty() {
        return vec![];
    }
    let classes = metrics.classes(one);
    let head: String = classes.iter().map(|cause| format!("{:>6}", short(*cause))).collect();
    let mut lines = vec![format!("{:<24}{head}", "labelled \\ said")];
    for (cause, row) in classes.iter().zip(&metrics.confusion_matrix) {
        let cells: String = row.iter().map(|count| format!("{count:>6}")).collect();
        lines.push(format!("{:<24}{cells}", cause.words()));
    }
    lines.into_iter().map(|words| Line::from(canvas.span(Role::Text, text::cut(&words, room)))).collect()
}

/// At most five letters, for a column.
fn short(cause: Cause) -> &'static str {
    match cause {
        Cause::EmergencyFix => "emerg",
        Cause::ManualTroubleshooting => "manu",
        Cause::SecurityResponse => "secur",
        Cause::ConfigurationError => "confi",
        Cause::AutomatedResponse => "auto",
        Cause::Unknown => "unkn",
    }
}

fn said(canvas: &Canvas<'_>, role: Role, words: &str, room: usize) -> Lines {
    wrap(words, room).into_iter().map(|words| Line::from(canvas.span(role, words))).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::drift::{Lessons, ModelStep, ModelType};
    use crate::service::ServiceError;
    use crate::tui::Options;
    use crate::tui::app::testkit::{Screens, options};
    use crate::tui::app::{Effect, Msg};
    use crate::tui::sample::Sample;

    fn version(version: u32, is_active: bool) -> MlModel {
        let metrics = ModelMetrics {
            evaluated_on: 80,
            on: "out_of_bag".into(),
            accuracy: 0.91,
            confusion_matrix: vec![vec![37, 3], vec![4, 36]],
            feature_importance: [("about_network".to_owned(), 0.4)].into(),
            ..ModelMetrics::default()
        };
        MlModel {
            name: "cause".into(),
            version,
            model_type: ModelType::Classification,
            framework: "x".into(),
            artifact_path: "x".into(),
            artifact_hash: "x".into(),
            features: vec![],
            features_version: 2,
            target_classes: vec![Cause::SecurityResponse, Cause::ManualTroubleshooting],
            metrics,
            evaluations: vec![],
            is_active,
            trained_at: Timestamp::UNIX_EPOCH,
            deployed_at: None,
            deployed_by: Some("eve\u{1b}[31m".into()),
            labels: 80,
            threshold: 0.62,
            temperature: 1.0,
            mixed_temperature: Some(1.0),
            metadata: [].into(),
        }
    }

    /// The list with two versions, the older one in use, at this size.
    fn listed(size: (u16, u16)) -> Screens {
        let mut screens = Screens::open(Sample::shared(), options(Options::default()), size).unwrap();
        screens.hold();
        screens.keys(", m");
        let ticket = screens.model.models.asked.unwrap();
        let lessons = Lessons { labels: [("security_response".to_owned(), 40)].into(), missing: None };
        let registry = Registry { models: vec![version(2, false), version(1, true)], lessons };
        screens.send(Msg::Models(ticket, Ok(Box::new(registry))));
        screens
    }

    #[test]
    fn versions_are_listed_with_how_well_they_do_on_a_small_screen_too() {
        for size in [(80, 24), (160, 45)] {
            let screen = listed(size).screen();
            for words in [
                "learned models",
                "in use",
                "accuracy 0.91",
                "labelled \\ said",
                "security response",
                "   37     3",
                "names a cause by itself from 0.62 on",
                "a take into use",
            ] {
                assert!(screen.contains(words), "{words}: {screen}");
            }
            assert!(!screen.contains('\u{1b}'), "a name stays text");
        }
    }

    #[test]
    fn a_version_is_taken_into_use_once_at_a_time_and_refusals_are_said() {
        let mut screens = listed((80, 24));
        screens.keys("a a b");
        let asked: Vec<&Effect> =
            screens.held().iter().filter(|one| matches!(one, Effect::ActivateModel(..))).collect();
        let [Effect::ActivateModel(ticket, ModelStep::To(2), _)] = asked[..] else { panic!("{asked:?}") };
        let refused = ServiceError::ReadOnly("models are trained, measured and chosen by an admin".into());
        screens.send(Msg::ModelActivated(*ticket, Err(refused)));
        let screen = screens.screen();
        assert!(screen.contains("chosen by an admin"), "{screen}");
        screens.keys("b");
        let back = screens.held().iter().filter(|one| matches!(one, Effect::ActivateModel(_, ModelStep::Back, _)));
        assert_eq!(back.count(), 1);
    }

    #[test]
    fn nothing_learned_yet_is_said_and_nothing_can_be_chosen() {
        let mut screens = Screens::open(Sample::shared(), options(Options::default()), (80, 24)).unwrap();
        screens.keys(", m");
        let screen = screens.screen();
        assert!(screen.contains("No model was learned yet") && screen.contains("none yet"), "{screen}");
        screens.keys("a");
        assert!(screens.screen().contains("no model was learned yet"), "{}", screens.screen());
    }
}

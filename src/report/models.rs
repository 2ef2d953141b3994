//! The registry of learned models, as text and as JSON.

use std::io::{self, Write};

use serde_json::json;

use crate::drift::{Lessons, MlModel, ModelMetrics};

/// A line for each version, then what there is to learn from.
pub fn write_text(models: &[MlModel], lessons: &Lessons, out: &mut dyn Write) -> io::Result<()> {
    for model in models {
        let metrics = model.last_measured();
        let used = if model.is_active { "in use" } else { "      " };
        writeln!(
            out,
            "{:<12} {:>4}  {used}  trained {} on {} labels  accuracy {:.2} (always the most frequent: {:.2})  macro-F1 {:.2}  \
             calibration error {:.2}",
            model.name,
            model.version,
            model.trained_at,
            model.labels,
            metrics.accuracy,
            metrics.baseline_accuracy,
            metrics.f1_score_macro,
            metrics.expected_calibration_error,
        )?;
    }
    if models.is_empty() {
        writeln!(out, "no model was learned yet; the rules judge alone")?;
    }
    let labels: Vec<String> = lessons.labels.iter().map(|(cause, count)| format!("{cause} {count}")).collect();
    let labels = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
    writeln!(out, "causes confirmed or corrected: {labels}")?;
    lessons.missing.iter().try_for_each(|missing| writeln!(out, "{missing}"))
}

/// `driftguard.models/1`.
pub fn write_json(models: &[MlModel], lessons: &Lessons, out: &mut dyn Write) -> io::Result<()> {
    let all = json!({"schema": "driftguard.models/1", "models": models, "lessons": lessons});
    writeln!(out, "{all:#}")
}

/// One version with some figures of it.
pub fn write_one(model: &MlModel, metrics: &ModelMetrics, out: &mut dyn Write) -> io::Result<()> {
    let used = if model.is_active { "in use" } else { "not in use" };
    writeln!(
        out,
        "{} version {}, {used}; {} labels; artefact {}",
        model.name, model.version, model.labels, model.artifact_hash
    )?;
    writeln!(
        out,
        "measured {} on {} labels: accuracy {:.3} (always the most frequent: {:.3}), precision {:.3}, recall {:.3}, F1 {:.3} \
         (macro), calibration error {:.3}",
        metrics.on.replace('_', " "),
        metrics.evaluated_on,
        metrics.accuracy,
        metrics.baseline_accuracy,
        metrics.precision_macro,
        metrics.recall_macro,
        metrics.f1_score_macro,
        metrics.expected_calibration_error,
    )?;
    let scores: Vec<String> = metrics.cross_validation_scores.iter().map(|score| format!("{score:.3}")).collect();
    if !scores.is_empty() {
        writeln!(out, "accuracy in five-fold cross-validation: {}", scores.join(", "))?;
    }
    writeln!(out, "what was said (columns) of what was labelled (rows):")?;
    let names: Vec<&str> = metrics.classes(model).iter().map(|cause| cause.as_str()).collect();
    for (name, row) in names.iter().zip(&metrics.confusion_matrix) {
        let cells: Vec<String> = row.iter().map(|count| format!("{count:>5}")).collect();
        writeln!(out, "  {name:<24}{}", cells.join(""))?;
    }
    writeln!(out, "{}", model.says())?;
    let mut important: Vec<(&String, &f64)> = metrics.feature_importance.iter().collect();
    important.sort_by(|a, b| b.1.total_cmp(a.1));
    let important: Vec<String> = important.iter().take(5).map(|(name, share)| format!("{name} {share:.2}")).collect();
    writeln!(out, "asks most about: {}", important.join(", "))
}

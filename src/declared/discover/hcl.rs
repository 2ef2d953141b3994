//! Terraform's two languages, as far as backends go.

use std::collections::BTreeMap;
use std::path::Path;

use hcl_edit::Span;
use hcl_edit::expr::Expression;
use hcl_edit::structure::Body;
use serde_json::Value;

use super::{Block, Setting};

/// What one file says.
#[derive(Default, Debug)]
pub(super) struct Said {
    pub block: Option<Block>,
    pub providers: Vec<String>,
}

/// A `.tf` file. The error has the place in it.
pub(super) fn read(path: &Path, text: &str) -> Result<Said, String> {
    let body = parse(text)?;
    let mut said = Said::default();
    for terraform in body.get_blocks("terraform") {
        for block in terraform.body.blocks().filter(|b| b.has_ident("backend") || b.has_ident("cloud")) {
            let kind = block.labels.first().map_or("cloud", |label| label.as_str()).to_owned();
            let line = line_of(text, block.span().map_or(0, |span| span.start));
            let mut settings = BTreeMap::new();
            gather(path, text, &block.body, "", &mut settings);
            said.block = Some(Block { kind, place: format!("{}:{line}", path.display()), settings });
        }
        let required = terraform.body.get_blocks("required_providers").flat_map(|b| b.body.attributes());
        said.providers.extend(required.map(|attribute| attribute.key.as_str().to_owned()));
    }
    let labelled = |ident| body.get_blocks(ident).filter_map(|block| block.labels.first());
    said.providers.extend(labelled("provider").map(|label| label.as_str().to_owned()));
    said.providers.extend(labelled("resource").filter_map(|l| Some(l.as_str().split_once('_')?.0.to_owned())));
    Ok(said)
}

/// A `*.tfbackend` file: the settings alone.
pub(super) fn read_partial(path: &Path, text: &str) -> Result<BTreeMap<String, Setting>, String> {
    let mut settings = BTreeMap::new();
    gather(path, text, &parse(text)?, "", &mut settings);
    Ok(settings)
}

/// A `.tf.json` file.
pub(super) fn read_json(path: &Path, text: &str) -> Result<Said, String> {
    let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let mut said = Said::default();
    for terraform in each(&document["terraform"]) {
        for backends in each(&terraform["backend"]) {
            for (kind, body) in backends.as_object().into_iter().flatten() {
                let mut settings = BTreeMap::new();
                for body in each(body) {
                    gather_json(path, body, "", &mut settings);
                }
                said.block = Some(Block { kind: kind.clone(), place: path.display().to_string(), settings });
            }
        }
        if terraform.get("cloud").is_some() {
            let (kind, place) = ("cloud".to_owned(), path.display().to_string());
            said.block = Some(Block { kind, place, settings: BTreeMap::new() });
        }
    }
    let providers = each(&document["provider"]).filter_map(Value::as_object).flat_map(|object| object.keys().cloned());
    said.providers.extend(providers);
    Ok(said)
}

fn parse(text: &str) -> Result<Body, String> {
    hcl_edit::parser::parse_body(text).map_err(|error| {
        let at = error.location();
        format!("line {}, column {}: {}", at.line(), at.column(), error.message())
    })
}

fn gather(path: &Path, text: &str, body: &Body, prefix: &str, settings: &mut BTreeMap<String, Setting>) {
    for attribute in body.attributes() {
        let at = attribute.span().map_or(0, |span| span.start);
        let place = format!("{}:{}", path.display(), line_of(text, at));
        settings_of(&place, &format!("{prefix}{}", attribute.key.as_str()), &attribute.value, settings);
    }
    for block in body.blocks() {
        gather(path, text, &block.body, &format!("{prefix}{}.", block.ident.as_str()), settings);
    }
}

fn settings_of(place: &str, key: &str, value: &Expression, settings: &mut BTreeMap<String, Setting>) {
    let setting = match value {
        Expression::Null(_) => return,
        Expression::String(text) => Setting::Known(text.as_str().to_owned()),
        Expression::Bool(flag) => Setting::Known(flag.value().to_string()),
        Expression::Number(number) => Setting::Known(number.value().to_string()),
        Expression::Object(object) => {
            for (name, value) in object.iter() {
                let name = match name.as_ident() {
                    Some(ident) => Some(ident.as_str()),
                    None => name.as_expr().and_then(Expression::as_str),
                };
                if let Some(name) = name {
                    settings_of(place, &format!("{key}.{name}"), value.expr(), settings);
                }
            }
            return;
        }
        other => Setting::Unknown(format!("{} ({place})", other.to_string().trim())),
    };
    settings.insert(key.to_owned(), setting);
}

fn gather_json(path: &Path, body: &Value, prefix: &str, settings: &mut BTreeMap<String, Setting>) {
    for (name, value) in body.as_object().into_iter().flatten() {
        let key = format!("{prefix}{name}");
        match value {
            Value::String(text) if text.contains("${") => {
                settings.insert(key, Setting::Unknown(format!("{text} ({})", path.display())));
            }
            Value::String(text) => drop(settings.insert(key, Setting::Known(text.clone()))),
            Value::Bool(_) | Value::Number(_) => drop(settings.insert(key, Setting::Known(value.to_string()))),
            Value::Object(_) => gather_json(path, value, &format!("{key}."), settings),
            Value::Array(items) => items.iter().for_each(|one| gather_json(path, one, &format!("{key}."), settings)),
            Value::Null => {}
        }
    }
}

/// A body, or a list of them: Terraform takes both.
fn each(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(items) => items.iter(),
        Value::Null => [].iter(),
        one => std::slice::from_ref(one).iter(),
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// The recorded backend's settings, which are plain JSON.
pub(super) fn settings_of_json(path: &Path, config: &Value) -> BTreeMap<String, Setting> {
    let mut settings = BTreeMap::new();
    gather_json(path, config, "", &mut settings);
    settings
}

//! What takes a live resource into the code: the id Terraform imports it by, and the `import` block (Terraform 1.5 and later).
//!
//! Ids are made as `packs/import-ids.toml` says. Names come from outside: what would mean something else to HCL is quoted, and
//! what could not be read by the person who pastes it is refused.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use crate::drift::ResourceRef;
use crate::safety::{Masked, Tainted};

/// The id Terraform imports the resource by. `live`: its values, where they are known.
///
/// # Errors
/// A sentence that says why there is none.
pub fn id(resource: &ResourceRef, live: Option<&Masked>) -> Result<String, String> {
    let kind = exact(&resource.resource_type, "the type")?;
    if !is_terraform(kind) {
        return Err("it is no resource of Terraform".into());
    }
    let known = exact(resource.provider_id.as_ref().unwrap_or(&resource.resource_id), "the id")?;
    let table = Table::built_in();
    if table.never.contains(kind) {
        return Err(format!("{kind} cannot be imported: declare it anew"));
    }
    let Some(templates) = table.of(kind) else {
        return Err(format!(
            "by what {kind} is imported is not known here: see its documentation; the cloud's id is {known}"
        ));
    };
    let facts = Facts { known, arn: Arn::of(known), live: live.map(Masked::value) };
    let filled = templates.iter().find_map(|template| facts.fill(template)).ok_or_else(|| {
        format!(
            "{kind} is imported by {}, and not all of it is known; the cloud's id is {known}",
            templates.join(" or ")
        )
    })?;
    exact(&Tainted::from(filled.as_str()), "the id")?;
    Ok(filled)
}

/// Whether it is a type of Terraform's: `aws_vpc` is, `apps/v1/Deployment` and `AWS::Glue::Job` are not.
pub fn is_terraform(kind: &str) -> bool {
    kind.contains('_') && kind.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

/// The block. Its name is the `Name` tag and the id, because many resources may have one tag.
///
/// # Errors
/// A sentence that says why there is none.
pub fn block(resource: &ResourceRef, tags: &[(Tainted, Tainted)], live: Option<&Masked>) -> Result<String, String> {
    let id = id(resource, live)?;
    let known = resource.provider_id.as_ref().unwrap_or(&resource.resource_id).raw();
    let own = Arn::of(known).map_or(known, |arn| arn.name());
    let name = match tags.iter().find(|(key, _)| key.raw() == "Name") {
        Some((_, name)) if name.raw() != own => format!("{}_{own}", name.raw()),
        _ => own.to_owned(),
    };
    Ok(format!("import {{\n  to = {}.{}\n  id = {}\n}}", resource.resource_type.raw(), identifier(&name), hcl(&id)))
}

/// The text as it came, when what is shown of it is all there is of it.
pub fn exact<'a>(text: &'a Tainted, what: &str) -> Result<&'a str, String> {
    let is_plain = !text.is_empty() && text.line() == text.raw();
    is_plain.then(|| text.raw()).ok_or_else(|| format!("{what} holds characters that cannot be shown; type it by hand"))
}

/// A string of HCL, without templates.
fn hcl(text: &str) -> String {
    let quoted = text.replace('\\', r"\\").replace('"', "\\\"").replace("${", "$${").replace("%{", "%%{");
    format!("\"{quoted}\"")
}

/// A name of HCL that reads like the text.
fn identifier(text: &str) -> String {
    let word: String =
        text.chars().take(100).map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    if word.starts_with(|c: char| c.is_ascii_alphabetic()) { word } else { format!("r_{word}") }
}

/// `arn:partition:service:region:account:resource`.
struct Arn<'a> {
    partition: &'a str,
    region: &'a str,
    account: &'a str,
    resource: &'a str,
}

impl<'a> Arn<'a> {
    fn of(text: &'a str) -> Option<Self> {
        let mut fields = text.splitn(6, ':');
        if fields.next() != Some("arn") {
            return None;
        }
        let (partition, _service) = (fields.next()?, fields.next()?);
        Some(Self { partition, region: fields.next()?, account: fields.next()?, resource: fields.next()? })
    }

    fn name(&self) -> &'a str {
        self.resource.rsplit(['/', ':']).next().unwrap_or(self.resource)
    }
}

/// What templates are filled from.
struct Facts<'a> {
    known: &'a str,
    arn: Option<Arn<'a>>,
    live: Option<&'a Value>,
}

impl Facts<'_> {
    /// `None`: something in it is not known.
    fn fill(&self, template: &str) -> Option<String> {
        let mut out = String::new();
        for piece in template.split_inclusive('}') {
            let Some((text, name)) = piece.strip_suffix('}').and_then(|p| p.split_once('{')) else {
                out.push_str(piece);
                continue;
            };
            out.push_str(text);
            let separator = text.chars().last().unwrap_or('/').to_string();
            out.push_str(&self.value(name, &separator).filter(|value| !value.is_empty())?);
        }
        Some(out)
    }

    fn value(&self, name: &str, separator: &str) -> Option<String> {
        let arn = self.arn.as_ref();
        if let Ok(nth) = name.parse::<usize>() {
            return arn?.resource.split('/').nth(nth).map(str::to_owned);
        }
        let of_arn = match name {
            "raw" => Some(self.known),
            "arn" => arn.map(|_| self.known),
            "id" => Some(arn.map_or(self.known, Arn::name)),
            "resource" => arn.map(|a| a.resource),
            "tail" => arn.and_then(|a| a.resource.split_once(['/', ':'])).map(|(_, rest)| rest.trim_end_matches(":*")),
            "region" => arn.map(|a| a.region),
            "account" => arn.map(|a| a.account),
            "dns" => arn.map(|a| if a.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }),
            "waf_scope" => arn.map(|a| if a.resource.starts_with("global/") { "CLOUDFRONT" } else { "REGIONAL" }),
            attribute => return stated(self.live?.get(attribute)?, separator),
        };
        of_arn.map(str::to_owned)
    }
}

/// A live value as text; `None` for what says nothing, and for what is no scalar and no list of them.
fn stated(value: &Value, separator: &str) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Array(list) => {
            Some(list.iter().map(|one| stated(one, separator)).collect::<Option<Vec<_>>>()?.join(separator))
        }
        Value::Null | Value::Object(_) => None,
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pack {
    prefix: HashMap<String, String>,
    never: Types,
    by_id: Types,
    by_arn: Types,
    by_bucket: Types,
    template: HashMap<String, Templates>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Types {
    types: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Templates {
    One(String),
    Several(Vec<String>),
}

/// The pack.
struct Table {
    never: HashSet<String>,
    templates: HashMap<String, Vec<String>>,
    prefixes: HashMap<String, Vec<String>>,
}

impl Table {
    /// It is checked by a test, so what could not be parsed here is empty.
    fn built_in() -> &'static Self {
        static TABLE: LazyLock<Table> = LazyLock::new(|| {
            Table::parse(include_str!("../../packs/import-ids.toml")).unwrap_or_else(|_| Table {
                never: HashSet::new(),
                templates: HashMap::new(),
                prefixes: HashMap::new(),
            })
        });
        &TABLE
    }

    fn parse(text: &str) -> Result<Self, String> {
        let pack: Pack = toml::from_str(text).map_err(|e| e.to_string())?;
        let all = |types: Types, template: &str| {
            types.types.into_iter().map(move |t| (t, vec![template.to_owned()])).collect::<Vec<_>>()
        };
        let own = pack.template.into_iter().map(|(kind, templates)| match templates {
            Templates::One(one) => (kind, vec![one]),
            Templates::Several(several) => (kind, several),
        });
        let never: HashSet<String> = pack.never.types.into_iter().collect();
        let mut templates = HashMap::new();
        let lists = [all(pack.by_id, "{id}"), all(pack.by_arn, "{arn}"), all(pack.by_bucket, "{bucket}")];
        for (kind, list) in lists.into_iter().flatten().chain(own) {
            if never.contains(&kind) || templates.insert(kind.clone(), list).is_some() {
                return Err(format!("{kind} stands twice"));
            }
        }
        let prefixes = pack.prefix.into_iter().map(|(prefix, template)| (prefix, vec![template])).collect();
        Ok(Self { never, templates, prefixes })
    }

    fn of(&self, kind: &str) -> Option<&Vec<String>> {
        let by_prefix =
            || self.prefixes.iter().find(|(prefix, _)| kind.starts_with(prefix.as_str())).map(|(_, list)| list);
        self.templates.get(kind).or_else(by_prefix)
    }
}

#[cfg(test)]
#[path = "import_tests.rs"]
mod tests;

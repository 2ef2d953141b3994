//! The place in the code where a name gets its value.

use std::path::{Path, PathBuf};

use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};

use super::edit::Refusal;
use super::file::{parse, shown};
use super::uses::code_of;

/// Where a name gets its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Source {
    Local(String),
    Default(String),
    /// In a file of values.
    Value(String),
    Argument {
        module: String,
        name: String,
    },
}

impl Source {
    pub fn expression<'a>(&self, body: &'a Body) -> Option<&'a Expression> {
        let attribute = match self {
            Self::Local(name) => body.get_blocks("locals").find_map(|block| block.body.get_attribute(name)),
            Self::Default(name) => labelled(body, "variable", name)?.body.get_attribute("default"),
            Self::Value(name) => body.get_attribute(name),
            Self::Argument { module, name } => labelled(body, "module", module)?.body.get_attribute(name),
        };
        attribute.map(|one| &one.value)
    }

    fn name(&self) -> &str {
        match self {
            Self::Local(name) | Self::Default(name) | Self::Value(name) | Self::Argument { name, .. } => name,
        }
    }

    /// # Errors
    /// It stands in several files of code, as override files have it. Of files of values the last one holds.
    pub fn stands_once(&self, root: &Path, directory: &Path) -> Result<(), Refusal> {
        if matches!(self, Self::Value(_)) {
            return Ok(());
        }
        let quoted = format!("\"{}\"", self.name());
        let has_it = |(file, text): &(PathBuf, String)| match file.extension().is_some_and(|end| end == "json") {
            true => text.contains(&quoted),
            false => parse(text).is_ok_and(|body| self.expression(&body).is_some()),
        };
        let code = code_of(directory);
        let found: Vec<String> = code.iter().filter(|one| has_it(one)).map(|(file, _)| shown(root, file)).collect();
        if found.len() < 2 {
            return Ok(());
        }
        Err(Refusal::new(format!("more than one file gives {} a value: {}", self.name(), found.join(", "))))
    }

    pub fn noted(&self) -> String {
        match self {
            Self::Local(name) => format!("it is the local value `{name}` that changes"),
            Self::Default(name) => {
                format!("it is the default of variable `{name}` that changes: where another value is given, that holds")
            }
            Self::Value(name) => format!("it is the value of variable `{name}` that changes"),
            Self::Argument { module, name } => format!("it is the argument `{name}` of module {module} that changes"),
        }
    }
}

pub(super) fn labelled<'a>(body: &'a Body, kind: &'static str, label: &str) -> Option<&'a Block> {
    body.get_blocks(kind).find(|block| block.labels.first().is_some_and(|one| one.as_str() == label))
}

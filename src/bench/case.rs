//! Reading case files.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::compare::{Context, Dialect, Memory, Observable, Packs, Schema, Settings, Subject, Verdict, compare_with};
use crate::eval::lines::{files, lines};

/// One recorded resource, and what a comparison of it should find.
pub struct Case {
    pub id: String,
    pub dialect: Dialect,
    pub resource_type: String,
    pub declared: Value,
    pub live: Value,
    pub remembered: Option<Value>,
    pub context: Context,
    pub schema: Option<Schema>,
    pub expect: Expect,
    /// Paths the schema calls unordered, and free-form maps; `*` for list elements.
    pub(super) unordered: Vec<String>,
    pub(super) free_form: Vec<String>,
}

/// Dotted property paths.
#[derive(Clone, Default, Debug)]
pub struct Expect {
    /// Declared differs from live.
    pub drift: Vec<String>,
    /// Changed by hand where the code says nothing: to be found when something is remembered.
    pub undeclared: Vec<String>,
    /// Declared, and cannot be read back.
    pub unverified: Vec<String>,
}

/// A line that is no case, or a file that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct CaseError {
    file: String,
    line: usize,
    what: String,
}

/// What was read.
#[derive(Default)]
pub struct Cases {
    pub cases: Vec<Case>,
    pub errors: Vec<CaseError>,
}

/// Reads files, and the `*.jsonl` files of directories. What cannot be read is an error beside the cases that can.
pub fn read(paths: &[PathBuf]) -> Cases {
    let mut out = Cases::default();
    for path in paths {
        match files(path) {
            Ok(files) => files.iter().for_each(|file| read_file(file, &mut out)),
            Err(e) => out.errors.push(error(path, 0, e)),
        }
    }
    out
}

fn read_file(path: &Path, out: &mut Cases) {
    let lines = match lines(path) {
        Ok(lines) => lines,
        Err(e) => return out.errors.push(error(path, 0, e)),
    };
    for (number, line) in lines {
        match line.map_err(|e| e.to_string()).and_then(|line| Case::parse(&line)) {
            Ok(case) => out.cases.push(case),
            Err(what) => out.errors.push(error(path, number, what)),
        }
    }
}

fn error(file: &Path, line: usize, what: impl ToString) -> CaseError {
    CaseError { file: file.display().to_string(), line, what: what.to_string() }
}

impl Case {
    /// From one line; the error says what is missing or wrong.
    pub fn parse(line: &str) -> Result<Self, String> {
        let mut case: Value = serde_json::from_str(line).map_err(|e| e.to_string())?;
        let word = |name: &str| {
            let value = case.get(name).and_then(Value::as_str);
            value.map(str::to_owned).ok_or_else(|| format!("a case needs the text `{name}`"))
        };
        let (id, resource_type, dialect) = (word("id")?, word("resource_type")?, word("dialect")?);
        let dialect = Dialect::from_name(&dialect).ok_or_else(|| {
            let known: Vec<_> = Dialect::names().collect();
            format!("unknown dialect `{dialect}`; known are: {}", known.join(", "))
        })?;
        let paths = |name: &str| -> Vec<String> {
            let list = case["expect"][name].as_array().into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let expect = Expect { drift: paths("drift"), undeclared: paths("undeclared"), unverified: paths("unverified") };
        let known = |name: &str| -> Vec<String> {
            let list = case["schema"][name].as_array().into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let unordered = [known("unordered_scalars"), known("unordered_objects")].concat();
        let free_form = known("free_form_maps");
        let schema = case.get("schema").filter(|s| s.is_object()).map(Schema::from_json);
        let context = Context::from_json(&case["context"]);
        let mut take = |name: &str| case.get_mut(name).map(Value::take).filter(|v| !v.is_null());
        let side = |value: Option<Value>, name| value.ok_or_else(|| format!("a case needs `{name}`"));
        Ok(Self {
            id,
            dialect,
            resource_type,
            declared: side(take("declared"), "declared")?,
            live: side(take("live"), "live")?,
            remembered: take("remembered"),
            context,
            schema,
            expect,
            unordered,
            free_form,
        })
    }

    /// Compares the case as a scan would, without what it expects.
    pub fn compare(&self, packs: &Packs) -> Verdict {
        self.compare_as(packs, &self.declared, &self.live)
    }

    /// Compares other values under the facts of the case.
    pub fn compare_as(&self, packs: &Packs, declared: &Value, live: &Value) -> Verdict {
        let subject = Subject {
            dialect: self.dialect,
            resource_type: &self.resource_type,
            declared,
            live,
            memory: self.remembered.as_ref().map(|remembered| Memory { remembered, live }),
            observable: &Observable::All,
        };
        compare_with(
            &subject,
            &Settings { packs, schema: self.schema.as_ref(), context: Some(&self.context), never_hide: &[] },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_case_is_named_and_the_others_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("cases.jsonl");
        let good = r#"{"id":"a","dialect":"terraform","resource_type":"x","declared":{"a":1},"live":{"a":2}}"#;
        let bad = r#"{"id":"b","dialect":"klingon","resource_type":"x","declared":{},"live":{}}"#;
        std::fs::write(&file, format!("{good}\n\n{{broken\n{bad}\n{good}\n")).unwrap();
        let read = read(&[dir.path().to_owned()]);
        assert_eq!(read.cases.len(), 2);
        let errors: Vec<String> = read.errors.iter().map(ToString::to_string).collect();
        assert!(errors[0].contains("cases.jsonl:3: ") && errors[1].contains("cases.jsonl:4: "), "{errors:?}");
        assert!(errors[1].contains("klingon") && errors[1].contains("cloudformation"), "{errors:?}");
    }
}

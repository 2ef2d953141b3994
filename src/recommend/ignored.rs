//! What `ignore_changes` in the block of a resource names: Terraform leaves that as it is, whatever an apply does.

use hcl_edit::expr::{Expression, TraversalOperator};

use super::Code;
use super::outlook::TOGETHER;
use crate::declared::blocks::configured;
use crate::drift::path::{Step, parse};
use crate::drift::{Change, PropertyPath, ResourceRef};

/// See above.
pub(super) struct Ignored {
    /// `main.tf:1`, where the block begins.
    pub place: String,
    /// `None`: all of it.
    paths: Option<Vec<Vec<Step>>>,
}

impl Ignored {
    /// `None`: its block names nothing, or is not known here.
    pub fn of(code: &Code, resource: &ResourceRef) -> Option<Self> {
        let spot = code.spot_downloaded(resource).or_else(|| code.spot(resource).ok())?;
        let body = hcl_edit::parser::parse_body(&std::fs::read_to_string(&spot.file).ok()?).ok()?;
        let address = configured(resource.resource_id.raw());
        let mut parts = address.rsplit('.');
        let (name, kind) = (parts.next()?, parts.next()?);
        let is_it = |labels: &[hcl_edit::structure::BlockLabel]| {
            labels.iter().map(hcl_edit::structure::BlockLabel::as_str).eq([kind, name])
        };
        let block = body.get_blocks("resource").find(|block| is_it(&block.labels))?;
        let lifecycle = block.body.get_blocks("lifecycle").next()?;
        let value = &lifecycle.body.get_attribute("ignore_changes")?.value;
        let paths = match value {
            Expression::Variable(word) if word.as_str() == "all" => None,
            Expression::Array(items) if items.iter().any(|item| item.as_str() == Some("*")) => None,
            Expression::Array(items) => Some(items.iter().map(steps).filter(|steps| !steps.is_empty()).collect()),
            _ => return None,
        };
        Some(Self { place: spot.shown(), paths })
    }

    /// The property, or what it is a part of.
    pub fn names(&self, path: &PropertyPath) -> bool {
        let Some(paths) = &self.paths else { return true };
        let (steps, is_whole) = parse(path.raw());
        let is_same =
            |(at, (ours, theirs)): (usize, (&Step, &Step))| ours == theirs || at == 0 && together(ours, theirs);
        is_whole && paths.iter().any(|one| one.len() <= steps.len() && one.iter().zip(&steps).enumerate().all(is_same))
    }

    /// There is nothing that an apply would put back.
    pub fn names_all(&self, changes: &[Change]) -> bool {
        !changes.is_empty() && changes.iter().all(|change| self.names(&change.path))
    }
}

/// `tags` and `tags_all` say the same.
fn together(a: &Step, b: &Step) -> bool {
    let (Step::Key(a), Step::Key(b)) = (a, b) else { return false };
    TOGETHER.iter().any(|names| names.contains(&a.as_str()) && names.contains(&b.as_str()))
}

/// `tags["Name"]`, `root_block_device[0].size`, and as texts in old code; empty: it is none of these.
fn steps(expression: &Expression) -> Vec<Step> {
    let key = |text: &str| Step::Key(text.to_owned());
    match expression {
        Expression::Variable(name) => vec![key(name.as_str())],
        Expression::String(text) => parse(text.as_str()).0,
        Expression::Traversal(traversal) => {
            let mut steps = steps(&traversal.expr);
            for operator in &traversal.operators {
                steps.push(match operator.value() {
                    TraversalOperator::GetAttr(name) => key(name.as_str()),
                    TraversalOperator::Index(Expression::String(text)) => key(text.as_str()),
                    TraversalOperator::Index(Expression::Number(number)) => match number.as_u64() {
                        Some(at) => Step::Index(usize::try_from(at).unwrap_or(usize::MAX)),
                        None => return vec![],
                    },
                    // All of its elements are as much as itself.
                    TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => break,
                    _ => return vec![],
                });
            }
            steps
        }
        _ => vec![],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ignored(lifecycle: &str) -> Option<Ignored> {
        let home = tempfile::tempdir().unwrap();
        let code = format!("resource \"aws_instance\" \"web\" {{\n  ami = \"a\"\n{lifecycle}}}\n");
        std::fs::write(home.path().join("main.tf"), code).unwrap();
        let state = home.path().join("terraform.tfstate");
        std::fs::write(&state, "{}").unwrap();
        let resource = ResourceRef {
            resource_type: "aws_instance".into(),
            resource_id: "aws_instance.web".into(),
            previous_address: None,
            provider_id: None,
            declared_in: Some(state.to_string_lossy().as_ref().into()),
        };
        Ignored::of(&Code::default(), &resource)
    }

    #[test]
    fn what_ignore_changes_names_is_found_with_what_is_in_it() {
        assert!(ignored("").is_none() && ignored("  lifecycle {\n    prevent_destroy = true\n  }\n").is_none());
        let of = |list: &str| ignored(&format!("  lifecycle {{\n    ignore_changes = {list}\n  }}\n")).unwrap();
        for all in ["all", "[\"*\"]"] {
            assert!(of(all).names(&"anything[0].at_all".into()), "{all}");
        }
        let some = of("[tags[\"Team\"], root_block_device[0].size, user_data, \"ami\", ingress[*].x]");
        assert_eq!(some.place, "main.tf:1");
        for (path, is_named) in [
            ("tags.Team", true),
            ("tags_all.Team", true),
            ("tags.Name", false),
            ("tags", false),
            ("root_block_device[0].size", true),
            ("root_block_device[1].size", false),
            ("user_data", true),
            ("user_data_base64", false),
            ("ami", true),
            ("ingress[port=80].cidr", true),
        ] {
            assert_eq!(some.names(&path.into()), is_named, "{path}");
        }
    }
}

//! Addresses and provider names as Terraform itself spells them.
//!
//! Facts: `internal/addrs/instance_key.go` and `provider_config.go` of OpenTofu, formats.md §1.

use std::fmt::Write;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

/// What follows the name: nothing, `[0]` or `["key"]`. `None` when the key is neither a string nor a whole number.
pub(super) fn index(key: Option<&Value>) -> Option<String> {
    match key {
        None | Some(Value::Null) => Some(String::new()),
        Some(Value::String(key)) => Some(format!("[{}]", quoted(key))),
        Some(Value::Number(number)) => {
            let text = number.to_string();
            if text.parse::<i64>().is_ok() {
                return Some(format!("[{text}]"));
            }
            // Written by tools that know only floats: `1.0`, `1e3`.
            let float: f64 = text.parse().ok()?;
            (float.fract() == 0.0 && float.abs() < 9e15).then(|| format!("[{}]", float as i64))
        }
        Some(_) => None,
    }
}

/// What Go's `unicode.IsPrint` refuses.
static UNPRINTABLE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"[\p{C}\p{Z}--\ ]").ok());

/// A string in HCL's quotes.
fn quoted(key: &str) -> String {
    let mut out = String::with_capacity(key.len() + 2);
    out.push('"');
    let mut characters = key.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '$' | '%' => {
                out.push(character);
                // Doubled, so that it does not begin a template.
                if characters.peek() == Some(&'{') {
                    out.push(character);
                }
            }
            _ if is_printable(character) => out.push(character),
            // Writing to a String cannot fail.
            _ if u32::from(character) < 0x1_0000 => drop(write!(out, "\\u{:04x}", u32::from(character))),
            _ => drop(write!(out, "\\U{:08x}", u32::from(character))),
        }
    }
    out.push('"');
    out
}

fn is_printable(character: char) -> bool {
    if character.is_ascii() {
        return !character.is_ascii_control();
    }
    let mut buffer = [0; 4];
    UNPRINTABLE.as_ref().is_none_or(|unprintable| !unprintable.is_match(character.encode_utf8(&mut buffer)))
}

/// The source address in a provider string, old spellings brought to today's:
/// `module.a.provider["registry.terraform.io/hashicorp/aws"].eu` and `provider.aws.eu` both give
/// `registry.terraform.io/hashicorp/aws`.
pub(super) fn provider(text: &str) -> String {
    if let Some(start) = text.find("provider[\"") {
        let rest = &text[start + "provider[\"".len()..];
        // `-` stands where Terraform 0.12 did not know the namespace; it was always hashicorp's.
        return rest[..rest.find('"').unwrap_or(rest.len())].replace("/-/", "/hashicorp/");
    }
    let legacy = text.strip_prefix("provider.").or_else(|| text.split_once(".provider.").map(|(_, rest)| rest));
    match legacy.map(|rest| rest.split('.').next().unwrap_or(rest)) {
        Some("terraform") => "terraform.io/builtin/terraform".to_owned(),
        Some(name) => format!("registry.terraform.io/hashicorp/{name}"),
        None => text.replace("/-/", "/hashicorp/"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn instance_keys_are_spelt_as_terraform_spells_them() {
        for (key, text) in [
            (json!("a"), r#"["a"]"#),
            (json!("a\"b\\c\n"), r#"["a\"b\\c\n"]"#),
            (json!("${x} %{y} $z"), r#"["$${x} %%{y} $z"]"#),
            (json!("ü€ 日本"), r#"["ü€ 日本"]"#),
            (json!("a\u{a0}b\u{200b}\u{1}\u{e0001}"), r#"["a\u00a0b\u200b\u0001\U000e0001"]"#),
            (json!(""), r#"[""]"#),
            (json!(0), "[0]"),
            (json!(-1), "[-1]"),
            (serde_json::from_str("2.0").unwrap(), "[2]"),
            (serde_json::from_str("1e2").unwrap(), "[100]"),
        ] {
            assert_eq!(index(Some(&key)).unwrap(), text);
        }
        assert_eq!(index(None).unwrap(), "");
        assert_eq!(index(Some(&json!(1.5))), None);
        assert_eq!(index(Some(&json!([1]))), None);
    }

    #[test]
    fn every_spelling_of_a_provider_gives_its_source_address() {
        for (text, source) in [
            (r#"provider["registry.terraform.io/hashicorp/aws"]"#, "registry.terraform.io/hashicorp/aws"),
            (r#"provider["registry.terraform.io/hashicorp/aws"].eu"#, "registry.terraform.io/hashicorp/aws"),
            (r#"module.a.provider["registry.opentofu.org/-/null"]"#, "registry.opentofu.org/hashicorp/null"),
            ("provider.aws", "registry.terraform.io/hashicorp/aws"),
            ("provider.aws.eu", "registry.terraform.io/hashicorp/aws"),
            ("module.x.provider.google", "registry.terraform.io/hashicorp/google"),
            ("provider.terraform", "terraform.io/builtin/terraform"),
            ("registry.terraform.io/hashicorp/aws", "registry.terraform.io/hashicorp/aws"),
            ("", ""),
        ] {
            assert_eq!(provider(text), source, "{text}");
        }
    }
}

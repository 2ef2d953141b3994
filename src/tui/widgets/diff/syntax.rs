//! How a value is written down: as JSON, as Terraform's own language, or as YAML.

use serde_json::Value;

/// The notation of a diff.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Syntax {
    #[default]
    Json,
    /// Attributes as Terraform shows them.
    Hcl,
    Yaml,
}

impl Syntax {
    pub const ALL: [Self; 3] = [Self::Json, Self::Hcl, Self::Yaml];

    /// For the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Hcl => "HCL",
            Self::Yaml => "YAML",
        }
    }

    pub fn next(self) -> Self {
        Self::ALL[(self as usize + 1) % Self::ALL.len()]
    }

    /// A key and what stands between it and its value.
    pub fn label(self, key: &str) -> String {
        let quoted = || Value::from(key).to_string();
        match self {
            Self::Json => format!("{}: ", quoted()),
            Self::Hcl if is_identifier(key) => format!("{key} = "),
            Self::Hcl => format!("{} = ", hcl_string(key)),
            Self::Yaml if is_plain(key) => format!("{key}: "),
            Self::Yaml => format!("{}: ", quoted()),
        }
    }

    /// A name that is no key of the body, a path for instance.
    pub fn heading(self, name: &str) -> String {
        format!("{name}{}", if self == Self::Hcl { " = " } else { ": " })
    }

    /// A value that holds no other, on one line.
    pub fn scalar(self, value: &Value) -> String {
        match (self, value) {
            (Self::Hcl, Value::String(text)) => hcl_string(text),
            (Self::Yaml, Value::String(text)) if is_plain(text) => text.clone(),
            _ => value.to_string(),
        }
    }

    /// Whether elements of a container are parted by commas.
    pub fn has_commas(self, in_list: bool) -> bool {
        self == Self::Json || (self == Self::Hcl && in_list)
    }
}

/// Templates begin with `${` and `%{` in Terraform: doubled, the letters stand for themselves.
fn hcl_string(text: &str) -> String {
    Value::from(text).to_string().replace("${", "$${").replace("%{", "%%{")
}

fn is_identifier(key: &str) -> bool {
    let starts = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// Text that YAML reads as itself without quotes. Narrower than YAML is: what looks like anything else is quoted.
fn is_plain(text: &str) -> bool {
    const WORDS: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let letters = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/'));
    let starts = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '_');
    letters && starts && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_and_strings_are_written_as_their_language_reads_them() {
        assert_eq!(Syntax::Hcl.label("cidr_blocks"), "cidr_blocks = ");
        assert_eq!(Syntax::Hcl.label("a.b"), "\"a.b\" = ");
        assert_eq!(Syntax::Hcl.scalar(&"${var.x}".into()), "\"$${var.x}\"");
        assert_eq!(Syntax::Yaml.scalar(&"yes".into()), "\"yes\"");
        assert_eq!(Syntax::Yaml.scalar(&"10.0".into()), "\"10.0\"");
        assert_eq!(Syntax::Yaml.scalar(&"t3.micro".into()), "t3.micro");
    }

    proptest! {
        #[test]
        fn yaml_reads_every_string_back(text in any::<String>()) {
            let written = Syntax::Yaml.scalar(&text.clone().into());
            let read: Result<String, _> = serde_norway::from_str(&written);
            // What cannot stand in a YAML file at all is shown escaped, and never read back.
            let readable = text.chars().all(|c| !c.is_control() && c < '\u{fffe}');
            prop_assert!(!readable || read.is_ok_and(|read| read == text));
        }
    }
}

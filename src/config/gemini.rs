//! `[gemini]`: whether Gemini is asked. Where the table is absent it never is.

use toml::Spanned;
use toml::de::DeValue;

use super::file::Source;
use super::webhooks::{Reader, reference};
use super::{Config, parse_duration};
use crate::gemini::GeminiSpec;
use crate::webhooks;

/// Reads the table, with every mistake in it.
pub(super) fn read(source: &Source<'_>, value: &Spanned<DeValue<'_>>, config: &mut Config) {
    let DeValue::Table(table) = value.get_ref() else {
        config.gemini_mistake = Some("gemini is written as a table: [gemini]".into());
        return config.problems.push(source.problem(&value.span(), "gemini is written as a table: [gemini]"));
    };
    let keys = ["model", "key", "url", "timeout"];
    let mut reader = Reader::new(source, table, value, "gemini".into(), &keys);
    let model = reader.text("model", model).unwrap_or_else(|| GeminiSpec::MODEL.to_owned());
    let key = reader.text("key", |text| reference(source, text)).unwrap_or_else(|| GeminiSpec::KEY.to_owned());
    let url = reader.text("url", webhooks::address);
    let timeout = reader.text("timeout", parse_duration).unwrap_or(GeminiSpec::TIMEOUT);
    let url = url.or_else(|| webhooks::address(GeminiSpec::URL).ok());
    if let Some(url) = url.filter(|_| reader.problems.is_empty()) {
        config.gemini = Some(GeminiSpec { model, url, key, timeout });
    }
    config.gemini_mistake = reader.problems.first().map(|problem| problem.message.line());
    if config.gemini_mistake.is_some() {
        config.gemini = None;
    }
    config.problems.append(&mut reader.problems);
}

/// It becomes a part of an address.
fn model(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    match text.chars().all(fits) && !text.is_empty() && text.len() <= 100 {
        true => Ok(text.to_owned()),
        false => Err("a name like gemini-2.5-flash is needed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::testkit::read as config_of;

    #[test]
    fn it_is_off_until_its_table_is_there_and_then_has_what_it_needs() {
        assert_eq!(config_of("").gemini, None);
        let spec = config_of("[gemini]\n").gemini.unwrap();
        assert_eq!((spec.model.as_str(), spec.key.as_str()), (GeminiSpec::MODEL, "env:GEMINI_API_KEY"));
        assert_eq!(spec.url.as_str(), GeminiSpec::URL);
    }

    #[test]
    fn a_key_in_the_file_a_plain_address_and_a_strange_model_are_refused_and_not_said_back() {
        for (table, says) in [
            ("key = \"AIzaSyD-secret\"", "gemini: key: name where it is"),
            ("url = \"http://example.com/v1\"", "gemini: url: over http://"),
            ("model = \"../x\"", "gemini: model: a name like"),
            ("timeout = \"soon\"", "gemini: timeout: 'soon' is no duration"),
            ("modle = \"x\"", "unknown key 'modle'"),
        ] {
            let config = config_of(&format!("[gemini]\n{table}\n"));
            let said: Vec<&str> = config.problems.iter().map(|problem| problem.message.raw()).collect();
            assert!(config.gemini.is_none() && said.iter().any(|one| one.contains(says)), "{table}: {said:?}");
            assert!(!said.iter().any(|one| one.contains("secret")), "{said:?}");
        }
    }
}

//! Reads JSON into [`Value`]s, several times as fast for the objects tools write: their keys are sorted, so a map is built in
//! one go instead of key by key. The values are those serde_json gives: of two equal keys the last counts, numbers keep their
//! spelling.

use std::fmt;

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Deserializer, Map, Value};

/// The key under which serde_json hands out a number with its spelling (its feature `arbitrary_precision`). A test holds that
/// this still is so.
const NUMBER: &str = "$serde_json::private::Number";

/// The whole text is one value.
pub(crate) fn from_str(text: &str) -> serde_json::Result<Value> {
    let mut json = Deserializer::from_str(text);
    let value = Tree.deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

/// As [`from_str`]; the bytes are checked as a whole instead of string by string.
pub(crate) fn from_slice(bytes: &[u8]) -> serde_json::Result<Value> {
    match std::str::from_utf8(bytes) {
        Ok(text) => from_str(text),
        // Its error says where.
        Err(_) => serde_json::from_slice(bytes),
    }
}

/// Any value.
pub(crate) struct Tree;

impl<'a> DeserializeSeed<'a> for Tree {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'a>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for Tree {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<S: SeqAccess<'a>>(self, mut seq: S) -> Result<Value, S::Error> {
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(Self)? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<M: MapAccess<'a>>(self, mut map: M) -> Result<Value, M::Error> {
        let Some(first) = map.next_key_seed(Key)? else { return Ok(Value::Object(Map::new())) };
        let Some(first) = first else { return number(&mut map) };
        let mut entries = Vec::with_capacity(8);
        entries.push((first, map.next_value_seed(Self)?));
        while let Some(key) = map.next_key::<String>()? {
            entries.push((key, map.next_value_seed(Self)?));
        }
        Ok(Value::Object(entries.into_iter().collect()))
    }
}

/// What follows the key of a number.
pub(crate) fn number<'a, M: MapAccess<'a>>(map: &mut M) -> Result<Value, M::Error> {
    map.next_value::<String>()?.parse().map(Value::Number).map_err(M::Error::custom)
}

/// The first key of a map; `None` is the key of a number.
pub(crate) struct Key;

impl<'a> DeserializeSeed<'a> for Key {
    type Value = Option<String>;

    fn deserialize<D: serde::Deserializer<'a>>(self, json: D) -> Result<Option<String>, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<Option<String>, E> {
        Ok((key != NUMBER).then(|| key.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_value_is_the_one_serde_json_gives() {
        let big = "18446744073709551616123";
        for text in [
            r#"{"b": 1, "a": [true, null, {"z": {}, "y": []}], "b": 2}"#,
            &format!(r#"[{big}, -1.50e3, 0.1, 1e400, {{"n": {big}}}]"#),
            r#""ü \ud83d\ude00 \n""#,
            "7",
            " null ",
        ] {
            assert_eq!(from_str(text).unwrap(), serde_json::from_str::<Value>(text).unwrap(), "{text}");
            assert_eq!(from_str(text).unwrap().to_string(), serde_json::from_str::<Value>(text).unwrap().to_string());
        }
    }

    #[test]
    fn what_is_broken_is_refused_in_the_same_words() {
        let deep = "[".repeat(100_000);
        for text in ["", "{", "{\"a\" 1}", "[1,]", "{} x", "\"\\ud800\"", "nul", "01", "{1:2}", deep.as_str()] {
            let theirs = serde_json::from_str::<Value>(text).unwrap_err().to_string();
            assert_eq!(from_str(text).unwrap_err().to_string(), theirs, "{text:.20}");
        }
        assert!(from_slice(b"\"\xff\"").is_err());
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(|n| json!(n)),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 12, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..12).prop_map(Value::from),
                prop::collection::vec(("[a-e]{0,2}", inner), 0..24)
                    .prop_map(|all| Value::Object(all.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in any_value()) {
            prop_assert_eq!(from_slice(value.to_string().as_bytes()).unwrap(), value);
        }
    }
}

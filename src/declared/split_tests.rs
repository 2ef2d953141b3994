use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

type Parts = (Vec<Box<[u8]>>, Vec<u8>);

/// Splits `text` in pieces of `size` bytes; the elements and what stands around them.
fn split(text: &[u8], size: usize) -> Result<Parts, SplitError> {
    let mut elements = Vec::new();
    let mut splitter = Splitter::new("resources");
    for piece in text.chunks(size) {
        let _ = splitter.feed(piece, &mut |element| {
            elements.push(element);
            ControlFlow::Continue(())
        })?;
    }
    Ok((elements, splitter.finish()?))
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\\\\\"{}\\[\\],:]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

fn document() -> impl Strategy<Value = Map<String, Value>> {
    let key = prop_oneof![any::<String>(), Just("resources".to_owned()), Just("version".to_owned())];
    (prop::collection::btree_map(key, json_value(), 0..5), prop::option::of(prop::collection::vec(json_value(), 0..6)))
        .prop_map(|(mut map, list)| {
            if let Some(list) = list {
                map.insert("resources".to_owned(), Value::from(list));
            }
            map.into_iter().collect()
        })
}

proptest! {
    #[test]
    fn the_splitter_and_serde_json_agree_on_any_document(doc in document(), pretty in any::<bool>(), size in 1usize..200) {
        let value = Value::Object(doc);
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        // What serde_json itself reads back is the measure: floats may change their last digit on the way.
        let mut value: Value = serde_json::from_str(&text).unwrap();
        let (elements, around) = split(text.as_bytes(), size).unwrap();
        let elements: Vec<Value> = elements.iter().map(|e| serde_json::from_slice(e).unwrap()).collect();
        let expected = match value.get_mut("resources") {
            Some(Value::Array(list)) => std::mem::take(list),
            _ => Vec::new(),
        };
        prop_assert_eq!(elements, expected);
        prop_assert_eq!(serde_json::from_slice::<Value>(&around).unwrap(), value);
    }

    #[test]
    fn a_cut_off_document_is_never_taken_for_a_whole_one(doc in document(), part in 0.0f64..1.0, size in 1usize..50) {
        let text = serde_json::to_vec(&Value::Object(doc)).unwrap();
        let end = ((text.len() as f64) * part) as usize;
        let error = split(&text[..end.min(text.len() - 1)], size).unwrap_err();
        prop_assert!(matches!(error.kind, SplitErrorKind::CutOff | SplitErrorKind::NotAnObject));
    }

    #[test]
    fn no_bytes_make_the_splitter_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), size in 1usize..64) {
        let _ = split(&bytes, size);
    }

    #[test]
    fn no_json_like_bytes_make_the_splitter_panic(text in "[{}\\[\\]\",:\\\\a1 \n]{0,60}", size in 1usize..8) {
        let _ = split(format!("{{\"resources\":[{text}").as_bytes(), size);
        let _ = split(text.as_bytes(), size);
    }
}

#[test]
fn a_byte_order_mark_white_space_and_a_null_list_are_accepted() {
    let (elements, around) = split(b"\xEF\xBB\xBF \n{ \"resources\" : null , \"version\": 4 }\n\n", 3).unwrap();
    assert!(elements.is_empty());
    assert_eq!(serde_json::from_slice::<Value>(&around).unwrap(), json!({"resources": null, "version": 4}));
}

#[test]
fn errors_name_byte_and_line() {
    let error = split(b"{\n \"version\": 4,\n \"resources\": [\n  {\"a\": 1}", 7).unwrap_err();
    assert_eq!((error.kind, error.offset, error.line), (SplitErrorKind::CutOff, 43, 4));
    let error = split(b"{}\n{}", 2).unwrap_err();
    assert_eq!((error.kind, error.offset, error.line), (SplitErrorKind::AfterTheEnd, 3, 2));
    assert_eq!(split(b"[1]", 9).unwrap_err().kind, SplitErrorKind::NotAnObject);
    assert_eq!(split(b"", 9).unwrap_err().kind, SplitErrorKind::NotAnObject);
    let error = split(b"{\"a\" 1}", 9).unwrap_err();
    assert_eq!(error.to_string(), "':' expected, '1' found at byte 5 (line 1)");
}

#[test]
fn commas_that_lead_nowhere_are_refused() {
    for text in
        ["{\"resources\":[1,]}", "{\"resources\":[,1]}", "{\"a\":1,}", "{\"a\":}", "{,}", "{\"resources\":[1 2]}"]
    {
        assert!(split(text.as_bytes(), 100).is_err(), "{text}");
    }
}

#[test]
fn a_second_list_is_refused_because_the_first_one_is_gone_already() {
    let error = split(b"{\"resources\":[1],\"resources\":[2]}", 100).unwrap_err();
    assert_eq!(error.kind, SplitErrorKind::ListTwice);
}

#[test]
fn an_escaped_spelling_of_the_key_is_the_same_key() {
    let (elements, _) = split(br#"{"\u0072esources":[{"a":1}]}"#, 5).unwrap();
    assert_eq!(elements, [Box::from(br#"{"a":1}"#.as_slice())]);
}

#[test]
fn top_level_scalars_can_be_read_on_the_way() {
    let mut splitter = Splitter::new("resources");
    let _ =
        splitter.feed(br#"{"version": 3, "name": "a, b", "modules": [{"#, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(splitter.keys().collect::<Vec<_>>(), ["version", "name", "modules"]);
    assert_eq!((splitter.scalar("version"), splitter.scalar("name")), (Some("3"), Some("\"a, b\"")));
    assert_eq!((splitter.scalar("modules"), splitter.scalar("serial")), (None, None));
}

#[test]
fn an_entry_over_the_limit_is_refused_and_not_collected() {
    let mut splitter = Splitter::new("resources");
    let mut sink = |_: Box<[u8]>| ControlFlow::Continue(());
    let _ = splitter.feed(b"{\"resources\":[\"", &mut sink).unwrap();
    let piece = vec![b'x'; 1 << 20];
    let error = (0..=64).find_map(|_| splitter.feed(&piece, &mut sink).err()).unwrap();
    assert_eq!(error.kind, SplitErrorKind::ElementTooBig);
}

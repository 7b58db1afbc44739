//! Input that means harm: it takes time and memory in proportion to its size, or ends at a limit.
//!
//! The inputs are so large that what is quadratic in them would not end.

use kubelet_env::api::Service;
use kubelet_env::{Document, DocumentLimits, ObjectError, Objects};
use serde::de::value::SeqDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;

fn limits(depth: usize, size: usize) -> DocumentLimits {
    DocumentLimits { depth, size }
}

fn read_json(json: &str) -> Result<Objects, ObjectError> {
    let mut objects = Objects::default();
    objects.add(serde_json::from_str(json).unwrap()).map(|()| objects)
}

/// A format without a limit of its own: lists in lists, this many.
struct Nested(usize);

impl<'de> Deserializer<'de> for Nested {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0.checked_sub(1) {
            None => visitor.visit_unit(),
            Some(rest) => visitor.visit_seq(SeqDeserializer::new(std::iter::once(Nested(rest)))),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl IntoDeserializer<'_> for Nested {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

#[test]
fn nesting_has_a_limit() {
    let read = |depth: usize| Document::deserialize(Nested(depth)).map(drop).map_err(|error| error.to_string());
    assert_eq!(read(128), Ok(()));
    insta::assert_snapshot!(read(129).unwrap_err(), @"the document is nested too deep: 128 levels at most (DocumentLimits::depth)");
    assert!(read(1_000_000).is_err());
    let shallow = limits(1, 1 << 20).deserialize(Nested(2)).unwrap_err();
    insta::assert_snapshot!(shallow, @"the document is nested too deep: 1 levels at most (DocumentLimits::depth)");
    assert!(limits(1, 1 << 20).deserialize(Nested(1)).is_ok());
}

#[test]
fn what_is_nested_ten_thousand_deep_is_refused_or_passed_over() {
    let nested = "[".repeat(10_000) + &"]".repeat(10_000);
    assert!(serde_json::from_str::<Document<'_>>(&nested).is_err());
    assert!(yaml_serde::from_str::<Document<'_>>(&nested).is_err());
    // A field that nobody knows.
    let service: Service = serde_json::from_str(&format!(r#"{{"metadata":{{"name":"web"}},"x":{nested}}}"#)).unwrap();
    assert_eq!(service.metadata.name, "web");
}

/// As much as the documentation says, in a build without optimisation.
#[test]
fn the_stack_grows_with_the_depth_that_is_allowed() {
    fn within_stack_for(levels: usize, work: impl FnOnce() + Send + 'static) {
        let thread = std::thread::Builder::new().stack_size(levels * (10 << 10) + (64 << 10));
        thread.spawn(work).unwrap().join().unwrap();
    }
    within_stack_for(1_000, || {
        let document = limits(1_000, usize::MAX).deserialize(Nested(1_000)).unwrap();
        assert!(document.clone() == document);
    });
    within_stack_for(126, || {
        let lists = r#"{"apiVersion":"v1","kind":"List","items":["#.repeat(63) + &"]}".repeat(63);
        read_json(&lists).unwrap();
    });
}

#[test]
fn a_document_has_a_size() {
    // Three values of 32, and the lengths of the texts.
    let size = 3 * 32 + "key".len() + "text".len();
    for json in [r#"{"key":["text"]}"#, r#"{"k\u0065y":["t\u0065xt"]}"#] {
        let read = |size| limits(2, size).deserialize(&mut serde_json::Deserializer::from_str(json));
        assert!(read(size).is_ok());
        let message = "the document comes to more than 102 bytes, its aliases expanded (DocumentLimits::size)";
        assert!(read(size - 1).unwrap_err().to_string().starts_with(message));
        assert!(read(0).is_err());
    }
}

#[test]
fn no_document_without_aliases_exceeds_32_times_its_length() {
    let repeated = |text: &str| text.repeat(1_000);
    for text in [
        format!("[{}]", repeated("0,")),
        format!("[{}]", repeated("[],")),
        format!("[{}]", repeated("a: ,")),
        format!("{{{}a}}", repeated("a,")),
        repeated("-\n"),
        repeated("- - - -\n"),
        repeated("a:\n"),
        format!("\"{}\"", repeated("\\L")),
        "~".to_owned(),
    ] {
        let in_proportion = limits(128, 32 * text.len());
        assert!(in_proportion.deserialize(yaml_serde::Deserializer::from_str(&text)).is_ok(), "{text}");
    }
}

/// A thousand times a thousand times … what is there: yaml_serde follows a hundred aliases for each
/// value of the text.
#[test]
fn aliases_multiply_up_to_the_limit() {
    let times = |item: &str| item.repeat(1_000);
    let (x, a, b) = (times("x,"), times("*a,"), times("*b,"));
    let yaml = format!("{{a: &a [{x}], b: &b [{a}], c: [{b}]}}");
    let text = format!("{{a: &a \"{}\", b: [{a}]}}", "x".repeat(1_000_000));
    for yaml in [yaml, text] {
        let in_proportion = limits(128, 32 * yaml.len());
        let error = in_proportion.deserialize(yaml_serde::Deserializer::from_str(&yaml)).unwrap_err().to_string();
        assert!(error.contains("(DocumentLimits::size)"), "{error}");
    }
}

#[test]
fn a_list_of_many_items_and_an_object_of_many_keys_are_read_once() {
    let items = r#"{"apiVersion":"v1","kind":"Event"},"#.repeat(20_000);
    let list = format!(r#"{{"apiVersion":"v1","items":[{items}null],"kind":"List"}}"#);
    assert!(read_json(&list).unwrap_err().to_string().starts_with("items[20000] is null"));

    let unknown: String = (0..20_000).map(|number| format!(r#""x{number}":0,"#)).collect();
    let twice: String = (0..20_000).map(|number| format!(r#""{0}":"","{0}":"y","#, number / 2)).collect();
    let config_map = format!(
        r#"{{{unknown}"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"c"}},"data":{{{twice}"x":""}}}}"#
    );
    assert_eq!(read_json(&config_map).unwrap().config_maps.get("", "c").unwrap().data.len(), 10_001);
}

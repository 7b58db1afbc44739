//! Limits for untrusted documents.
//!
//! The inputs are so large that quadratic work would not finish.

use kubelet_env::api::Service;
use kubelet_env::objects::DocumentLimits;
use kubelet_env::{Document, ObjectError, Objects};
use serde::de::{Deserialize, DeserializeSeed};

use crate::support::documents::{Binary, read_json};

fn limits(depth: usize, size: usize) -> DocumentLimits {
    DocumentLimits { depth, size }
}

#[test]
fn limits_nesting() {
    let read = |depth: usize| {
        Document::deserialize(Binary::Nested(depth)).map(drop).map_err(|error| error.to_string())
    };
    assert_eq!(read(128), Ok(()));
    insta::assert_snapshot!(read(129).unwrap_err(), @"the document is nested too deeply: the limit is 128 levels (DocumentLimits::depth)");
    assert!(read(1_000_000).is_err());
    let shallow = limits(1, 1 << 20).deserialize(Binary::Nested(2)).unwrap_err();
    insta::assert_snapshot!(shallow, @"the document is nested too deeply: the limit is 1 levels (DocumentLimits::depth)");
    assert!(limits(1, 1 << 20).deserialize(Binary::Nested(1)).is_ok());
}

#[test]
fn rejects_or_skips_ten_thousand_levels() {
    let nested = "[".repeat(10_000) + &"]".repeat(10_000);
    assert!(serde_json::from_str::<Document>(&nested).is_err());
    assert!(yaml_serde::from_str::<Document>(&nested).is_err());
    // An unknown field is skipped.
    let service: Service =
        serde_json::from_str(&format!(r#"{{"metadata":{{"name":"web"}},"x":{nested}}}"#)).unwrap();
    assert_eq!(service.metadata.name, "web");
}

/// The documentation of `DocumentLimits::depth` states this much stack, for a debug build.
#[test]
fn stack_use_follows_the_depth_limit() {
    fn within_stack_for(levels: usize, work: impl FnOnce() + Send + 'static) {
        let thread = std::thread::Builder::new().stack_size(levels * (10 << 10) + (64 << 10));
        thread.spawn(work).unwrap().join().unwrap();
    }
    within_stack_for(1_000, || {
        let document = limits(1_000, usize::MAX).deserialize(Binary::Nested(1_000)).unwrap();
        assert!(document.clone() == document);
    });
    within_stack_for(126, || {
        let lists = r#"{"apiVersion":"v1","kind":"List","items":["#.repeat(63) + &"]}".repeat(63);
        read_json(&lists).unwrap();
    });
}

#[test]
fn limits_document_size() {
    // Three values count 32 bytes each, plus the lengths of the texts.
    let size = 3 * 32 + "key".len() + "text".len();
    for json in [r#"{"key":["text"]}"#, r#"{"k\u0065y":["t\u0065xt"]}"#] {
        let read =
            |size| limits(2, size).deserialize(&mut serde_json::Deserializer::from_str(json));
        assert!(read(size).is_ok());
        let message = "the document with its aliases expanded is larger than 102 bytes";
        assert!(read(size - 1).unwrap_err().to_string().starts_with(message));
        assert!(read(0).is_err());
    }
}

#[test]
fn size_is_at_most_32_times_the_length() {
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
        assert!(
            in_proportion.deserialize(yaml_serde::Deserializer::from_str(&text)).is_ok(),
            "{text}"
        );
    }
}

/// Each level of aliases multiplies the size by a thousand. yaml_serde itself allows a hundred
/// aliases for each value of the text.
#[test]
fn aliases_stop_at_the_size_limit() {
    let times = |item: &str| item.repeat(1_000);
    let (x, a, b) = (times("x,"), times("*a,"), times("*b,"));
    let yaml = format!("{{a: &a [{x}], b: &b [{a}], c: [{b}]}}");
    let text = format!("{{a: &a \"{}\", b: [{a}]}}", "x".repeat(1_000_000));
    for yaml in [yaml, text] {
        let in_proportion = limits(128, 32 * yaml.len());
        let error = in_proportion
            .deserialize(yaml_serde::Deserializer::from_str(&yaml))
            .unwrap_err()
            .to_string();
        assert!(error.contains("(DocumentLimits::size)"), "{error}");
    }
}

#[test]
fn reads_long_lists_and_objects_once() {
    let items = r#"{"apiVersion":"v1","kind":"Event"},"#.repeat(20_000);
    let list = format!(r#"{{"apiVersion":"v1","items":[{items}null],"kind":"List"}}"#);
    assert!(read_json(&list).unwrap_err().to_string().starts_with("items[20000] is null"));

    let unknown: String = (0..20_000).map(|number| format!(r#""x{number}":0,"#)).collect();
    let twice: String =
        (0..20_000).map(|number| format!(r#""{0}":"","{0}":"y","#, number / 2)).collect();
    let config_map = format!(
        r#"{{{unknown}"apiVersion":"v1","kind":"ConfigMap","metadata":{{"name":"c"}},"data":{{{twice}"x":""}}}}"#
    );
    assert_eq!(
        read_json(&config_map)
            .unwrap()
            .config_maps
            .in_namespace("default")
            .get("c")
            .unwrap()
            .data
            .len(),
        10_001
    );
}

#[test]
fn limits_length_of_kind() {
    let list = |version: &str, kind: &str| {
        let items = "{},".repeat(20_000);
        read_json(&format!(r#"{{"apiVersion":"{version}","kind":"{kind}","items":[{items}{{}}]}}"#))
    };
    let problem = |read: Result<Objects, ObjectError>| match read.unwrap_err() {
        ObjectError::Field { error, .. } => error.to_string(),
        other => panic!("{other}"),
    };
    let long = "x".repeat(1_000_000) + "List";
    insta::assert_snapshot!(problem(list("v1", &long)), @r#"kind is "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…", but should be a string of at most 317 bytes"#);
    insta::assert_snapshot!(problem(list(&long, "XList")), @r#"apiVersion is "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…", but should be a string of at most 317 bytes"#);
    let longest = "x".repeat(313) + "List";
    assert_eq!(list(&longest, &longest).unwrap().ignored.values().sum::<usize>(), 20_001);
    assert!(list(&("x".to_owned() + &longest), "XList").is_err());
}

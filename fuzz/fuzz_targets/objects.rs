//! Reading arbitrary documents gives error messages or objects that round trip.
//!
//! NULs separate independent documents, so that one input can reach many errors.
#![no_main]

use kubelet_env::api::Service;
use kubelet_env::{Document, Objects};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;

/// An upper bound, because a message quotes the start of a value and the object's name.
const LONGEST_MESSAGE: usize = 4096;

fuzz_target!(|data: &[u8]| {
    let texts = data.split(|&byte| byte == 0).take(100);
    texts.filter_map(|text| std::str::from_utf8(text).ok()).for_each(check_text);
});

fn check_text(text: &str) {
    if let Ok(document) = serde_json::from_str(text) {
        check(document);
    }
    // The YAML parser itself is slow on many aliases.
    if !text.contains('*') {
        for document in yaml_serde::Deserializer::from_str(text).take(100) {
            let Ok(document) = Document::deserialize(document) else { break };
            check(document);
        }
    }
    if let Ok(service) = serde_json::from_str::<Service>(text) {
        assert_round_trips(&service);
    }
}

fn check(document: Document) {
    let mut objects = Objects::default();
    if let Err(error) = objects.add(document.clone()) {
        let message = error.to_string();
        assert!(!message.is_empty() && message.len() < LONGEST_MESSAGE, "{message}");
        assert_eq!(objects, Objects::default(), "a rejected document added objects");
        return;
    }
    let mut twice = objects.clone();
    match twice.add(document) {
        Ok(()) => assert!(objects.services.is_empty()),
        Err(_) => assert_eq!(twice, objects),
    }
    for service in objects.services.iter() {
        assert_round_trips(service);
        let again: Objects =
            serde_json::from_str(&serde_json::to_string(service).unwrap()).unwrap();
        assert!(again.services.iter().eq([service]));
    }
}

fn assert_round_trips(service: &Service) {
    let json = serde_json::to_string(service).unwrap();
    assert_eq!(serde_json::from_str::<Service>(&json).unwrap(), *service, "{json}");
    let yaml = yaml_serde::to_string(service).unwrap();
    assert_eq!(yaml_serde::from_str::<Service>(&yaml).unwrap(), *service, "{yaml}");
}

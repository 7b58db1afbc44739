//! Whatever a document holds, reading it ends, with a message or with objects that are written and
//! read again as they are.
#![no_main]

use kubelet_env::api::Service;
use kubelet_env::{Document, Objects};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;

/// A message quotes the start of a value, and the object's name.
const LONGEST_MESSAGE: usize = 4096;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(document) = serde_json::from_str(text) {
        take(document);
    }
    // What YAML's parser makes of many aliases is not ours.
    if !text.contains('*') {
        for document in yaml_serde::Deserializer::from_str(text).take(100) {
            let Ok(document) = Document::deserialize(document) else { break };
            take(document);
        }
    }
    if let Ok(service) = serde_json::from_str::<Service>(text) {
        is_written_as_it_was_read(&service);
    }
});

fn take(document: Document<'_>) {
    let mut objects = Objects::default();
    if let Err(error) = objects.add(document.clone()) {
        let message = error.to_string();
        assert!(!message.is_empty() && message.len() < LONGEST_MESSAGE, "{message}");
        assert_eq!(objects, Objects::default(), "something was taken in of what was refused");
        return;
    }
    let mut twice = objects.clone();
    match twice.add(document) {
        Ok(()) => assert!(objects.services.is_empty()),
        Err(_) => assert_eq!(twice, objects),
    }
    for service in objects.services.iter() {
        is_written_as_it_was_read(service);
        let again: Objects =
            serde_json::from_str(&serde_json::to_string(service).unwrap()).unwrap();
        assert!(again.services.iter().eq([service]));
    }
}

fn is_written_as_it_was_read(service: &Service) {
    let json = serde_json::to_string(service).unwrap();
    assert_eq!(serde_json::from_str::<Service>(&json).unwrap(), *service, "{json}");
    let yaml = yaml_serde::to_string(service).unwrap();
    assert_eq!(yaml_serde::from_str::<Service>(&yaml).unwrap(), *service, "{yaml}");
}

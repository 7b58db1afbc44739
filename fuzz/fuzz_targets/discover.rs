//! Discovery in an arbitrary environment.
//!
//! Every host comes from a variable, the remaining variables keep their order, and the order of the
//! input has no other effect. The input is a block like `/proc/PID/environ`.
#![no_main]

use kubelet_env::inspect::discover::{Certainty, DiscoverError, Discovered};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|block: &[u8]| {
    let found = Discovered::from_block(block);
    let pairs: Vec<(&[u8], &[u8])> = block.split(|&byte| byte == 0).filter_map(pair).collect();

    let mut rest = pairs.iter();
    for left in found.without_service_variables() {
        assert!(rest.any(|&pair| pair == left), "{left:?} is new or out of order");
    }
    let reversed = Discovered::from_pairs(pairs.iter().rev().copied());
    assert_eq!(found.candidates(), reversed.candidates());
    assert!(
        found.candidates().is_sorted_by(|one, other| one.mangled_name() < other.mangled_name())
    );

    for candidate in found.candidates() {
        assert_eq!(found.candidate(&candidate.plain_name()), Ok(candidate));
        let belongs =
            |&&(name, _): &&(&[u8], &[u8])| name.starts_with(candidate.mangled_name().as_bytes());
        assert!(pairs.iter().any(|pair| belongs(&pair)));
        match candidate.service() {
            Ok(service) => {
                assert!(!service.ports.is_empty() && !service.host.is_empty());
                let has_host = |value: &[u8]| {
                    value.windows(service.host.len()).any(|part| part == service.host.as_bytes())
                };
                assert!(
                    pairs.iter().filter(belongs).any(|(_, value)| has_host(value)),
                    "{}",
                    service.host
                );
            }
            Err(DiscoverError::NoVariables | DiscoverError::NotAServiceName) => {
                panic!("{candidate:?}")
            }
            Err(_) => assert_ne!(candidate.certainty(), Certainty::Certain),
        }
    }
});

/// Splits a variable of a block into its name and value.
fn pair(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = (1..text.len()).find(|&index| text[index] == b'=')?;
    Some((&text[..equals], &text[equals + 1..]))
}

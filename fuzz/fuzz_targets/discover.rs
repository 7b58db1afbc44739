//! Whatever an environment holds: every host that is found stands in it, what is left of it is in it
//! too and in its order, and the order of the variables makes no other difference.
//!
//! The input is a block as `/proc/PID/environ` has it.
#![no_main]

use kubelet_env::inspect::discover::{Certainty, DiscoverError, Discovered};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|block: &[u8]| {
    let found = Discovered::from_block(block);
    let pairs: Vec<(&[u8], &[u8])> = block.split(|&byte| byte == 0).filter_map(pair).collect();

    let mut rest = pairs.iter();
    for left in found.without_service_variables() {
        assert!(rest.any(|&pair| pair == left), "{left:?} was not there, or not in this order");
    }
    let reversed = Discovered::from_pairs(pairs.iter().rev().copied());
    assert_eq!(found.candidates(), reversed.candidates());
    assert!(
        found.candidates().is_sorted_by(|one, other| one.mangled_name() < other.mangled_name())
    );

    for candidate in found.candidates() {
        assert_eq!(found.candidate(&candidate.plain_name()), Ok(candidate));
        let speaks =
            |&&(name, _): &&(&[u8], &[u8])| name.starts_with(candidate.mangled_name().as_bytes());
        assert!(pairs.iter().any(|pair| speaks(&pair)));
        match candidate.service() {
            Ok(service) => {
                assert!(!service.ports.is_empty() && !service.host.is_empty());
                let has_host = |value: &[u8]| {
                    value.windows(service.host.len()).any(|part| part == service.host.as_bytes())
                };
                assert!(
                    pairs.iter().filter(speaks).any(|(_, value)| has_host(value)),
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

/// What of a block is a variable.
fn pair(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let equals = (1..text.len()).find(|&place| text[place] == b'=')?;
    Some((&text[..equals], &text[equals + 1..]))
}

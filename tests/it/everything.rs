//! All public functions on generated objects.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::container::properties::composition;

#[path = "../reference/everything.rs"]
mod reference;

proptest! {
    #[test]
    fn every_function_holds_its_promises(data in vec(any::<u8>(), 0..600)) {
        reference::check(&data);
    }
}

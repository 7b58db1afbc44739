//! Text that variables are written as: forms, orders, text that stays on one line, and words of
//! eight bytes.

mod form;
mod one_line;
mod order;
mod word;

pub use form::Form;
pub(crate) use form::pairs_of_block;
pub(crate) use one_line::{Escaped, OneLine, write_line};
pub use order::Order;
pub(crate) use order::dash_position;
pub(crate) use word::{ONES, bits_without, partial_word, position};

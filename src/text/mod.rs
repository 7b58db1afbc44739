//! Text that variables are written as: forms, orders, and text that stays on one line.

mod form;
mod one_line;
mod order;

pub use form::Form;
pub(crate) use form::pairs_of_block;
pub(crate) use one_line::{Escaped, OneLine, write_line};
pub use order::Order;
pub(crate) use order::dash_position;

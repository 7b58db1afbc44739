//! Selection of Services and the variables they produce.

mod documented;
mod properties;
mod rendering;
mod validation;

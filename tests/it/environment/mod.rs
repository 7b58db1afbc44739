//! The environment of a container: lookup, orders and size.

mod lookup;
mod orders;
mod size;

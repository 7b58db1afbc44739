//! Documents that are read into a set of objects, and the store that holds them.

mod documents;
mod kinds;
mod limits;
mod owners;
mod store;
mod typed;
mod untrusted;
mod yaml;

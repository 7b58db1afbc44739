//! Tests of the public API, by feature. Each module holds its examples and its properties.
//!
//! `conformance` replays the recorded answers of the kubelet. `support` holds the builders and
//! strategies that several modules need.

mod api;
mod conformance;
mod container;
mod discover;
mod displays;
mod environment;
mod everything;
mod export;
mod inspect;
mod objects;
mod open_world;
mod pod;
mod process;
mod services;
mod support;

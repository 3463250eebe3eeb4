//! What the tests stand on: the engines, and a few people and keys.

pub(crate) mod cast;
pub(crate) mod engine;
pub(crate) mod postgres;

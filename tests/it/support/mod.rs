//! What the tests stand on: the engines, a few people and keys, and the program itself with everybody around it.

pub(crate) mod cast;
pub(crate) mod child;
pub(crate) mod engine;
pub(crate) mod peer;
pub(crate) mod postgres;
pub(crate) mod proxy;

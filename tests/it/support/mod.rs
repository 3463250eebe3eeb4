//! What the tests stand on: the engines, a few people and keys, and whole houses with people at their doors.

pub(crate) mod app;
pub(crate) mod browser;
pub(crate) mod cast;
pub(crate) mod engine;
pub(crate) mod outside;
pub(crate) mod post;
pub(crate) mod postgres;
pub(crate) mod program;
pub(crate) mod scan;

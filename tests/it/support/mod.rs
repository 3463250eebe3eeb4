//! What the tests stand on: the engines, a few people and keys, whole houses with people at their doors, and the program
//! itself with everybody around it.

pub(crate) mod app;
pub(crate) mod browser;
pub(crate) mod cast;
pub(crate) mod child;
pub(crate) mod dovecot;
pub(crate) mod engine;
pub(crate) mod names;
pub(crate) mod outside;
pub(crate) mod peer;
pub(crate) mod post;
pub(crate) mod postgres;
pub(crate) mod program;
pub(crate) mod proxy;
pub(crate) mod scan;

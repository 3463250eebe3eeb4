//! Turns bytes as received into a `Letter`.

//! When the desk works, and (with the issue on promises) what it owes by when.

pub mod opening;
pub mod week;

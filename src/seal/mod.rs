//! Keys and sealed letters.

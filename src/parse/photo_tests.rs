//! Uploads by example.

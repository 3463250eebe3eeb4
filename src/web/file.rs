//! A file to take along.

use std::fmt::Write as _;

use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse as _, Response};

use crate::flow::read::OpenFile;

/// Types a browser may be told; anything else is bytes.
const PLAIN_TYPES: [&str; 5] = ["image/jpeg", "image/png", "image/webp", "application/pdf", "text/plain"];

/// Hands a file to the browser to be saved, never to be shown inside our pages.
pub(crate) fn download(file: &OpenFile) -> Response {
    let media_type = PLAIN_TYPES.into_iter().find(|t| *t == file.media_type).unwrap_or("application/octet-stream");
    let disposition = format!("attachment; filename*=UTF-8''{}", extended(file.name.reveal()));
    let mut response = file.bytes.reveal().clone().into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(CONTENT_DISPOSITION, value);
    }
    response
}

/// A file name as RFC 8187, 3.2 writes it.
fn extended(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

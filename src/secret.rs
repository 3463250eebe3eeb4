//! Values that wipe themselves and cannot be printed.

use zeroize::{Zeroize, Zeroizing};

/// Plaintext of any kind: wiped when dropped; no `Debug`, no `Display`, no `Serialize`.
pub struct Plain<T: Zeroize>(Zeroizing<T>);

/// Text somebody wrote.
pub type PlainText = Plain<String>;
/// Bytes somebody sent.
pub type PlainBytes = Plain<Vec<u8>>;

impl<T: Zeroize> Plain<T> {
    /// Takes a value into custody.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// Looks at the value. Whoever calls this must not let it out of the request.
    pub fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize + Clone> Clone for Plain<T> {
    fn clone(&self) -> Self {
        Self::new((*self.0).clone())
    }
}

impl<T: Zeroize + Default> Default for Plain<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl From<&str> for Plain<String> {
    fn from(text: &str) -> Self {
        Self::new(text.to_owned())
    }
}

impl<'de, T: Zeroize + serde::Deserialize<'de>> serde::Deserialize<'de> for Plain<T> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        T::deserialize(from).map(Self::new)
    }
}

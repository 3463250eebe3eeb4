//! Pages of staff, through the router, in both languages.

//! Pages of an operator, through the router, in both languages.

//! Whole mails, written and found.

//! SMTP and LMTP doors.

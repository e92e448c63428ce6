//! The process that serves an application.

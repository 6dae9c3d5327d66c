//! How runs are shown: live tree, plain lines, tables, JSON events.

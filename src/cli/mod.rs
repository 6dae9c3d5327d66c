//! Arguments, one file per command, exit codes.

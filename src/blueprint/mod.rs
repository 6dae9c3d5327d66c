//! What an environment consists of: a pure function of configuration and suffix.

//! `platform.toml`: types, defaults and validation with the place of the mistake.

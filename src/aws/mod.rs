//! One file per kind of AWS resource.

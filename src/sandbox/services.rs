//! All services of the simulated AWS.

use super::registry::Registry;
use super::{ec2, ecr, iam, kms, logs, servicequotas, sns, sts, tagging};

/// A registry of every operation that the simulation knows.
pub(super) fn registry() -> Registry {
    let mut registry = Registry::default();
    ec2::register(&mut registry);
    sts::register(&mut registry);
    tagging::register(&mut registry);
    servicequotas::register(&mut registry);
    ecr::register(&mut registry);
    iam::register(&mut registry);
    kms::register(&mut registry);
    logs::register(&mut registry);
    sns::register(&mut registry);
    registry
}

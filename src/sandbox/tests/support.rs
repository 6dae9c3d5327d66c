//! Clients for the tests.

use aws_smithy_types::retry::RetryConfig;

use crate::sandbox::{Sandbox, SandboxOptions};

pub fn sandbox(options: SandboxOptions) -> Sandbox {
    Sandbox::open(options).expect("a sandbox for the test")
}

pub fn ec2(sandbox: &Sandbox) -> aws_sdk_ec2::Client {
    let config = aws_sdk_ec2::config::Builder::from(&sandbox.sdk_config())
        .retry_config(RetryConfig::disabled())
        .interceptor(sandbox.interceptor())
        .build();
    aws_sdk_ec2::Client::from_conf(config)
}

use super::support::{ec2, sandbox};
use crate::sandbox::SandboxOptions;

#[tokio::test(start_paused = true)]
async fn zones_of_the_region() {
    let ec2 = ec2(&sandbox(SandboxOptions::in_memory()));
    let zones = ec2.describe_availability_zones().send().await.unwrap();
    assert_eq!(zones.availability_zones().len(), 6);
}

//! References to what was made a moment ago: not every part of AWS knows of it yet, so that a call that names it may be told that there is no
//! such thing. EC2 Developer Guide, "Eventual consistency in the Amazon EC2 API": "a command to modify or describe it might not work".
//!
//! AWS does so now and then; here, where [`SandboxOptions::late_references`](super::SandboxOptions) asks for it, to every call that makes or changes
//! something and names what is younger than [`Durations::read_after_create`](super::Durations). Deletions are spared: nobody deletes what no look has
//! shown.

use super::call::Call;
use super::engine::Sandbox;
use super::error::ApiError;
use super::registry::Operation;

const MAKING: [&str; 6] = ["Associate", "Attach", "Authorize", "Create", "Modify", "Set"];

impl Sandbox {
    /// The refusal of a call whose body names what is too young.
    pub(super) fn not_known_yet(&self, operation: &Operation, body: &[u8]) -> Option<ApiError> {
        let makes = MAKING.iter().any(|verb| operation.name.starts_with(verb));
        if !self.options().late_references || !operation.mutating || !makes {
            return None;
        }
        let body = String::from_utf8_lossy(body);
        self.look(|call| unknown(call, operation, &body)).ok().flatten()
    }
}

fn unknown(call: &Call<'_>, operation: &Operation, body: &str) -> Option<ApiError> {
    let young = call.world.ec2.young(call).into_iter().find(|(id, _)| body.contains(id.as_str()));
    match (operation.service.name, young) {
        ("ec2", young) => young.map(|(_, not_found)| not_found),
        ("elasticloadbalancing", Some((id, not_found))) => Some(in_words_of_elb(&id, not_found)),
        ("elasticloadbalancing", None) => {
            let all = call.world.elbv2.load_balancers.values();
            let mut young = all.filter(|it| !call.visible(it.created_at) && body.contains(&it.id));
            let found =
                |arn: &str| ApiError::new("LoadBalancerNotFound", format!("Load balancers '[{arn}]' not found"));
            young.next().map(|it| found(&it.arn))
        }
        ("rds", Some((id, _))) if id.starts_with("subnet-") => {
            Some(ApiError::new("InvalidSubnet", format!("Some input subnets in :[{id}] are invalid.")))
        }
        _ => None,
    }
}

/// Elastic Load Balancing API reference, CreateLoadBalancer and CreateTargetGroup, "Errors".
fn in_words_of_elb(id: &str, not_found: ApiError) -> ApiError {
    match id.split('-').next() {
        Some("subnet") => ApiError::new("SubnetNotFound", format!("The subnet ID '{id}' does not exist")),
        Some("sg") => ApiError::new("InvalidSecurityGroup", format!("The security group '{id}' does not exist")),
        Some("vpc") => ApiError::new("ValidationError", format!("The VPC ID '{id}' is not found")),
        _ => not_found,
    }
}

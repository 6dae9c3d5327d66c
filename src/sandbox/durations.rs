//! How long AWS takes until a thing is usable or gone.

use std::time::Duration;

macro_rules! durations {
    ($($(#[$doc:meta])* $name:ident = $seconds:literal;)*) => {
        /// How long AWS takes until a thing is usable or gone. Measured where a measurement is public, else estimated;
        /// each field names its source. Change single ones with `Durations { bake: …, ..Durations::real() }`.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Durations {
            $($(#[$doc])* pub $name: Duration,)*
        }

        impl Durations {
            /// What AWS really takes.
            pub fn real() -> Self {
                Self { $($name: Duration::from_secs($seconds),)* }
            }

            /// Everything at once: for tests that are not about time.
            pub fn instant() -> Self {
                Self { $($name: Duration::ZERO,)* }
            }
        }
    };
}

durations! {
    /// NAT gateway `pending` to `available`. Nine public Terraform logs: 84 to 121 s, median 115 with 10 s polling.
    nat_available = 105;
    /// Load balancer `provisioning` to `active`. Eight public Terraform logs: 135 to 190 s, median 166 with polling.
    alb_active = 150;
    /// Private DNS namespace until its operation is `SUCCESS`. Estimate: 30 to 60 s.
    namespace = 45;
    /// Fargate task until `RUNNING`: interface 10 to 15 s, image pull 15 to 30 s, start of Envoy and application 15 s.
    tasks_running = 60;
    /// Target until `healthy`: two checks of 10 s, and its registration.
    healthy = 25;
    /// ECS says that a service is steady after its scheduler's next round.
    ecs_settle = 15;
    /// IAM propagation until another service accepts a new role. IAM User Guide: "eventual consistency"; 1.5 to 8 s seen.
    role_usable = 8;
    /// DynamoDB table `CREATING` to `ACTIVE`.
    table_active = 8;
    /// Lambda function `Pending` to `Active`.
    lambda_active = 3;
    /// NAT gateway `deleting` to `deleted`. Four public Terraform logs: 42 to 61 s.
    nat_deleted = 55;
    /// A load balancer's network interfaces outlive DeleteLoadBalancer; 51 s seen on the Internet gateway.
    alb_interfaces = 40;
    /// ECS service `DRAINING`: deregistration delay 30 s, stop time-out, detaching of the interface.
    service_drain = 45;
    /// Deletion of a namespace, as its creation.
    namespace_deleted = 45;
    /// DynamoDB table `DELETING` until gone.
    table_deleted = 5;
    /// Blue/green bake time; a choice of the service's owner, here five minutes.
    bake = 300;
    /// A key policy until CloudWatch Logs and SNS see it.
    kms_policy_usable = 2;
    /// After the drain, until DescribeServices says `INACTIVE`.
    ecs_service_inactive = 10;
    /// One step of a rotation, from Secrets Manager's call of the function to its answer. Estimate: a cold start and a dozen calls.
    rotation_step = 2;
    /// Aurora cluster without instance until `available`. Estimate of low confidence.
    aurora_cluster_available = 120;
    /// `db.serverless` writer until `available`. Public Terraform logs: 5 to 8 min; low confidence.
    aurora_instance_available = 360;
    /// A paused Aurora instance until it answers. Aurora User Guide, "Scaling to zero ACUs with automatic pause and resume": about 15 s.
    aurora_resume = 15;
    /// The same after more than a day. Same place: "30 seconds or longer".
    aurora_resume_late = 40;
    /// Aurora instance `deleting` until gone. Estimate of low confidence.
    aurora_instance_deleted = 300;
    /// Aurora cluster `deleting` until gone. Estimate of low confidence.
    aurora_cluster_deleted = 90;
    /// Interfaces of a function that was attached to a VPC, after its detachment: 5 to 30 min.
    lambda_vpc_interfaces = 900;
    /// Container Insights still writes that long after the last task. It reports once a minute; an estimate.
    insights_late = 30;
    /// After an ECS service is gone, until its Cloud Map instances are deregistered.
    cloud_map_service_deletable = 60;
    /// Gateway endpoint until `available`.
    vpc_endpoint_available = 5;
    /// `InvalidIPAddress.InUse` still comes for that long after a NAT gateway is `deleted`.
    eip_releasable_after_nat_deleted = 2;
    /// EC2 may not find a thing that was just made. EC2 API reference, "Eventual consistency".
    read_after_create = 1;
    /// After its creation, until a thing is found by its tags. Unpublished; seconds by experience.
    tag_search = 3;
    /// A deleted NAT gateway stays visible for about an hour. VPC User Guide, "Delete a NAT gateway".
    nat_visible_after_delete = 3600;
}

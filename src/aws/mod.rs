//! One file per kind of AWS resource, and what they share: the clients, the reading of errors, the tags.
//!
//! The only room besides the sandbox that names an aws-sdk crate.

pub mod address;
pub mod appmesh;
pub mod autoscaling;
pub mod call;
pub mod classify;
pub mod clients;
pub mod cloudmap;
pub mod cloudwatch;
pub mod deploy;
pub mod dynamodb;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod elb;
pub mod iam;
pub mod kinds;
pub mod kms;
pub mod lambda;
pub mod limit;
pub mod logs;
pub mod look;
pub mod policy;
pub mod rds;
pub mod rehearsal;
pub mod rotating;
pub mod s3;
pub mod secrets;
pub mod sns;
pub mod tags;
pub mod web;

pub use call::{Answer, CallLog};
pub use clients::{Aws, Connection};
pub use kinds::kinds;
pub use web::Web;

//! RDS and Lambda.

use std::io::{Cursor, Write};

use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{Environment, FunctionCode, LoggingConfig, Runtime};
use aws_sdk_rds::types::ServerlessV2ScalingConfiguration;

use super::trial::{Trial, refused};
use crate::sandbox::tests::bench::Bench;
use crate::sandbox::tests::estate::{self, Network};
use crate::sandbox::tests::support;

fn units(least: f64, most: f64) -> aws_sdk_rds::types::builders::ServerlessV2ScalingConfigurationBuilder {
    ServerlessV2ScalingConfiguration::builder().min_capacity(least).max_capacity(most)
}

/// RDS API reference, each operation, "Errors"; Aurora User Guide, "Naming constraints" and "Aurora Serverless v2 capacity".
pub async fn databases(trial: &mut Trial) {
    let bench = Bench::open().await;
    let rds = &bench.aws.rds;
    let net = Network::make(&bench.aws).await;
    let same_zone = support::subnet(&bench.aws.ec2, &net.vpc, "10.0.2.0/24", "us-east-1a").await;
    let other_vpc = support::vpc(&bench.aws.ec2).await;
    let elsewhere = support::group(&bench.aws.ec2, &other_vpc, "elsewhere").await;
    let made = bench.aws.kms.create_key().send().await.expect("a key");
    let key = made.key_metadata().expect("the key").arn().expect("its ARN").to_owned();
    let subnets = |name: &str, ids: &[&String]| {
        let call = rds.create_db_subnet_group().db_subnet_group_name(name).db_subnet_group_description("x");
        call.set_subnet_ids(Some(ids.iter().map(|id| (*id).clone()).collect()))
    };
    let [one, two] = &net.subnets;
    subnets("main", &[one, two]).send().await.expect("a subnet group");
    let cluster = |name: &str| {
        let call =
            rds.create_db_cluster().db_cluster_identifier(name).engine("aurora-postgresql").engine_version("16.6");
        let call = call.manage_master_user_password(true).master_username("owner").kms_key_id(&key);
        let call = call.db_subnet_group_name("main").vpc_security_group_ids(&net.group);
        call.serverless_v2_scaling_configuration(units(0.5, 2.0).build())
    };
    let scaled = |it: aws_sdk_rds::types::builders::ServerlessV2ScalingConfigurationBuilder| {
        cluster("new").serverless_v2_scaling_configuration(it.build())
    };
    refused!(trial, bench, "rds",
        "a subnet group in one zone", "DBSubnetGroupDoesNotCoverEnoughAZs" => subnets("new", &[one, &same_zone]);
        "a subnet that is not there", "InvalidSubnet" => subnets("new", &[&"subnet-0123456789abcdef0".to_owned()]);
        "a subnet group twice", "DBSubnetGroupAlreadyExists" => subnets("main", &[one, two]);
        "0.3 capacity units", "InvalidParameterValue" => scaled(units(0.3, 2.0));
        "257 capacity units", "InvalidParameterValue" => scaled(units(0.5, 257.0));
        "a minimum above the maximum", "InvalidParameterValue" => scaled(units(4.0, 2.0));
        "a pause without zero", "InvalidParameterCombination" => scaled(units(0.5, 2.0).seconds_until_auto_pause(300));
        "a name with two hyphens in a row", "InvalidParameterValue" => cluster("a--b");
        "a name that begins with a digit", "InvalidParameterValue" => cluster("1a");
        "a name of 64 characters", "InvalidParameterValue" => cluster(&"x".repeat(64));
        "a master user called admin", "InvalidParameterValue" => cluster("new").master_username("admin");
        "a password beside the one that RDS manages", "InvalidParameterCombination" => cluster("new").master_user_password("secret123");
        "backups of 36 days", "InvalidParameterValue" => cluster("new").backup_retention_period(36);
        "a key that is not there", "KMSKeyNotAccessibleFault" => cluster("new").kms_key_id("alias/ghost");
        "a subnet group that is not there", "DBSubnetGroupNotFoundFault" => cluster("new").db_subnet_group_name("ghost");
        "a group of another VPC", "InvalidVPCNetworkStateFault" => cluster("new").vpc_security_group_ids(&elsewhere);
        "logs that the engine lacks", "InvalidParameterCombination" => cluster("new").enable_cloudwatch_logs_exports("slowquery");
        "a cluster that is not there", "DBClusterNotFoundFault" => rds.delete_db_cluster().db_cluster_identifier("ghost").skip_final_snapshot(true);
        "an instance of no cluster", "DBClusterNotFoundFault" => rds.create_db_instance().db_instance_identifier("one").db_cluster_identifier("ghost").engine("aurora-postgresql").db_instance_class("db.serverless");
    );
}

/// A ZIP archive with a program in it.
fn package() -> Blob {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    archive.start_file("bootstrap", options).expect("a file");
    archive.write_all(b"#!/bin/sh\n").expect("written");
    Blob::new(archive.finish().expect("an archive").into_inner())
}

/// Lambda API reference, each operation, "Errors" and the constraints of its parameters.
pub async fn functions(trial: &mut Trial) {
    let bench = Bench::open().await;
    let lambda = &bench.aws.lambda;
    let role = estate::role(&bench.aws, "rotation", "lambda.amazonaws.com").await;
    let tasks = estate::role(&bench.aws, "tasks", "ecs-tasks.amazonaws.com").await;
    bench.aws.logs.create_log_group().log_group_name("/rotation").send().await.expect("a group");
    let code = |bytes: Blob| FunctionCode::builder().zip_file(bytes).build();
    let function = |name: &str| {
        let call = lambda.create_function().function_name(name).role(&role).runtime(Runtime::Providedal2023);
        let call = call.handler("bootstrap").code(code(package())).memory_size(128).timeout(30);
        call.logging_config(LoggingConfig::builder().log_group("/rotation").build())
    };
    function("present").send().await.expect("a function");
    let variable = |name: &str, value: &str| Environment::builder().variables(name, value).build();
    let permission = |sid: &str| {
        let call = lambda.add_permission().function_name("present").statement_id(sid).action("lambda:InvokeFunction");
        call.principal("secretsmanager.amazonaws.com").source_account("123456789012")
    };
    refused!(trial, bench, "lambda",
        "a name with a blank", "ValidationException" => function("a b");
        "a name of 65 characters", "ValidationException" => function(&"x".repeat(65));
        "a function twice", "ResourceConflictException" => function("present");
        "127 MiB", "ValidationException" => function("new").memory_size(127);
        "901 seconds", "ValidationException" => function("new").timeout(901);
        "a role that is not there", "InvalidParameterValueException" => function("new").role("arn:aws:iam::123456789012:role/ghost");
        "a role that trusts another service", "InvalidParameterValueException" => function("new").role(&tasks);
        "no handler", "InvalidParameterValueException" => function("new").set_handler(None);
        "a package that is no archive", "InvalidParameterValueException" => function("new").code(code(Blob::new(*b"x")));
        "a variable that is reserved", "InvalidParameterValueException" => function("new").environment(variable("AWS_REGION", "x"));
        "variables of more than 4 KB", "InvalidParameterValueException" => function("new").environment(variable("X", &"x".repeat(4096)));
        "a statement's name with a blank", "ValidationException" => permission("a b");
        "a function that is not there", "ResourceNotFoundException" => lambda.delete_function().function_name("ghost");
    );
}

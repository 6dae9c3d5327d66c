//! What a call acts on, as IAM sees it: ARNs and tags. (Service Authorization Reference, "Resource types defined by …".)

use std::collections::BTreeSet;

use super::asked::Asked;
use crate::sandbox::call::Call;
use crate::sandbox::world::{Place, Tags};

/// Something that an action is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Resource {
    /// Its ARN; `*` where the call names nothing of the action's service, or nothing that is there.
    pub(super) arn: String,
    /// Its tags.
    pub(super) tags: Tags,
}

/// What a call acts on with one of its actions: all that it names of the action's service, by ARN, by id or by the name of what it makes.
/// AWS asks for some of it only; the simulation is stricter.
pub(super) fn of(call: &Call<'_>, operation: &str, action: &str, asked: &Asked) -> Vec<Resource> {
    let place = call.place();
    if let Some(arns) = unnamed(place, operation, action, asked) {
        return arns.into_iter().map(|arn| Resource { arn, tags: Tags::new() }).collect();
    }
    let service = action.split(':').next().unwrap_or_default();
    let is_of = |arn: &str| arn.starts_with("arn:") && arn.split(':').nth(2) == Some(service);
    let items = call.world.inventory(call.now, place);
    let mut arns: BTreeSet<String> = asked.texts().filter(|text| is_of(text)).map(str::to_owned).collect();
    let named = items.iter().filter(|item| is_of(&item.arn) && asked.texts().any(|text| text == item.id));
    arns.extend(named.map(|item| item.arn.clone()));
    arns.extend(by_name(place, operation, service, asked));
    arns.extend(behind_a_secret(call, service, asked));
    arns.extend(behind_a_cluster(call, operation, service, asked));
    match service {
        // Managed policies that are attached are no resource of the action.
        "iam" => arns.retain(|arn| arn.contains(":role/")),
        // A secret is called by its name too; what counts is its ARN.
        "secretsmanager" if operation != "CreateSecret" => {
            let found = asked.of("secret_id").filter_map(|text| call.world.secretsmanager.find(text));
            arns.extend(found.map(|secret| secret.arn.clone()));
        }
        _ => {}
    }
    // Roles, keys and functions are needed where the call comes to one, and so is the right to tag what is of a service.
    if arns.is_empty()
        && (operation != "TagResources" || service == "tag")
        && !["iam:PassRole", "kms:Decrypt", "kms:GenerateDataKey", "lambda:InvokeFunction"].contains(&action)
    {
        arns.insert("*".to_owned());
    }
    let tags = |arn: &str| items.iter().find(|item| item.arn == arn).map(|item| item.tags.clone()).unwrap_or_default();
    arns.into_iter().map(|arn| Resource { tags: tags(&arn), arn }).collect()
}

/// What an action is asked for that the call doesn't name: a service's own role, and the alarms of target tracking (Application Auto Scaling User
/// Guide, "Service-linked roles" and "Permissions required for API actions on target services and CloudWatch").
fn unnamed(place: &Place, operation: &str, action: &str, asked: &Asked) -> Option<Vec<String>> {
    let role = |service: &str, name: &str| {
        Some(vec![format!(
            "arn:aws:iam::{}:role/aws-service-role/{service}.amazonaws.com/AWSServiceRoleFor{name}",
            place.account
        )])
    };
    match (action, operation) {
        ("iam:CreateServiceLinkedRole", "CreateCluster") => role("ecs", "ECS"),
        ("iam:CreateServiceLinkedRole", "CreateLoadBalancer") => role("elasticloadbalancing", "ElasticLoadBalancing"),
        ("iam:CreateServiceLinkedRole", "RegisterScalableTarget") => {
            role("ecs.application-autoscaling", "ApplicationAutoScaling_ECSService")
        }
        ("iam:CreateServiceLinkedRole", "CreateDBCluster") => role("rds", "RDS"),
        (_, "PutScalingPolicy" | "DeleteScalingPolicy" | "DeregisterScalableTarget")
            if action.starts_with("cloudwatch:") =>
        {
            let services = asked.of("resource_id");
            Some(
                services.map(|id| place.arn("cloudwatch", &format!("alarm:TargetTracking-{id}-AlarmHigh-0"))).collect(),
            )
        }
        (_, "RegisterScalableTarget" | "PutScalingPolicy") if action.starts_with("ecs:") => {
            Some(asked.of("resource_id").map(|id| place.arn("ecs", id)).collect())
        }
        _ => None,
    }
}

/// ARNs of what is called by its name, whether it is there or not.
fn by_name(place: &Place, operation: &str, service: &str, asked: &Asked) -> Vec<String> {
    let account = &place.account;
    let all = |fields: &[&str], arn: &dyn Fn(&str) -> String| -> Vec<String> {
        let texts = fields.iter().flat_map(|field| asked.of(field)).filter(|text| !text.starts_with("arn:"));
        texts.map(arn).collect()
    };
    let local = |resource: String| place.arn(service, &resource);
    match service {
        "iam" => all(&["role_name"], &|name| format!("arn:aws:iam::{account}:role/{name}")),
        "s3" => all(&["bucket"], &|name| format!("arn:aws:s3:::{name}")),
        // The six letters at its end are AWS's.
        "secretsmanager" if operation == "CreateSecret" => {
            all(&["name"], &|name| local(format!("secret:{name}-AbCdEf")))
        }
        // Aurora User Guide, "Password management with Amazon Aurora and AWS Secrets Manager": the name of the secret begins so.
        "secretsmanager" if operation == "CreateDBCluster" => vec![local("secret:rds!cluster-0-AbCdEf".to_owned())],
        "logs" => all(&["log_group_name"], &|name| local(format!("log-group:{name}"))),
        "kms" => all(&["alias_name"], &|name| local(name.to_owned())),
        "ecr" => all(&["repository_name", "repository_names"], &|name| local(format!("repository/{name}"))),
        "dynamodb" => all(&["table_name"], &|name| local(format!("table/{name}"))),
        "sns" => all(&["name"], &|name| local(name.to_owned())),
        "cloudwatch" => {
            let mut arns = all(&["alarm_name", "alarm_names"], &|name| local(format!("alarm:{name}")));
            let dashboards = all(&["dashboard_name", "dashboard_names"], &|name| {
                format!("arn:aws:cloudwatch::{account}:dashboard/{name}")
            });
            arns.extend(dashboards);
            arns
        }
        "ecs" => {
            let cluster = asked.of("cluster").next().unwrap_or_default();
            let cluster = cluster.rsplit('/').next().unwrap_or_default();
            let mut arns = all(&["cluster", "cluster_name"], &|name| local(format!("cluster/{name}")));
            arns.extend(all(&["service", "service_name"], &|name| local(format!("service/{cluster}/{name}"))));
            arns.extend(all(&["family"], &|name| local(format!("task-definition/{name}:1"))));
            arns
        }
        "elasticloadbalancing" => match operation {
            "CreateLoadBalancer" => all(&["name"], &|name| local(format!("loadbalancer/app/{name}/0"))),
            "CreateTargetGroup" => all(&["name"], &|name| local(format!("targetgroup/{name}/0"))),
            _ => Vec::new(),
        },
        "appmesh" => all(&["mesh_name"], &|name| local(format!("mesh/{name}"))),
        "lambda" => all(&["function_name"], &|name| local(format!("function:{name}"))),
        "rds" => {
            let mut arns = all(&["db_cluster_identifier"], &|name| local(format!("cluster:{name}")));
            arns.extend(all(&["db_instance_identifier"], &|name| local(format!("db:{name}"))));
            arns.extend(all(&["db_subnet_group_name"], &|name| local(format!("subgrp:{name}"))));
            arns
        }
        _ => Vec::new(),
    }
}

/// The key and the rotation function of the secrets that a call names: Secrets Manager uses both with the caller's rights (Secrets Manager User Guide,
/// "Secret encryption and decryption" and "Permissions for rotation").
fn behind_a_secret(call: &Call<'_>, service: &str, asked: &Asked) -> Vec<String> {
    let secrets = asked.of("secret_id").filter_map(|text| call.world.secretsmanager.find(text));
    match service {
        "kms" => secrets
            .filter_map(|secret| secret.key.as_deref())
            .filter_map(|key| call.world.kms.keys.values().find(|it| it.arn == key || it.id == key))
            .map(|key| key.arn.clone())
            .collect(),
        // A call that names a function asks for that one.
        "lambda" if asked.of("rotation_lambda_arn").next().is_some() => Vec::new(),
        "lambda" => {
            secrets.filter_map(|secret| secret.rotation.as_ref()).map(|rotation| rotation.function.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// The key that encrypts the sessions of the cluster that a command is to be run in.
fn behind_a_cluster(call: &Call<'_>, operation: &str, service: &str, asked: &Asked) -> Option<String> {
    if (operation, service) != ("ExecuteCommand", "kms") {
        return None;
    }
    let clusters = asked.of("cluster").filter_map(|name| call.world.ecs.clusters.get(name.rsplit('/').next()?));
    let keys = clusters.filter_map(|cluster| cluster.sessions.as_ref()?.key.clone());
    keys.filter_map(|key| call.world.kms.keys.values().find(|it| it.arn == key || it.id == key))
        .map(|key| key.arn.clone())
        .next()
}

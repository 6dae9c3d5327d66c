//! Secrets Manager and ECS, as far as the rotator uses them, in their wire formats.

use serde_json::{Value, json};

use super::{
    http::Response,
    world::{DONE, Secret, State, now},
};

fn refused(code: &str) -> Response {
    Response { status: 400, headers: Vec::new(), body: json!({ "__type": code, "message": code }).to_string() }
}

fn find<'a>(state: &'a mut State, id: &str) -> Option<&'a mut Secret> {
    let key = state.secrets.iter().find(|(arn, secret)| *arn == id || secret.name == id).map(|(arn, _)| arn.clone())?;
    state.secrets.get_mut(&key)
}

/// Secrets Manager.
pub fn secrets(state: &mut State, operation: &str, body: &Value) -> Response {
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let Some(secret) = find(state, &text("SecretId").unwrap_or_default()) else {
        return refused("ResourceNotFoundException");
    };
    match operation {
        "DescribeSecret" => {
            let mut versions = serde_json::Map::new();
            for (label, version) in &secret.stages {
                let labels = versions.entry(version.clone()).or_insert_with(|| json!([]));
                labels.as_array_mut().expect("a list").push(json!(label));
            }
            let mut answer =
                json!({ "Name": secret.name, "Description": secret.description, "VersionIdsToStages": versions });
            if secret.rotated {
                answer["LastRotatedDate"] = json!(now());
            }
            Response::ok(answer)
        }
        "GetSecretValue" => {
            let stage = text("VersionStage").unwrap_or_else(|| "AWSCURRENT".to_owned());
            let version = text("VersionId").or_else(|| secret.stages.get(&stage).cloned());
            match version.and_then(|version| secret.versions.get(&version)) {
                Some((Some(value), created)) => Response::ok(json!({ "SecretString": value, "CreatedDate": created })),
                _ => refused("ResourceNotFoundException"),
            }
        }
        "PutSecretValue" => {
            let token = text("ClientRequestToken").expect("the SDK gives one");
            let value = text("SecretString").expect("a value");
            let version = secret.versions.entry(token.clone()).or_insert((None, now()));
            if version.0.as_ref().is_some_and(|present| *present != value) {
                return refused("ResourceExistsException");
            }
            version.0 = Some(value);
            for label in body["VersionStages"].as_array().expect("labels") {
                secret.label(label.as_str().expect("a label"), &token);
            }
            Response::ok(json!({ "VersionId": token }))
        }
        "UpdateSecretVersionStage" => {
            let (label, to) = (text("VersionStage").expect("a label"), text("MoveToVersionId"));
            let present = secret.stages.get(&label).cloned();
            if present.is_some() && present != text("RemoveFromVersionId") && present != to {
                return refused("InvalidParameterException");
            }
            match to {
                Some(to) => secret.label(&label, &to),
                None => drop(secret.stages.remove(&label)),
            }
            Response::ok(json!({}))
        }
        "UpdateSecret" => {
            assert!(text("SecretString").is_none(), "values are put as versions of a rotation");
            secret.description = text("Description").expect("a description");
            Response::ok(json!({}))
        }
        other => refused(other),
    }
}

/// ECS.
pub fn ecs(state: &mut State, operation: &str, body: &Value) -> Response {
    assert_eq!(body["cluster"], "cluster-dev");
    match operation {
        "ListServiceDeployments" if state.deployments.is_empty() => refused("ServiceNotFoundException"),
        "ListServiceDeployments" => {
            let brief = |(at, status): &(f64, &str)| json!({ "createdAt": at, "status": status });
            let all: Vec<Value> = state.deployments.iter().rev().map(brief).collect();
            Response::ok(json!({ "serviceDeployments": all }))
        }
        "UpdateService" if state.deployments.is_empty() => refused("ServiceNotFoundException"),
        "UpdateService" => {
            assert_eq!(body["forceNewDeployment"], true);
            let becomes = if state.becomes.is_empty() { DONE } else { state.becomes };
            state.deployments.push((now(), becomes));
            Response::ok(json!({ "service": {} }))
        }
        other => refused(other),
    }
}

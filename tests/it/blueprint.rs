//! The whole blueprint of the example, so that a change of it shows in review.

use platformctl::{
    blueprint::{self, Facts, Rotation},
    config::{self, EnvSuffix},
    engine::Blueprint,
    mesh::DataPlane,
};
use serde_json::{Map, Value, json};

use crate::lab::EXAMPLE;

fn example(app_mesh: bool) -> Blueprint {
    let config = config::parse("platform.toml", EXAMPLE).expect("the example is right");
    let suffix = EnvSuffix::parse("dev").expect("a suffix");
    let facts = Facts {
        account: "123456789012".to_owned(),
        region: "us-east-1".to_owned(),
        partition: "aws".to_owned(),
        zones: ["a", "b", "c"].map(|zone| format!("us-east-1{zone}")),
        mesh: if app_mesh { DataPlane::AppMesh } else { DataPlane::Envoy },
        rotator: blueprint::RotatorCode::default(),
        rotation: Rotation::default(),
    };
    blueprint::build(&config, &suffix, &facts)
}

/// Every resource with its name and specification. The packed bootstraps are shown by their length: `render mesh` and the tests of the
/// mesh show them whole.
fn picture(blueprint: &Blueprint) -> Value {
    fn shorten(value: &Value) -> Value {
        match value {
            Value::String(text) if text.len() > 1500 => json!(format!("({} characters)", text.len())),
            Value::Array(items) => items.iter().map(shorten).collect(),
            Value::Object(map) => map.iter().map(|(name, item)| (name.clone(), shorten(item))).collect(),
            plain => plain.clone(),
        }
    }
    let all = blueprint.nodes().iter().map(|node| {
        let resource = json!({ "chapter": node.chapter, "name": node.name, "spec": shorten(&node.spec) });
        (node.key.to_string(), resource)
    });
    Value::Object(all.collect::<Map<_, _>>())
}

#[test]
fn references_point_backwards_and_keys_are_unique() {
    for app_mesh in [false, true] {
        example(app_mesh).check().expect("a sound blueprint");
    }
}

#[test]
fn the_example() {
    insta::assert_json_snapshot!(picture(&example(false)));
}

#[test]
fn what_app_mesh_adds_and_changes() {
    let (envoy, app_mesh) = (example(false), example(true));
    let same = |key| envoy.get(key).map(|node| &node.spec) == app_mesh.get(key).map(|node| &node.spec);
    let changed = app_mesh.part(|_| true).nodes().iter().filter(|node| !same(&node.key)).cloned().collect::<Vec<_>>();
    let names: Vec<String> = changed.iter().map(|node| node.key.to_string()).collect();
    insta::assert_json_snapshot!(names);
}

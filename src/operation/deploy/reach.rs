//! Whether an earlier revision still reaches its peers, and they it: the mesh may have changed its provider since.

use crate::{
    aws::deploy::{Revision, revision},
    engine::{Class, Failure, survey::persist},
    mesh::{Shape, Way},
    operation::{
        Workspace,
        changeover::{Picture, variables},
    },
};

/// Refuses a revision that was made for another provider of the mesh than what its peers run with. Costs nothing but a look at the revision
/// that runs where both are of the same.
///
/// # Errors
/// Where calls would fail, or where App Mesh's Envoy would be started without App Mesh; or a call's own failure.
pub async fn check(workspace: &Workspace, name: &str, running: &str, wanted: &Revision) -> Result<(), Failure> {
    let variables = variables(&workspace.config);
    let Some(runs) = persist(&workspace.jitter, || revision::look(&workspace.aws, running)).await? else {
        return Ok(());
    };
    let (Some(now), Some(then)) = (revision::shape(&runs, &variables), revision::shape(wanted, &variables)) else {
        return Ok(());
    };
    if now == then {
        return Ok(());
    }
    let refuse = |why: String| {
        let message = format!("{} of {name} was made for another provider of the mesh: {why}", wanted.id());
        let remedy = "go to a revision since the change, or deploy the image that you want: platformctl deploy";
        Err(Failure::new(Class::Invalid, message).remedy(remedy))
    };
    if then.first.has_app_mesh() && !now.first.has_app_mesh() {
        return refuse("it needs App Mesh, which this environment has left".to_owned());
    }
    let picture = Picture::running(workspace).await?;
    match severed(workspace, name, then, &picture).first() {
        None => Ok(()),
        Some(call) => refuse(format!("{call} would fail")),
    }
}

/// Calls that would fail where a service had this shape.
fn severed(workspace: &Workspace, name: &str, shape: Shape, picture: &Picture) -> Vec<String> {
    let services = &workspace.config.services;
    let callees = services[name].calls.iter().map(|callee| (name, callee.as_str()));
    let callers = services.iter().filter(|(_, it)| it.calls.iter().any(|callee| callee == name));
    let edges = callees.chain(callers.map(|(caller, _)| (caller.as_str(), name)));
    let shapes = |service: &str| if service == name { vec![shape] } else { picture.of(service).to_vec() };
    let fails = |(caller, callee): &(&str, &str)| {
        let callees = shapes(callee);
        shapes(caller).iter().any(|one| callees.iter().any(|other| !reaches(*one, *other)))
    };
    edges.filter(fails).map(|(caller, callee)| format!("the call {caller} → {callee}")).collect()
}

/// Whether tasks of one call tasks of the other.
fn reaches(caller: Shape, callee: Shape) -> bool {
    let ways = [caller.first.calls_by(), caller.last.calls_by()];
    let accepts = |way: &Way| callee.first.accepts(*way) || callee.last.accepts(*way);
    ways.iter().any(accepts)
}

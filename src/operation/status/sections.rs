//! The sections about the environment as a whole.

use std::collections::BTreeMap;

use super::{
    Problems,
    inventory::{self, Inventory},
    known::{Known, Thing},
    report::{ChapterStatus, DeposedStatus, EnvironmentStatus, LoadBalancerStatus, StateStatus},
    services,
};
use crate::{
    aws::look::balancing,
    config::MeshProvider,
    engine::{Book, Chapter, survey::persist},
    mesh::DataPlane,
    operation::{
        Workspace,
        changeover::{self, Picture},
        facts,
        rotate::{self, Notice},
    },
    state::Loaded,
};

/// Which environment it is.
pub fn environment(
    workspace: &Workspace,
    loaded: Option<&Loaded>,
    inventory: Option<&Inventory>,
    known: &Known,
    picture: &Picture,
) -> EnvironmentStatus {
    let choice = |name: &str| loaded.and_then(|loaded| loaded.book.choices.get(name));
    let recorded = loaded.map(|loaded| loaded.header.environment_id.clone());
    let owners = inventory.map(Inventory::owners).unwrap_or_default();
    let tagged = || Some(owners.into_iter().collect::<Vec<_>>().join(", ")).filter(|ids| !ids.is_empty());
    let zones = choice(facts::ZONES).map(|choice| choice.value.split(',').map(str::to_owned).collect());
    let configured = workspace.config.platform.zones.as_ref();
    let (mesh_provider, mesh_reason) = match workspace.config.mesh.provider {
        MeshProvider::AppMesh => (Some("app-mesh".to_owned()), Some("as configured".to_owned())),
        MeshProvider::Envoy => (Some("envoy".to_owned()), Some("as configured".to_owned())),
        MeshProvider::Auto => {
            let choice = choice(facts::MESH);
            (choice.map(|choice| choice.value.clone()), choice.map(|choice| choice.reason.clone()))
        }
    };
    EnvironmentStatus {
        suffix: workspace.suffix.to_string(),
        id: recorded.or_else(tagged),
        account: workspace.aws.account.clone(),
        region: workspace.aws.region.clone(),
        zones: configured.cloned().or(zones).unwrap_or_default(),
        mesh_change: mesh_provider.as_deref().and_then(|provider| {
            let end = if provider == DataPlane::AppMesh.as_str() { DataPlane::AppMesh } else { DataPlane::Envoy };
            changeover::notice(picture, end)
        }),
        mesh_provider,
        mesh_reason,
        authority: authority(known).and_then(|it| services::certificate(&it.outputs, workspace.aws.now())),
        certificates: certificates(workspace, loaded, inventory, known),
    }
}

fn authority(known: &Known) -> Option<&Thing> {
    known.get("mesh-authority", "services")
}

/// What AWS showed of the authority where it was looked at, else what is known.
fn certificates(
    workspace: &Workspace,
    loaded: Option<&Loaded>,
    inventory: Option<&Inventory>,
    known: &Known,
) -> Vec<Notice> {
    let Some(authority) = authority(known) else { return Vec::new() };
    let mut outputs = authority.outputs.clone();
    let seen = inventory.into_iter().flat_map(|inventory| &inventory.sightings);
    outputs.extend(seen.filter(|seen| seen.id == authority.id).flat_map(|seen| seen.outputs.clone()));
    let nothing = Book::default();
    let book = loaded.map_or(&nothing, |loaded| &loaded.book);
    rotate::notices(&outputs, book, &workspace.config, workspace.aws.now())
}

/// What the state says.
pub fn state(workspace: &Workspace, loaded: Option<&Loaded>) -> StateStatus {
    let store = &workspace.store;
    let empty = StateStatus {
        path: store.journal().display().to_string(),
        locked_by: store.holder().map(|holder| holder.to_string()),
        ..StateStatus::default()
    };
    let Some(loaded) = loaded else { return empty };
    let deposed = loaded.book.deposed.iter().flat_map(|(key, list)| {
        list.iter().map(|deposed| DeposedStatus { key: key.to_string(), id: deposed.id.clone() })
    });
    StateStatus {
        present: true,
        serial: loaded.header.serial,
        resources: loaded.book.records.len(),
        chapters: chapters(&loaded.book),
        deposed: deposed.collect(),
        warning: loaded.warning.clone(),
        ..empty
    }
}

fn chapters(book: &Book) -> Vec<ChapterStatus> {
    let mut counts: BTreeMap<Chapter, BTreeMap<String, usize>> = BTreeMap::new();
    for record in book.records.values() {
        let phases = counts.entry(record.chapter).or_default();
        *phases.entry(inventory::phase(record.phase).to_owned()).or_default() += 1;
    }
    let chapter = |(chapter, phases): (Chapter, BTreeMap<String, usize>)| ChapterStatus {
        chapter: chapter.title(),
        resources: phases.values().sum(),
        phases,
    };
    counts.into_iter().map(chapter).collect()
}

/// Where everything is reached; `None` where no load balancer exists.
pub async fn load_balancer(workspace: &Workspace, known: &Known, problems: &Problems) -> Option<LoadBalancerStatus> {
    let (_, balancer) = known.of_kind("load-balancer").next()?;
    let look = persist(&workspace.jitter, || balancing::load_balancer(&workspace.aws, &balancer.id)).await;
    let seen = problems.keep("the load balancer", look);
    let state = match &seen {
        None => "unknown".to_owned(),
        Some(None) => "absent".to_owned(),
        Some(Some(seen)) => seen.state.clone(),
    };
    let address = seen.flatten().and_then(|seen| seen.address).or_else(|| balancer.outputs.get("dns_name").cloned());
    let url = address.as_ref().map(|address| format!("{}://{address}", scheme(known)));
    Some(LoadBalancerStatus { name: balancer.name.clone(), state, address, url })
}

/// The scheme of the listener that the services' rules belong to: HTTPS where there is such a listener.
pub fn scheme(known: &Known) -> &'static str {
    if known.get("listener", "https").is_some() { "https" } else { "http" }
}

//! What the mesh is told, and the certificates that would be issued.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use x509_parser::{
    certificate::X509Certificate,
    extensions::{GeneralName, ParsedExtension},
    pem::parse_x509_pem,
};

use super::{Chosen, documents};
use crate::{
    blueprint::{Draft, mesh},
    cli::CliError,
    mesh::{
        Authority, AuthorityRequest, LeafRequest, MeshError, MeshModel,
        envoy::{Layout, bootstrap, ingress_bootstrap},
    },
};

/// The kinds of App Mesh.
const APP_MESH: [&str; 5] = ["mesh", "virtual-node", "virtual-router", "mesh-route", "virtual-service"];

fn model(chosen: &Chosen<'_>) -> MeshModel {
    mesh::model(&Draft::new(chosen.config, chosen.suffix, chosen.facts))
}

/// The bootstrap of each service's Envoy and, with App Mesh, what its control plane is told. Of one service without App Mesh the
/// bootstrap itself, as Envoy takes it.
///
/// # Errors
/// Never for a configuration that was checked.
pub async fn configuration(chosen: &Chosen<'_>) -> Result<Value, CliError> {
    let model = model(chosen);
    let mut envoys = Map::new();
    for service in chosen.services() {
        let envoy = if chosen.facts.mesh.has_app_mesh() {
            ingress_bootstrap(&model, service, &Layout::beside_app_mesh())?
        } else {
            bootstrap(&model, service, &Layout::fargate())?
        };
        envoys.insert(service.to_owned(), envoy);
    }
    if !chosen.facts.mesh.has_app_mesh() && chosen.service.is_some() {
        return Ok(documents::alone(chosen, envoys));
    }
    let mut whole = Map::from_iter([("envoy".to_owned(), Value::from(envoys))]);
    if chosen.facts.mesh.has_app_mesh() {
        whole.insert("app-mesh".to_owned(), documents::requests(chosen, &APP_MESH).await?.into());
    }
    Ok(whole.into())
}

/// The certificates as they would be issued now: issued in fact, by an authority that is thrown away, and read back.
///
/// # Errors
/// Never for a configuration that was checked.
pub fn certificates(chosen: &Chosen<'_>) -> Result<Value, CliError> {
    let (model, settings, now) = (model(chosen), &chosen.config.mesh, OffsetDateTime::now_utc());
    let days = |days: u32| u16::try_from(days).unwrap_or(u16::MAX);
    let request = AuthorityRequest {
        trust_domain: model.trust_domain().to_owned(),
        namespace: model.namespace().to_owned(),
        days: days(settings.authority_days),
    };
    let authority = Authority::create(&request, now)?;
    let mut leaves = Map::new();
    for service in chosen.services() {
        let leaf = authority.issue(&LeafRequest::of(&model, service, days(settings.certificate_days)), now)?;
        leaves.insert(service.to_owned(), describe(&leaf.chain_pem)?);
    }
    Ok(json!({ "authority": describe(&authority.cert_pem)?, "services": leaves }))
}

fn describe(pem: &str) -> Result<Value, MeshError> {
    let unreadable = |reason: String| MeshError::Certificate { action: "read a certificate", reason };
    let (_, block) = parse_x509_pem(pem.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
    let certificate = block.parse_x509().map_err(|error| unreadable(error.to_string()))?;
    Ok(fields(&certificate))
}

fn fields(certificate: &X509Certificate<'_>) -> Value {
    let validity = certificate.validity();
    let lifetime = validity.not_after.timestamp() - validity.not_before.timestamp();
    let mut fields = Map::from_iter([
        ("subject".to_owned(), certificate.subject().to_string().into()),
        ("issuer".to_owned(), certificate.issuer().to_string().into()),
        ("valid_days".to_owned(), (lifetime / 86_400).into()),
        ("authority".to_owned(), certificate.is_ca().into()),
    ]);
    for extension in certificate.extensions() {
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => {
                fields.insert("names".to_owned(), names.general_names.iter().map(name).collect());
            }
            ParsedExtension::NameConstraints(constraints) => {
                let trees = constraints.permitted_subtrees.iter().flatten();
                fields.insert("permitted_names".to_owned(), trees.map(|tree| name(&tree.base)).collect());
            }
            ParsedExtension::KeyUsage(usage) => {
                fields.insert("key_usage".to_owned(), usage.to_string().into());
            }
            ParsedExtension::ExtendedKeyUsage(usage) => {
                let uses = [("server authentication", usage.server_auth), ("client authentication", usage.client_auth)];
                let uses = uses.into_iter().filter(|(_, may)| *may).map(|(what, _)| Value::from(what));
                fields.insert("extended_key_usage".to_owned(), uses.collect());
            }
            _ => {}
        }
    }
    fields.into()
}

fn name(name: &GeneralName<'_>) -> Value {
    match name {
        GeneralName::DNSName(name) => format!("DNS:{name}").into(),
        GeneralName::URI(name) => format!("URI:{name}").into(),
        other => other.to_string().into(),
    }
}

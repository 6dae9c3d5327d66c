//! Clients that prove who they are, or try to.

use std::{io, net::Ipv4Addr, sync::Arc};

use rustls::{
    AlertDescription, ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};

use super::client::{Client, open};

/// What a client presents and believes, PEM.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// Certificate and key; none to present nothing.
    pub pair: Option<(String, String)>,
    pub trusts: String,
}

/// A client of TLS 1.3 that knows the callee by its DNS name.
pub fn config(identity: &Identity) -> Arc<ClientConfig> {
    config_of(identity, &rustls::version::TLS13)
}

/// The same with another version.
pub fn config_of(identity: &Identity, version: &'static SupportedProtocolVersion) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(identity.trusts.as_bytes()) {
        roots.add(authority.expect("a certificate")).expect("an authority");
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[version])
        .expect("a version that there is")
        .with_root_certificates(roots);
    let mut config = match &identity.pair {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let chain = CertificateDer::pem_slice_iter(chain.as_bytes()).map(|one| one.expect("a certificate"));
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
            builder.with_client_auth_cert(chain.collect(), key).expect("a pair")
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

/// A connection to a callee's mesh port; the handshake comes with the first request.
pub fn connect(config: &Arc<ClientConfig>, address: Ipv4Addr, port: u16, host: &str) -> io::Result<Client> {
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    let session = ClientConnection::new(config.clone(), name).map_err(io::Error::other)?;
    Ok(Client::over(StreamOwned::new(session, open(address, port)?)))
}

/// What the other side said when it refused.
pub fn alert(error: &io::Error) -> Option<AlertDescription> {
    match error.get_ref()?.downcast_ref::<rustls::Error>()? {
        rustls::Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    }
}

//! What each running task of the simulation holds: the certificate that it was started with, and whom it trusts.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use platformctl::{
    mesh::{self, LeafSecret},
    sandbox::Sandbox,
};
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::WebPkiClientVerifier,
};

/// What a task was started with.
#[derive(Clone)]
pub struct Held {
    pub service: String,
    pub task: String,
    pub revision: String,
    pub leaf: LeafSecret,
}

/// What all tasks hold that run, or still finish their requests.
pub fn running(sandbox: &Sandbox) -> Vec<Held> {
    let look = sandbox.look(|call| {
        let now = call.now;
        let world = &call.world;
        let alive = world.ecs.tasks.values().filter(|task| task.running_at <= now && !task.has_stopped(now));
        let held = alive.filter_map(|task| {
            let secrets = task.secrets.iter().filter_map(|(arn, version)| {
                let secret = world.secretsmanager.find(arn)?;
                LeafSecret::from_json(secret.versions.get(version)?.text.as_deref()?).ok()
            });
            Some(Held {
                service: task.task_definition.rsplit('/').next()?.split(':').next()?.to_owned(),
                task: task.arn.clone(),
                revision: task.task_definition.clone(),
                leaf: secrets.into_iter().next()?,
            })
        });
        held.collect()
    });
    look.expect("a readable account")
}

/// The current value of each service's certificate, by the secret's name.
pub fn leaves(sandbox: &Sandbox) -> BTreeMap<String, LeafSecret> {
    let look = sandbox.look(|call| {
        let secrets = call.world.secretsmanager.secrets.values();
        secrets
            .filter_map(|secret| Some((secret.name.clone(), LeafSecret::from_json(secret.text()?).ok()?)))
            .collect::<BTreeMap<_, _>>()
    });
    look.expect("a readable account")
}

/// The second line of every private key that a secret of the mesh ever held: base64 without its frame.
pub fn keys(sandbox: &Sandbox) -> Vec<String> {
    let look = sandbox.look(|call| {
        let secrets = call.world.secretsmanager.secrets.values().filter(|secret| secret.name.starts_with("mesh-"));
        let values = secrets.flat_map(|secret| secret.versions.values());
        let values = values.filter_map(|version| version.text.as_ref());
        values
            .flat_map(|text| text.split("PRIVATE KEY-----\\n").skip(1).map(str::to_owned).collect::<Vec<_>>())
            .filter_map(|rest| Some(rest.split("\\n").next()?.to_owned()).filter(|line| line.len() == 64))
            .collect()
    });
    look.expect("a readable account")
}

/// How many versions each secret of the mesh has had, by its name.
pub fn versions(sandbox: &Sandbox) -> BTreeMap<String, usize> {
    let look = sandbox.look(|call| {
        let secrets = call.world.secretsmanager.secrets.values().filter(|secret| secret.name.starts_with("mesh-"));
        secrets.map(|secret| (secret.name.clone(), secret.versions.len())).collect()
    });
    look.expect("a readable account")
}

/// Who issued a certificate, as the fingerprint of the authority in its own bundle that verifies it.
pub fn issuer(leaf: &LeafSecret, sandbox: &Sandbox) -> String {
    let found = authorities(&leaf.ca_bundle).into_iter().find(|pem| accepts(pem, &leaf.cert_chain, sandbox));
    mesh::fingerprint(&found.expect("its own bundle has its issuer")).expect("readable")
}

fn authorities(bundle: &str) -> Vec<String> {
    const END: &str = "-----END CERTIFICATE-----\n";
    bundle.split_inclusive(END).map(str::to_owned).filter(|pem| pem.ends_with(END)).collect()
}

/// How many authorities each running task trusts.
pub fn trusted(sandbox: &Sandbox) -> BTreeSet<usize> {
    running(sandbox).iter().map(|held| authorities(&held.leaf.ca_bundle).len()).collect()
}

/// True where somebody who trusts this bundle takes the certificate for a client's and for a server's, now.
fn accepts(bundle: &str, chain: &str, sandbox: &Sandbox) -> bool {
    let provider: Arc<CryptoProvider> = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    for authority in CertificateDer::pem_slice_iter(bundle.as_bytes()) {
        roots.add(authority.expect("PEM")).expect("an authority");
    }
    let roots = Arc::new(roots);
    let leaf = CertificateDer::from_pem_slice(chain.as_bytes()).expect("PEM");
    let now = UnixTime::since_unix_epoch(Duration::from_millis(sandbox.now().as_millis()));
    let client = WebPkiClientVerifier::builder_with_provider(roots.clone(), provider.clone()).build();
    let client = client.expect("a verifier").verify_client_cert(&leaf, &[], now);
    let server = WebPkiServerVerifier::builder_with_provider(roots, provider).build().expect("a verifier");
    let name = |service: &str| ServerName::try_from(format!("{service}.dev.local")).expect("a name");
    let services = ["accounts", "notifications", "payments"];
    client.is_ok() && services.iter().any(|it| server.verify_server_cert(&leaf, &[], &name(it), &[], now).is_ok())
}

/// Holds every running task's certificate against every other's trust, again and again.
pub struct Watch<'a> {
    sandbox: &'a Sandbox,
    /// Pairs that were found right, and until when nothing about them can change: certificates live for days.
    known: RefCell<BTreeSet<(String, String)>>,
    looks: RefCell<usize>,
}

impl<'a> Watch<'a> {
    pub fn new(sandbox: &'a Sandbox) -> Self {
        Watch { sandbox, known: RefCell::default(), looks: RefCell::default() }
    }

    /// Looks once; tells who does not trust whom.
    fn look(&self, wrong: &mut BTreeSet<String>) {
        *self.looks.borrow_mut() += 1;
        let all = running(self.sandbox);
        for (one, other) in all.iter().flat_map(|one| all.iter().map(move |other| (one, other))) {
            let pair = (one.leaf.ca_bundle.clone(), other.leaf.cert_chain.clone());
            if self.known.borrow().contains(&pair) {
                continue;
            }
            if accepts(&pair.0, &pair.1, self.sandbox) {
                self.known.borrow_mut().insert(pair);
            } else {
                let text = format!("{} does not trust {}", one.revision, other.revision);
                wrong.insert(text);
            }
        }
    }

    /// Looks every other second while something goes on: no task comes or goes within less. Gives what comes of it, and who did not trust whom.
    pub async fn see<T>(&self, work: impl Future<Output = T>) -> (T, BTreeSet<String>) {
        let wrong = RefCell::new(BTreeSet::new());
        let watch = async {
            loop {
                self.look(&mut wrong.borrow_mut());
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        };
        let result = tokio::select! {
            biased;
            result = work => result,
            never = watch => never,
        };
        self.look(&mut wrong.borrow_mut());
        (result, wrong.into_inner())
    }

    /// [`Watch::see`], and everybody has to trust everybody.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let (result, wrong) = self.see(work).await;
        assert!(wrong.is_empty(), "{wrong:#?}");
        result
    }

    /// How often it looked.
    pub fn looks(&self) -> usize {
        *self.looks.borrow()
    }
}

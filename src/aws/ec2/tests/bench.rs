//! One resource at a time on the common bench, beside somebody who changes things by hand.

use crate::{
    aws::Aws,
    engine::{Class, Failure, Gone, Physical, Readiness, Resource, Sighting},
    sandbox::tests::{
        bench::{self, Specimen, patiently, settle},
        support,
    },
};

/// An account with one environment, the clients of the tool, and those of somebody else.
pub struct Bench {
    pub common: bench::Bench,
    /// Somebody who changes things by hand.
    pub hand: aws_sdk_ec2::Client,
}

/// A resource that was made, and what it was to be.
pub struct Made<R> {
    pub wanted: Specimen<R>,
    pub it: Physical,
}

impl<R> Made<R> {
    pub fn id(&self) -> &str {
        &self.it.id
    }
}

pub fn specimen<R: Resource<Clients = Aws>>(name: &str, spec: R) -> Specimen<R> {
    Specimen::new(name, &format!("{}-{name}-dev", R::KIND), spec)
}

impl Bench {
    pub async fn open() -> Self {
        let common = bench::Bench::open().await;
        let hand = support::ec2(&common.sandbox);
        Bench { common, hand }
    }

    pub fn aws(&self) -> &Aws {
        &self.common.aws
    }

    /// Makes it, and checks that it shows as it was wanted.
    pub async fn make<R: Resource<Clients = Aws>>(&self, name: &str, spec: R) -> Made<R> {
        let wanted = specimen(name, spec);
        let it = self.common.live(&wanted).await;
        Made { wanted, it }
    }

    /// Sends nothing but the create call. The token is the same every time.
    pub async fn create<R: Resource<Clients = Aws>>(&self, wanted: &Specimen<R>) -> Result<Physical, Failure> {
        let identity = self.common.identity(wanted);
        let created = patiently(async || wanted.spec.create(self.aws(), &identity).await).await?;
        Ok(Physical { key: identity.key, name: identity.name, id: created.id, outputs: created.outputs })
    }

    /// Brings fields in line, and checks that nothing differs afterwards.
    pub async fn mend<R: Resource<Clients = Aws>>(&self, made: &mut Made<R>, fields: &[&str]) {
        assert_eq!(self.differences(made).await, fields);
        let fields = fields.iter().map(|field| (*field).to_owned()).collect();
        self.common.change(&made.wanted, &mut made.it, fields).await;
        assert_eq!(self.differences(made).await, Vec::<String>::new());
    }

    /// What a look finds that knows nothing but the blueprint, once what was just changed shows.
    pub async fn look<R: Resource<Clients = Aws>>(&self, made: &Made<R>) -> Option<Sighting> {
        settle().await;
        self.common.see(&made.wanted, None, false).await.pop()
    }

    /// The fields in which what is there differs from what was wanted.
    pub async fn differences<R: Resource<Clients = Aws>>(&self, made: &Made<R>) -> Vec<String> {
        let seen = self.look(made).await.unwrap_or_else(|| panic!("{} doesn't show", made.it.key));
        self.common.differences(&made.wanted, &seen.observed)
    }

    /// Why it never becomes ready.
    pub async fn failure<R: Resource<Clients = Aws>>(&self, made: &Made<R>) -> Failure {
        loop {
            match made.wanted.spec.ready(self.aws(), &made.it).await.expect("a look") {
                Readiness::Failed(failure) => return failure,
                Readiness::Ready(_) => panic!("{} is ready", made.it.key),
                Readiness::Waiting(_) => tokio::time::sleep(std::time::Duration::from_secs(1)).await,
            }
        }
    }

    /// One attempt to delete it, which is blocked, and what is named as the reason.
    pub async fn blockers<R: Resource<Clients = Aws>>(&self, made: &Made<R>) -> Vec<String> {
        let failure = R::delete(self.aws(), &made.it).await.expect_err("something is in the way");
        assert_eq!(failure.class, Class::Blocked, "{failure}");
        R::blockers(self.aws(), &made.it).await.expect("looking works")
    }

    /// Deletes it and waits until nothing of it is left.
    pub async fn remove<R: Resource<Clients = Aws>>(&self, made: Made<R>) {
        assert_eq!(self.common.end(&made.wanted, &made.it).await, Gone::Yes);
    }

    /// Checks that the tool made no call to EC2 but those that these lists declare.
    pub fn assert_declared(&self, declared: &[&[&str]]) {
        for (service, operation) in self.aws().log.counts().into_keys().filter(|(service, _)| service == "EC2") {
            let action = format!("{}:{operation}", service.to_lowercase());
            assert!(declared.iter().any(|list| list.contains(&action.as_str())), "{action} is not declared");
        }
    }
}

//! What the engine does, in small: enough to lead one resource through its life.

use std::{future::Future, sync::Arc, time::Duration};

use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use serde_json::Value;
use tokio::time::sleep;

use crate::{
    aws::{Aws, Connection},
    engine::{
        Change, Changes, Environment, Erased, Failure, Gone, Identity, Key, Outputs, Physical, Readiness, Resource,
        Scope, Sighting, Tags, Target, diff, failure::absent_is_fine,
    },
    sandbox::{Sandbox, SandboxOptions},
};

/// An account with one environment, and the clients of the tool and of somebody else.
pub struct Bench {
    pub aws: Arc<Aws>,
    /// Somebody who changes things by hand.
    pub hand: aws_sdk_ec2::Client,
    pub environment: Arc<Environment>,
}

/// A resource that was made, with all that is needed to look for it.
pub struct Made<R> {
    pub spec: R,
    pub it: Physical,
}

impl Bench {
    pub fn new() -> Self {
        let sandbox = Sandbox::open(SandboxOptions::in_memory()).expect("a sandbox for the test");
        let connect = || Connection {
            config: sandbox.sdk_config(),
            http: sandbox.http_client(),
            interceptor: Some(SharedInterceptor::new(sandbox.interceptor())),
        };
        let environment = Environment {
            suffix: "dev".to_owned(),
            id: "0123456789abcdef".to_owned(),
            account: "123456789012".to_owned(),
            region: "us-east-1".to_owned(),
            tags: Tags::from([("Team".to_owned(), "platform".to_owned())]),
        };
        Bench {
            aws: Aws::of_account(&connect(), "123456789012"),
            hand: Aws::of_account(&connect(), "123456789012").ec2.clone(),
            environment: Arc::new(environment),
        }
    }

    fn identity<R: Resource>(&self, name: &str) -> Identity {
        let key = Key::new(R::KIND, name);
        let physical = format!("{}-{name}-dev", R::KIND);
        Identity {
            tags: self.environment.tags_for(&key, &physical, 0),
            token: format!("token-{key}"),
            key,
            name: physical,
            environment: self.environment.clone(),
        }
    }

    /// Creates it, sets what is set later, and waits until it is ready.
    pub async fn make<R: Resource<Clients = Aws> + Clone>(&self, name: &str, spec: R) -> Made<R> {
        let it = self.create(name, &spec).await;
        let outputs = self.wait(&spec, &it).await.unwrap_or_else(|failure| panic!("{}: {failure}", it.key));
        assert_eq!(outputs, it.outputs, "{} knows its outputs early", it.key);
        let made = Made { spec, it };
        self.assert_in_line(&made).await;
        made
    }

    /// Creates it and sets what is set later.
    pub async fn create<R: Resource<Clients = Aws> + Clone>(&self, name: &str, spec: &R) -> Physical {
        let identity = self.identity::<R>(name);
        let created = patiently(|| spec.create(&self.aws, &identity)).await.expect("it can be made");
        let mut it = Physical { key: identity.key, name: identity.name, id: created.id, outputs: created.outputs };
        let fields = diff::later_fields(&self.erased::<R>(), &json(spec));
        if !fields.is_empty() {
            it.outputs.extend(self.update(spec, &it, &fields).await.expect("its settings can be made"));
        }
        it
    }

    /// Brings fields in line.
    pub async fn update<R: Resource<Clients = Aws>>(
        &self,
        spec: &R,
        it: &Physical,
        fields: &[impl AsRef<str>],
    ) -> Result<Outputs, Failure> {
        let fields = fields.iter().map(|field| field.as_ref().to_owned()).collect();
        let changes = Changes { fields, tags: Tags::new() };
        patiently(|| spec.update(&self.aws, it, &changes)).await
    }

    /// Waits until it is ready.
    pub async fn wait<R: Resource<Clients = Aws>>(&self, spec: &R, it: &Physical) -> Result<Outputs, Failure> {
        loop {
            match patiently(|| spec.ready(&self.aws, it)).await? {
                Readiness::Ready(outputs) => return Ok(outputs),
                Readiness::Waiting(_) => sleep(Duration::from_secs(1)).await,
                Readiness::Failed(failure) => return Err(failure),
            }
        }
    }

    /// What a look finds that knows nothing but the blueprint.
    pub async fn look<R: Resource<Clients = Aws>>(&self, made: &Made<R>) -> Option<Sighting> {
        self.look_for(made, None).await
    }

    /// What a look finds that also knows the recorded id.
    pub async fn look_recorded<R: Resource<Clients = Aws>>(&self, made: &Made<R>) -> Option<Sighting> {
        self.look_for(made, Some(made.it.id.clone())).await
    }

    async fn look_for<R: Resource<Clients = Aws>>(&self, made: &Made<R>, id: Option<String>) -> Option<Sighting> {
        // What was just made or changed shows by now.
        sleep(Duration::from_secs(2)).await;
        let target = Target { key: made.it.key.clone(), name: made.it.name.clone(), id, spec: json(&made.spec) };
        let targets = [target];
        let scope = Scope { suffix: "dev", environment_id: None, targets: &targets, tagged: &[], sweep: false };
        let found = patiently(|| R::find(&self.aws, &scope)).await.expect("looking works");
        found.into_iter().find(|seen| seen.key == made.it.key)
    }

    /// The fields in which what is there differs from the specification; each that isn't silent must be readable.
    pub async fn differences<R: Resource<Clients = Aws>>(&self, made: &Made<R>) -> Vec<String> {
        let seen = self.look(made).await.unwrap_or_else(|| panic!("{} doesn't show", made.it.key));
        let spec = json(&made.spec);
        for (name, value) in spec.as_object().into_iter().flatten() {
            let compared = R::field(name).change != Change::Silent && !value.is_null();
            assert!(!compared || seen.observed.contains_key(name), "{} shows no {name}", made.it.key);
        }
        let changes = diff::compare(&self.erased::<R>(), &spec, &seen.observed, &Value::Null);
        changes.into_iter().map(|change| change.field).collect()
    }

    /// Checks that it shows with the id, outputs, tags and settings that it was made with.
    pub async fn assert_in_line<R: Resource<Clients = Aws>>(&self, made: &Made<R>) {
        let seen = self.look(made).await.unwrap_or_else(|| panic!("{} doesn't show", made.it.key));
        assert_eq!((&seen.id, &seen.name, &seen.outputs), (&made.it.id, &made.it.name, &made.it.outputs));
        if let Some(tags) = &seen.tags {
            assert_eq!(*tags, self.environment.tags_for(&made.it.key, &made.it.name, 0), "{}", made.it.key);
        }
        assert_eq!(self.differences(made).await, Vec::<String>::new(), "{}", made.it.key);
    }

    /// Deletes it, waits until it is gone, and checks that it neither shows nor minds a second deletion.
    pub async fn remove<R: Resource<Clients = Aws>>(&self, made: Made<R>) {
        absent_is_fine(patiently(|| R::delete(&self.aws, &made.it)).await).expect("it can be deleted");
        while patiently(|| R::gone(&self.aws, &made.it)).await.expect("looking works") != Gone::Yes {
            sleep(Duration::from_secs(1)).await;
        }
        assert!(self.look_recorded(&made).await.is_none(), "{} still shows", made.it.key);
        if let Err(failure) = R::delete(&self.aws, &made.it).await {
            assert_eq!(failure.class, crate::engine::Class::Absent, "{}: {failure}", made.it.key);
        }
    }

    /// One attempt to delete it, which is refused, and what is named as the reason.
    pub async fn refusal<R: Resource<Clients = Aws>>(&self, made: &Made<R>) -> (Failure, Vec<String>) {
        let failure = R::delete(&self.aws, &made.it).await.expect_err("something is in the way");
        let blockers = R::blockers(&self.aws, &made.it).await.expect("looking works");
        (failure, blockers)
    }

    /// Checks that the tool made no call but those that these lists allow.
    pub fn assert_calls_within(&self, allowed: &[&[&str]]) {
        for (service, operation) in self.aws.log.counts().into_keys() {
            let action = format!("{}:{operation}", service.to_lowercase());
            assert!(allowed.iter().any(|list| list.contains(&action.as_str())), "{action} is not declared");
        }
    }

    fn erased<R: Resource<Clients = Aws>>(&self) -> Erased<R> {
        Erased::new(self.aws.clone())
    }
}

pub fn json(spec: &impl serde::Serialize) -> Value {
    serde_json::to_value(spec).expect("a specification is plain data")
}

/// Repeats a call while it is refused for a reason that passes.
pub async fn patiently<T, F: Future<Output = Result<T, Failure>>>(mut call: impl FnMut() -> F) -> Result<T, Failure> {
    for _ in 0..120 {
        match call().await {
            Err(failure) if failure.class.is_transient() => sleep(Duration::from_secs(1)).await,
            other => return other,
        }
    }
    call().await
}

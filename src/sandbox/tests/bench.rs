//! Leads one resource through its life against the sandbox, as the engine does, through the kind's own methods.

use std::sync::Arc;

use aws_smithy_runtime_api::client::interceptors::SharedInterceptor;
use serde_json::{Map, Value};

use crate::aws::{Aws, Connection};
use crate::engine::kind::TagSearch;
use crate::engine::{
    Changes, Class, Environment, Erased, Failure, Gone, Identity, Key, Life, Outputs, Physical, Readiness, Resource,
    Scope, Sighting, Tags, Target, diff, execute,
};
use crate::sandbox::{Sandbox, SandboxOptions};

/// A sandbox, the clients that reach it, and an environment to put things into.
pub struct Bench {
    pub sandbox: Sandbox,
    pub aws: Arc<Aws>,
    pub environment: Arc<Environment>,
}

/// One resource: what it is to be and how it is called.
pub struct Specimen<R> {
    pub key: Key,
    pub name: String,
    pub spec: R,
}

impl<R: Resource<Clients = Aws>> Specimen<R> {
    pub fn new(key: &str, name: &str, spec: R) -> Self {
        Specimen { key: Key::new(R::KIND, key), name: name.to_owned(), spec }
    }

    pub fn value(&self) -> Value {
        serde_json::to_value(&self.spec).expect("a specification is plain data")
    }

    fn target(&self, id: Option<&str>) -> Target {
        let (key, name, id) = (self.key.clone(), self.name.clone(), id.map(str::to_owned));
        Target { key, name, id, recorded: Outputs::new(), spec: self.value() }
    }
}

impl Bench {
    /// An account in memory with an environment `dev`.
    pub async fn open() -> Self {
        Self::with(SandboxOptions::in_memory()).await
    }

    pub async fn with(options: SandboxOptions) -> Self {
        let sandbox = Sandbox::open(options).expect("a sandbox for the test");
        let interceptor = Some(SharedInterceptor::new(sandbox.interceptor()));
        let connection = Connection { config: sandbox.sdk_config(), http: sandbox.http_client(), interceptor };
        let aws = Aws::connect(&connection).await.expect("clients of the sandbox");
        let environment = Arc::new(Environment {
            suffix: "dev".into(),
            id: "0123456789abcdef".into(),
            account: aws.account.clone(),
            region: aws.region.clone(),
            tags: Tags::from([("Team".into(), "platform".into()), ("CostCenter".into(), "42".into())]),
        });
        Bench { sandbox, aws, environment }
    }

    /// An ARN in the account and region.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.aws.region, self.aws.account)
    }

    pub fn kind<R: Resource<Clients = Aws>>(&self) -> Erased<R> {
        Erased::new(self.aws.clone())
    }

    pub fn identity<R: Resource<Clients = Aws>>(&self, it: &Specimen<R>) -> Identity {
        Identity {
            key: it.key.clone(),
            name: it.name.clone(),
            tags: self.environment.tags_for(&it.key, &it.name, 0),
            token: execute::token(&self.environment.id, &it.key, 0),
            environment: self.environment.clone(),
        }
    }

    /// Creates it, brings the later fields in line and waits until it can be used.
    pub async fn make<R: Resource<Clients = Aws>>(&self, it: &Specimen<R>) -> Physical {
        let (identity, kind) = (self.identity(it), self.kind::<R>());
        let created = patiently(async || it.spec.create(&self.aws, &identity).await).await.expect("created");
        let (key, name) = (it.key.clone(), it.name.clone());
        let mut made = Physical { key, name, id: created.id, outputs: created.outputs };
        let fields = diff::later_fields(&kind, &it.value());
        if !fields.is_empty() {
            self.change(it, &mut made, fields).await;
        }
        let ready = self.ready(it, &made).await;
        made.outputs.extend(ready);
        made
    }

    async fn ready<R: Resource<Clients = Aws>>(&self, it: &Specimen<R>, made: &Physical) -> Outputs {
        let deadline = tokio::time::Instant::now() + R::manner().create.deadline;
        loop {
            match patiently(async || it.spec.ready(&self.aws, made).await).await.expect("a look") {
                Readiness::Ready(outputs) => return outputs,
                Readiness::Failed(failure) => panic!("{}: {failure}", it.key),
                Readiness::Waiting(reason) => assert!(tokio::time::Instant::now() < deadline, "{}: {reason}", it.key),
            }
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    }

    /// Brings fields in line.
    pub async fn change<R: Resource<Clients = Aws>>(&self, it: &Specimen<R>, made: &mut Physical, fields: Vec<String>) {
        let changes = Changes { fields, tags: Tags::new() };
        let outputs = patiently(async || it.spec.update(&self.aws, made, &changes).await).await.expect("updated");
        made.outputs.extend(outputs);
    }

    /// What a plan would find of it, among others of its kind: with the recorded id, or by name and tags alone.
    pub async fn see<R: Resource<Clients = Aws>>(
        &self,
        it: &Specimen<R>,
        id: Option<&str>,
        sweep: bool,
    ) -> Vec<Sighting> {
        let search = crate::aws::tags::Search(self.aws.clone());
        let tagged = search.search(&self.environment.suffix).await.expect("the tag search");
        let targets = [it.target(id)];
        let suffix = &self.environment.suffix;
        let scope = Scope {
            suffix,
            environment_id: None,
            targets: &targets,
            tagged: &tagged,
            sweep,
            answers: &crate::engine::Answers::default(),
        };
        let found = R::find(&self.aws, &scope).await.expect("found");
        found.into_iter().filter(|seen| seen.key == it.key).collect()
    }

    /// What a plan would want to change, given what is seen: the names of the fields.
    pub fn differences<R: Resource<Clients = Aws>>(
        &self,
        it: &Specimen<R>,
        observed: &Map<String, Value>,
    ) -> Vec<String> {
        let wanted = it.value();
        let applied: Map<String, Value> = wanted
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !observed.contains_key(*name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let changes = diff::compare(&self.kind::<R>(), &wanted, observed, &Value::Object(applied));
        changes.into_iter().map(|change| change.field).collect()
    }

    /// Makes it and checks that it is found, with its tags and just as it was wanted, with and without its recorded id.
    pub async fn live<R: Resource<Clients = Aws>>(&self, it: &Specimen<R>) -> Physical {
        let made = self.make(it).await;
        settle().await;
        for id in [Some(made.id.as_str()), None] {
            let seen = self.see(it, id, false).await;
            let [seen] = seen.as_slice() else { panic!("{}: seen {} times", it.key, seen.len()) };
            assert_eq!((&seen.key, &seen.id, &seen.name), (&it.key, &made.id, &it.name));
            assert_eq!(seen.life, Life::Live);
            assert_eq!(self.differences(it, &seen.observed), Vec::<String>::new(), "{:?}", seen.observed);
            if let Some(tags) = &seen.tags {
                assert_eq!(*tags, self.identity(it).tags);
            }
            for (name, value) in &seen.outputs {
                assert_eq!(made.outputs.get(name), Some(value), "{} {name}", it.key);
            }
        }
        made
    }

    /// Deletes it, waits until it is gone, and checks that deleting again is no harm and that nothing is seen of it any more.
    pub async fn end<R: Resource<Clients = Aws>>(&self, it: &Specimen<R>, made: &Physical) -> Gone {
        patiently(async || R::delete(&self.aws, made).await).await.expect("deleted");
        let gone = loop {
            match patiently(async || R::gone(&self.aws, made).await).await.expect("a look") {
                Gone::NotYet(_) | Gone::Released(_) => tokio::time::sleep(std::time::Duration::from_secs(1)).await,
                gone => break gone,
            }
        };
        match R::delete(&self.aws, made).await {
            Err(failure) if failure.class != Class::Absent => panic!("{}: deleted again: {failure}", it.key),
            _ => {}
        }
        let left = self.see(it, Some(&made.id), true).await;
        assert!(left.iter().all(|seen| matches!(seen.life, Life::Doomed(_))), "{}: {left:?}", it.key);
        gone
    }
}

/// Repeats what fails with something that passes, for two minutes.
pub async fn patiently<T>(mut call: impl AsyncFnMut() -> Result<T, Failure>) -> Result<T, Failure> {
    for _ in 0..120 {
        match call().await {
            Err(failure) if failure.class.is_transient() => tokio::time::sleep(std::time::Duration::from_secs(1)).await,
            other => return other,
        }
    }
    call().await
}

/// Lets eventual consistency settle, that of the tag search too.
pub async fn settle() {
    tokio::time::sleep(std::time::Duration::from_secs(10)).await;
}

//! Kinds that do more, or less, than they should.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use platformctl::engine::{
    Answers, Changes, Class, Created, Failure, Field, Gone, Identity, Kind, Life, Manner, Outputs, Physical, Readiness,
    Repeat, Scope, Sighting, Tags, Target,
};
use serde_json::Value;

/// What a wrapped kind does differently. Everything that is not overridden is the kind's own.
#[async_trait]
pub trait Twist: Send + Sync {
    async fn find(&self, kind: &dyn Kind, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        kind.find(scope).await
    }

    async fn create(&self, kind: &dyn Kind, spec: &Value, identity: &Identity) -> Result<Created, Failure> {
        kind.create(spec, identity).await
    }

    async fn update(
        &self,
        kind: &dyn Kind,
        spec: &Value,
        it: &Physical,
        changes: &Changes,
    ) -> Result<Outputs, Failure> {
        kind.update(spec, it, changes).await
    }

    async fn tag(&self, kind: &dyn Kind, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        kind.tag(it, tags).await
    }

    async fn delete(&self, kind: &dyn Kind, it: &Physical) -> Result<(), Failure> {
        kind.delete(it).await
    }

    async fn ready(&self, kind: &dyn Kind, spec: &Value, it: &Physical) -> Result<Readiness, Failure> {
        kind.ready(spec, it).await
    }
}

/// A kind with a twist.
pub struct Twisted<T> {
    pub kind: Arc<dyn Kind>,
    pub twist: Arc<T>,
}

#[async_trait]
impl<T: Twist + 'static> Kind for Twisted<T> {
    fn name(&self) -> &'static str {
        self.kind.name()
    }

    fn manner(&self) -> Manner {
        self.kind.manner()
    }

    fn field(&self, name: &str) -> Field {
        self.kind.field(name)
    }

    fn actions(&self) -> &'static [&'static str] {
        self.kind.actions()
    }

    async fn find(&self, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        self.twist.find(self.kind.as_ref(), scope).await
    }

    async fn create(&self, spec: &Value, identity: &Identity) -> Result<Created, Failure> {
        self.twist.create(self.kind.as_ref(), spec, identity).await
    }

    async fn update(&self, spec: &Value, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        self.twist.update(self.kind.as_ref(), spec, it, changes).await
    }

    async fn tag(&self, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        self.twist.tag(self.kind.as_ref(), it, tags).await
    }

    async fn ready(&self, spec: &Value, it: &Physical) -> Result<Readiness, Failure> {
        self.twist.ready(self.kind.as_ref(), spec, it).await
    }

    async fn delete(&self, it: &Physical) -> Result<(), Failure> {
        self.twist.delete(self.kind.as_ref(), it).await
    }

    async fn gone(&self, it: &Physical) -> Result<Gone, Failure> {
        self.kind.gone(it).await
    }

    async fn blockers(&self, it: &Physical) -> Result<Vec<String>, Failure> {
        self.kind.blockers(it).await
    }
}

/// Does everything twice, and looks after each.
#[derive(Default)]
pub struct Twice {
    /// How often each kind was tried, by what was tried.
    pub tried: Mutex<BTreeMap<(&'static str, &'static str), usize>>,
    /// Second times that were not harmless.
    pub harm: Mutex<Vec<String>>,
}

impl Twice {
    fn note(&self, kind: &dyn Kind, what: &'static str, harm: Option<String>) {
        *self.tried.lock().expect("one thread").entry((kind.name(), what)).or_default() += 1;
        let harm = harm.map(|harm| format!("{} {what}: {harm}", kind.name()));
        self.harm.lock().expect("one thread").extend(harm);
    }

    /// How often each kind was done to twice in that way.
    pub fn kinds(&self, what: &str) -> Vec<&'static str> {
        let tried = self.tried.lock().expect("one thread");
        tried.keys().filter(|(_, done)| *done == what).map(|(kind, _)| *kind).collect()
    }
}

/// Looks for one resource by its id and name, for a while; `wanted` decides.
async fn look(
    kind: &dyn Kind,
    target: Target,
    environment: (&str, &str),
    wanted: impl Fn(&[Sighting]) -> bool,
) -> Result<(), String> {
    let targets = [target];
    for _ in 0..20 {
        // Each look asks anew.
        let answers = Answers::default();
        let scope = Scope {
            suffix: environment.0,
            environment_id: Some(environment.1),
            targets: &targets,
            tagged: &[],
            sweep: false,
            answers: &answers,
        };
        let found = kind.find(&scope).await.map_err(|failure| format!("can't be looked for: {failure}"))?;
        // Earlier revisions are kept, and are seen as such.
        let is_it = |seen: &Sighting| seen.key == targets[0].key && !matches!(seen.life, Life::Kept(_));
        let found: Vec<Sighting> = found.into_iter().filter(is_it).collect();
        if wanted(&found) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    Err("the look after it does not show it".to_owned())
}

#[async_trait]
impl Twist for Twice {
    async fn create(&self, kind: &dyn Kind, spec: &Value, identity: &Identity) -> Result<Created, Failure> {
        let first = kind.create(spec, identity).await?;
        if kind.manner().repeat == Repeat::Safe {
            let harm = match kind.create(spec, identity).await {
                Ok(second) if second.id == first.id => None,
                Ok(second) => Some(format!("made {} and then {}", first.id, second.id)),
                Err(failure) if failure.class == Class::Exists => None,
                // AWS may say that it is not everywhere yet, and so must the engine take it.
                Err(failure) if failure.class.is_transient() => None,
                Err(failure) => Some(failure.to_string()),
            };
            self.note(kind, "create", harm);
        }
        let mut spec = spec.clone();
        if kind.name() == "task-definition" {
            // The revision itself, and not the one that its service still runs.
            spec["service"] = Value::Null;
        }
        let target = Target {
            key: identity.key.clone(),
            name: identity.name.clone(),
            id: Some(first.id.clone()),
            recorded: first.outputs.clone(),
            spec,
        };
        let environment = (identity.environment.suffix.as_str(), identity.environment.id.as_str());
        let once = |found: &[Sighting]| found.len() == 1 && found[0].id == first.id;
        self.note(kind, "find", look(kind, target, environment, once).await.err());
        Ok(first)
    }

    async fn update(
        &self,
        kind: &dyn Kind,
        spec: &Value,
        it: &Physical,
        changes: &Changes,
    ) -> Result<Outputs, Failure> {
        let first = kind.update(spec, it, changes).await?;
        let harm = match kind.update(spec, it, changes).await {
            Err(failure) if !failure.class.is_transient() => Some(failure.to_string()),
            _ => None,
        };
        self.note(kind, "update", harm);
        Ok(first)
    }

    async fn tag(&self, kind: &dyn Kind, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        kind.tag(it, tags).await?;
        let harm = kind.tag(it, tags).await.err().filter(|failure| !failure.class.is_transient());
        self.note(kind, "tag", harm.map(|failure| failure.to_string()));
        Ok(())
    }

    async fn delete(&self, kind: &dyn Kind, it: &Physical) -> Result<(), Failure> {
        kind.delete(it).await?;
        let harm = match kind.delete(it).await {
            Ok(()) => None,
            Err(failure) if failure.class == Class::Absent || failure.class.is_transient() => None,
            Err(failure) => Some(failure.to_string()),
        };
        self.note(kind, "delete", harm);
        Ok(())
    }
}

/// A bug on purpose: what is not recorded is never found, so nothing is adopted.
pub struct NeverAdopts;

#[async_trait]
impl Twist for NeverAdopts {
    async fn find(&self, kind: &dyn Kind, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        let found = kind.find(scope).await?;
        let is_known = |seen: &Sighting| scope.targets.iter().any(|target| target.id.as_deref() == Some(&seen.id));
        Ok(found.into_iter().filter(is_known).collect())
    }
}

/// A bug on purpose: a lost answer is taken for a refusal, and the create is sent again.
pub struct RepeatsBlindly;

#[async_trait]
impl Twist for RepeatsBlindly {
    async fn create(&self, kind: &dyn Kind, spec: &Value, identity: &Identity) -> Result<Created, Failure> {
        kind.create(spec, identity).await.map_err(|failure| match failure.class {
            Class::Unavailable => Failure { class: Class::Throttled, ..failure },
            _ => failure,
        })
    }
}

/// A bug on purpose: everything counts as usable as soon as it is asked for.
pub struct NeverWaits;

#[async_trait]
impl Twist for NeverWaits {
    async fn ready(&self, kind: &dyn Kind, spec: &Value, it: &Physical) -> Result<Readiness, Failure> {
        Ok(match kind.ready(spec, it).await? {
            Readiness::Waiting(_) => Readiness::Ready(it.outputs.clone()),
            other => other,
        })
    }
}

//! Kinds without their type: what the engine works with.

use std::{collections::BTreeMap, marker::PhantomData, sync::Arc};

use async_trait::async_trait;
use serde_json::Value;

use super::{
    Changes, Created, Failure, Field, Gone, Identity, Manner, Outputs, Physical, Readiness, Resource, Scope, Sighting,
    Tagged, Tags,
};

/// [`Resource`] with the specification as JSON and the clients inside.
#[async_trait]
#[expect(missing_docs, reason = "each method is that of `Resource`")]
pub trait Kind: Send + Sync {
    fn name(&self) -> &'static str;
    fn manner(&self) -> Manner;
    fn field(&self, name: &str) -> Field;
    fn actions(&self) -> &'static [&'static str];
    async fn find(&self, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure>;
    async fn create(&self, spec: &Value, identity: &Identity) -> Result<Created, Failure>;
    async fn update(&self, spec: &Value, it: &Physical, changes: &Changes) -> Result<Outputs, Failure>;
    async fn tag(&self, it: &Physical, tags: &Tags) -> Result<(), Failure>;
    async fn ready(&self, spec: &Value, it: &Physical) -> Result<Readiness, Failure>;
    async fn delete(&self, it: &Physical) -> Result<(), Failure>;
    async fn gone(&self, it: &Physical) -> Result<Gone, Failure>;
    async fn blockers(&self, it: &Physical) -> Result<Vec<String>, Failure>;
}

/// A [`Resource`] as a [`Kind`].
pub struct Erased<R: Resource> {
    clients: Arc<R::Clients>,
    marker: PhantomData<fn() -> R>,
}

impl<R: Resource> Erased<R> {
    /// Binds the kind to the clients that its calls are made with.
    pub fn new(clients: Arc<R::Clients>) -> Self {
        Erased { clients, marker: PhantomData }
    }

    fn read(spec: &Value) -> Result<R, Failure> {
        R::deserialize(spec).map_err(|error| Failure::internal(format!("the specification of a {}: {error}", R::KIND)))
    }
}

#[async_trait]
impl<R: Resource> Kind for Erased<R> {
    fn name(&self) -> &'static str {
        R::KIND
    }

    fn manner(&self) -> Manner {
        R::manner()
    }

    fn field(&self, name: &str) -> Field {
        R::field(name)
    }

    fn actions(&self) -> &'static [&'static str] {
        R::actions()
    }

    async fn find(&self, scope: &Scope<'_>) -> Result<Vec<Sighting>, Failure> {
        R::find(&self.clients, scope).await
    }

    async fn create(&self, spec: &Value, identity: &Identity) -> Result<Created, Failure> {
        Self::read(spec)?.create(&self.clients, identity).await
    }

    async fn update(&self, spec: &Value, it: &Physical, changes: &Changes) -> Result<Outputs, Failure> {
        Self::read(spec)?.update(&self.clients, it, changes).await
    }

    async fn tag(&self, it: &Physical, tags: &Tags) -> Result<(), Failure> {
        R::tag(&self.clients, it, tags).await
    }

    async fn ready(&self, spec: &Value, it: &Physical) -> Result<Readiness, Failure> {
        Self::read(spec)?.ready(&self.clients, it).await
    }

    async fn delete(&self, it: &Physical) -> Result<(), Failure> {
        R::delete(&self.clients, it).await
    }

    async fn gone(&self, it: &Physical) -> Result<Gone, Failure> {
        R::gone(&self.clients, it).await
    }

    async fn blockers(&self, it: &Physical) -> Result<Vec<String>, Failure> {
        R::blockers(&self.clients, it).await
    }
}

/// The tag search over all kinds: where an environment's things are when nothing else is known.
#[async_trait]
pub trait TagSearch: Send + Sync {
    /// Everything that is tagged `Environment=suffix` and carries a platformctl key; may lag, and may list the dead.
    async fn search(&self, suffix: &str) -> Result<Vec<Tagged>, Failure>;
}

/// All kinds that the tool knows, by name, in the order in which a person would read them.
pub struct Kinds {
    kinds: BTreeMap<&'static str, Arc<dyn Kind>>,
    search: Arc<dyn TagSearch>,
}

impl Kinds {
    /// No kinds yet.
    pub fn new(search: Arc<dyn TagSearch>) -> Self {
        Kinds { kinds: BTreeMap::new(), search }
    }

    /// Adds a kind.
    pub fn add<R: Resource>(&mut self, clients: &Arc<R::Clients>) {
        self.kinds.insert(R::KIND, Arc::new(Erased::<R>::new(clients.clone())));
    }

    /// The same kinds, each inside another: for tests that do things twice, or wrongly.
    pub fn wrapped(self, wrap: impl Fn(Arc<dyn Kind>) -> Arc<dyn Kind>) -> Self {
        let kinds = self.kinds.into_iter().map(|(name, kind)| (name, wrap(kind))).collect();
        Kinds { kinds, ..self }
    }

    /// The kind of that name.
    ///
    /// # Errors
    /// A failure of the tool itself where the state or the blueprint names a kind that this version doesn't know.
    pub fn get(&self, name: &str) -> Result<&Arc<dyn Kind>, Failure> {
        self.kinds.get(name).ok_or_else(|| {
            Failure::internal(format!("this version of platformctl does not know the kind '{name}'"))
                .remedy("use the version that wrote the state")
        })
    }

    /// All kinds.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Kind>> {
        self.kinds.values()
    }

    /// The tag search.
    pub fn search(&self) -> &dyn TagSearch {
        self.search.as_ref()
    }
}

//! Which handler answers which operation.

use std::any::Any;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use aws_smithy_runtime_api::client::interceptors::context::{Error, Input, Output, OutputOrError};
use aws_smithy_runtime_api::client::orchestrator::OrchestratorError;
use aws_smithy_runtime_api::client::result::CreateUnhandledError;

use super::call::Call;
use super::error::ApiError;
use super::throttle::Limits;

/// A service as a whole.
#[derive(Debug)]
pub struct Service {
    /// Short name, as in ARNs and endpoints: `ec2`.
    pub name: &'static str,
    /// The SDK's service id: `EC2`, `Elastic Load Balancing v2`.
    pub sdk_id: &'static str,
    /// Its call-rate limits.
    pub limits: Limits,
}

/// An operation's input, kept while its call is under way.
pub type Kept = Arc<dyn Any + Send + Sync>;

type Keep = Box<dyn Fn(&mut Input) -> Option<Kept> + Send + Sync>;
type Show = Box<dyn Fn(&Kept) -> String + Send + Sync>;
type Handle = Box<dyn Fn(&mut Call<'_>, &Kept) -> Result<Output, ApiError> + Send + Sync>;

/// One operation.
pub struct Operation {
    /// The service it belongs to.
    pub service: &'static Service,
    /// Its name: `CreateVpc`.
    pub name: &'static str,
    /// Whether it changes anything.
    pub mutating: bool,
    keep: Keep,
    show: Show,
    handle: Handle,
    refuse: fn(ApiError, &str) -> Error,
}

impl Operation {
    /// Keeps a copy of the input; `None` if it is not the input of this operation.
    pub(super) fn keep(&self, input: &mut Input) -> Option<Kept> {
        (self.keep)(input)
    }

    /// The debug form of what was kept.
    pub(super) fn show(&self, input: &Kept) -> String {
        (self.show)(input)
    }

    /// Runs the handler.
    pub(super) fn handle(&self, call: &mut Call<'_>, input: &Kept) -> Result<Output, ApiError> {
        (self.handle)(call, input)
    }

    /// The handler's result as the SDK's orchestrator holds it.
    pub(super) fn answer(&self, result: Result<Output, ApiError>, request_id: &str) -> OutputOrError {
        result.map_err(|error| OrchestratorError::operation((self.refuse)(error, request_id)))
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.service.name, self.name)
    }
}

/// A hook that runs before each call.
pub type Advance = fn(&mut Call<'_>);

/// All operations that the simulation knows.
#[derive(Default)]
pub struct Registry {
    operations: HashMap<(&'static str, &'static str), Arc<Operation>>,
    advance: Vec<Advance>,
}

impl Registry {
    /// Adds an operation. Prefer `operations!`, which reads the name off the error type.
    pub fn add<I, O, E>(
        &mut self,
        service: &'static Service,
        name: &'static str,
        handler: fn(&mut Call<'_>, &I) -> Result<O, ApiError>,
    ) where
        I: Clone + fmt::Debug + Send + Sync + 'static,
        O: fmt::Debug + Send + Sync + 'static,
        E: std::error::Error + CreateUnhandledError + Send + Sync + 'static,
    {
        self.add_with::<I, I, O, E>(service, name, |input| input.clone(), handler);
    }

    /// Adds an operation whose input cannot be cloned: `keep` takes from it what the handler needs.
    pub fn add_with<I, K, O, E>(
        &mut self,
        service: &'static Service,
        name: &'static str,
        keep: fn(&mut I) -> K,
        handler: fn(&mut Call<'_>, &K) -> Result<O, ApiError>,
    ) where
        I: fmt::Debug + Send + Sync + 'static,
        K: fmt::Debug + Send + Sync + 'static,
        O: fmt::Debug + Send + Sync + 'static,
        E: std::error::Error + CreateUnhandledError + Send + Sync + 'static,
    {
        let operation = Operation {
            service,
            name,
            mutating: is_mutating(name),
            keep: Box::new(move |input| input.downcast_mut::<I>().map(|input| Arc::new(keep(input)) as Kept)),
            show: Box::new(|kept| kept.downcast_ref::<K>().map_or_else(String::new, |input| format!("{input:?}"))),
            handle: Box::new(move |call, kept| {
                let input = kept.downcast_ref::<K>().expect("the same operation kept it");
                handler(call, input).map(Output::erase)
            }),
            refuse: |error, request_id| Error::erase(error.into_operation_error::<E>(request_id)),
        };
        self.operations.insert((service.sdk_id, name), Arc::new(operation));
    }

    /// Runs `advance` before each call, so that what is due by now has happened. It must not touch (borrow mutably) a
    /// state in which nothing is due.
    pub fn before_each_call(&mut self, advance: Advance) {
        self.advance.push(advance);
    }

    /// The operation of that name.
    pub(super) fn find(&self, sdk_id: &str, name: &str) -> Option<Arc<Operation>> {
        self.operations.get(&(sdk_id, name)).cloned()
    }

    /// Lets happen what is due.
    pub(super) fn advance(&self, call: &mut Call<'_>) {
        self.advance.iter().for_each(|advance| advance(call));
    }
}

/// AWS names its operations by what they do; these only look.
fn is_mutating(operation: &str) -> bool {
    const READING: [&str; 10] =
        ["Describe", "List", "Get", "Head", "BatchGet", "Query", "Scan", "Simulate", "Filter", "DiscoverInstances"];
    !READING.iter().any(|verb| operation.starts_with(verb))
}

/// Registers operations of one service: `module::OperationError => handler` each.
macro_rules! operations {
    ($registry:expr, $service:expr, $sdk:ident, { $($module:ident :: $error:ident => $handler:expr,)* }) => {
        $($registry.add::<_, _, $sdk::operation::$module::$error>(
            $service,
            stringify!($error).strip_suffix("Error").unwrap_or(stringify!($error)),
            $handler,
        );)*
    };
}
pub(super) use operations;

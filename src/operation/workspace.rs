//! What a run works on.

use std::{path::Path, sync::Arc};

use super::OperationError;
use crate::{
    aws::{self, Aws, Connection},
    config::{Config, EnvSuffix},
    engine::{Kinds, Tags, retry::Jitter},
    state::{Loaded, Store},
};

/// Configuration, account and state of one environment.
pub struct Workspace {
    /// The configuration.
    pub config: Config,
    /// The environment's suffix.
    pub suffix: EnvSuffix,
    /// The clients.
    pub aws: Arc<Aws>,
    /// All kinds.
    pub kinds: Kinds,
    /// Where the state is.
    pub store: Store,
    /// Randomness for pauses.
    pub jitter: Jitter,
}

impl Workspace {
    /// Connects to the account. The only call is `sts:GetCallerIdentity`.
    ///
    /// # Errors
    /// Names that would exceed AWS's limits, or no usable credentials.
    pub async fn open(
        config: Config,
        suffix: EnvSuffix,
        connection: &Connection,
        state: &Path,
    ) -> Result<Self, OperationError> {
        config.check_names(&suffix)?;
        let aws = Aws::connect(connection).await?;
        let kinds = aws::kinds(&aws);
        let store = Store::new(state, suffix.as_str());
        Ok(Workspace { config, suffix, kinds, store, jitter: Jitter::seeded(rand::random()), aws })
    }

    /// Reads the state; `None` where there is none.
    ///
    /// # Errors
    /// Where it can't be used for this environment and account.
    pub fn load(&self) -> Result<Option<Loaded>, OperationError> {
        Ok(self.store.load(self.suffix.as_str(), &self.aws.account, &self.aws.region)?)
    }

    /// The tags that the configuration puts on everything.
    pub fn tags(&self) -> Tags {
        tags(&self.config)
    }
}

/// The tags that a configuration puts on everything.
pub(super) fn tags(config: &Config) -> Tags {
    let platform = &config.platform;
    Tags::from([("Team".to_owned(), platform.team.clone()), ("CostCenter".to_owned(), platform.cost_center.clone())])
}

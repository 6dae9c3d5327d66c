//! The cluster that all services run in.

use super::{Draft, Encryption};
use crate::{
    aws::{
        ecs::{Cluster, Share},
        logs::{self, LogGroup},
    },
    config::ContainerInsights,
    engine::{Chapter, Handle},
};

/// Adds the cluster, and the log groups of the sessions that people open in its tasks and of Container Insights.
pub fn add(draft: &mut Draft<'_>, encryption: &Encryption) -> Handle<Cluster> {
    let log = LogGroup { retention_days: draft.config.observability.log_retention_days, key: encryption.key.arn() };
    let name = sessions_log(draft.suffix.as_str());
    let sessions = draft.blueprint.add(Chapter::Cluster, "sessions", name, log.clone());
    let has_insights = draft.config.cluster.container_insights != ContainerInsights::Disabled;
    let insights_log = has_insights.then(|| {
        let name = logs::insights_name(&draft.name(&["cluster"]));
        draft.blueprint.add(Chapter::Cluster, "container-insights", name, log).name()
    });
    let cluster = Cluster {
        container_insights: insights(draft.config.cluster.container_insights).to_owned(),
        capacity_providers: vec!["FARGATE".to_owned(), "FARGATE_SPOT".to_owned()],
        default_strategy: Share::spot(draft.config.cluster.on_demand_base),
        session_log: sessions.name(),
        session_key: encryption.key.arn(),
        insights_log,
    };
    draft.add(Chapter::Cluster, "main", &["cluster"], cluster)
}

/// The log group of the sessions.
pub fn sessions_log(suffix: &str) -> String {
    format!("{}sessions", logs::prefix(suffix))
}

/// The configuration's words are the API's.
fn insights(setting: ContainerInsights) -> &'static str {
    let named = ContainerInsights::NAMES.iter().find(|(_, one)| *one == setting);
    named.map_or("disabled", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_those_of_the_api() {
        assert_eq!(insights(ContainerInsights::Enhanced), "enhanced");
        assert_eq!(insights(ContainerInsights::Disabled), "disabled");
    }
}

//! After a deployment, also one that was cut off: the way to deploy is what the configuration says, and the state knows what serves.

use super::{DeployEvent, DeployObserver, record, settings};
use crate::{
    aws::deploy::{Revision, Service, change},
    engine::survey::persist,
    operation::Workspace,
};

/// What was set for one deployment goes back to what the configuration says. That starts no deployment. Whoever set it may have been killed, so what
/// ECS has is what counts.
pub async fn restore(workspace: &Workspace, name: &str, service: &Service, observer: &dyn DeployObserver) {
    let Some(configured) = workspace.config.services.get(name) else { return };
    let rollout = settings::configured(configured, &service.alarms);
    if service.configuration.as_ref().is_some_and(|had| rollout.is_set_in(had)) {
        return;
    }
    let Ok(configuration) = rollout.configuration() else { return };
    let set = || change::configure(&workspace.aws, service, configuration.clone());
    if let Err(failure) = persist(&workspace.jitter, set).await {
        let text = format!("the way to deploy could not be set back ({failure}): platformctl up does it");
        observer.tell(&DeployEvent::Acted { service: name.to_owned(), text });
    }
}

/// What was asked for runs already, perhaps by a call that was killed before it had tidied up.
pub async fn settle(
    workspace: &Workspace,
    name: &str,
    service: &Service,
    revision: &Revision,
    observer: &dyn DeployObserver,
) {
    restore(workspace, name, service, observer).await;
    record::record(workspace, name, revision);
}

//! Where the services of an environment are: by name, so that no state is needed.

use std::collections::BTreeMap;

use crate::{
    aws::deploy::{Service, service},
    config::nearest,
    engine::{Class, Failure, survey::persist},
    operation::Workspace,
};

/// The services of an environment on AWS.
#[derive(Clone, Debug)]
pub struct Place {
    /// The cluster's name.
    pub cluster: String,
    suffix: String,
}

impl Place {
    /// That of a workspace.
    pub fn of(workspace: &Workspace) -> Self {
        Place { cluster: format!("cluster-{}", workspace.suffix), suffix: workspace.suffix.to_string() }
    }

    /// The physical name of a service.
    pub fn service(&self, name: &str) -> String {
        format!("service-{name}-{}", self.suffix)
    }

    /// The family of a service's task definition.
    pub fn family(&self, name: &str) -> String {
        format!("task-{name}-{}", self.suffix)
    }

    /// The name of a service's own repository.
    pub fn repository(&self, name: &str) -> String {
        format!("ecr-{name}-{}", self.suffix)
    }

    /// `blue` or `green`, by the name of a target group; `None` for one that is neither.
    pub fn color(group: &str) -> Option<&'static str> {
        let name = group.rsplit(":targetgroup/").next()?.split('/').next()?;
        // The last one, so that a service called `blue-chip` confuses nobody.
        name.rsplit('-').find_map(|part| ["blue", "green"].into_iter().find(|color| *color == part))
    }
}

/// Looks at services by their names in the configuration.
///
/// # Errors
/// A name that the configuration doesn't know, a service that isn't there, or a call's own failure.
pub async fn find(
    workspace: &Workspace,
    place: &Place,
    names: &[String],
) -> Result<BTreeMap<String, Service>, Failure> {
    for name in names {
        if !workspace.config.services.contains_key(name) {
            let others = workspace.config.services.keys().map(String::as_str);
            let meant = nearest(name, others).map(|meant| format!("did you mean {meant}?"));
            let all = workspace.config.services.keys().cloned().collect::<Vec<_>>().join(", ");
            let message = format!("the configuration has no service '{name}'");
            return Err(Failure::new(Class::Invalid, message)
                .remedy(meant.unwrap_or_else(|| format!("its services are {all}"))));
        }
    }
    let physical: Vec<String> = names.iter().map(|name| place.service(name)).collect();
    let look = || service::look(&workspace.aws, &place.cluster, &physical);
    let mut found = persist(&workspace.jitter, look).await?;
    let mut services = BTreeMap::new();
    for name in names {
        let Some(service) = found.remove(&place.service(name)) else {
            let message = format!(
                "environment '{}' has no ECS service {} in account {}, {}",
                workspace.suffix,
                place.service(name),
                workspace.aws.account,
                workspace.aws.region
            );
            return Err(Failure::new(Class::Invalid, message)
                .remedy(format!("bring it up first: platformctl up --env-suffix {}", workspace.suffix)));
        };
        services.insert(name.clone(), service);
    }
    Ok(services)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_read_off_the_names_of_target_groups() {
        let arn = |name: &str| {
            format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/0123456789abcdef")
        };
        assert_eq!(Place::color(&arn("tg-payments-blue-dev")), Some("blue"));
        assert_eq!(Place::color(&arn("tg-blue-chip-green-dev")), Some("green"));
        assert_eq!(Place::color(&arn("web")), None);
    }
}

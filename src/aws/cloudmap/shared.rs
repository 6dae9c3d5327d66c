//! What namespaces and services have in common.

use std::sync::Arc;

use aws_sdk_servicediscovery::types::{FilterCondition, ServiceFilter, ServiceFilterName, ServiceSummary};
use aws_smithy_types::error::operation::BuildError;

use crate::{
    aws::{Answer, Aws, tags},
    engine::{Failure, Outputs, Scope, Tags},
};

/// The builders complain about fields that are missing, and none of ours is.
pub(super) fn built<T>(result: Result<T, BuildError>) -> Result<T, Failure> {
    result.map_err(|error| Failure::internal(error.to_string()))
}

/// The outputs of both kinds.
pub(super) fn outputs(id: Option<&str>, arn: Option<&str>, name: &str) -> Outputs {
    let known = [("id", id), ("arn", arn), ("name", Some(name))];
    known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned()))).collect()
}

/// The tags of either.
pub(super) async fn read_tags(aws: &Aws, arn: &str) -> Result<Tags, Failure> {
    let call = aws.cloudmap.list_tags_for_resource().resource_arn(arn);
    let answer = call.send().await.of("servicediscovery:ListTagsForResource")?;
    Ok(tags::collect(answer.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value())))))
}

/// The services of a namespace: one answer for the looks at the namespace and at its services.
pub(super) async fn services_of(
    aws: &Aws,
    scope: &Scope<'_>,
    namespace: &str,
) -> Result<Arc<Vec<ServiceSummary>>, Failure> {
    let question = format!("servicediscovery:ListServices {namespace}");
    scope.answers.once(&question, || services(aws, namespace)).await
}

/// The services of a namespace.
pub(super) async fn services(aws: &Aws, namespace: &str) -> Result<Vec<ServiceSummary>, Failure> {
    let filter = ServiceFilter::builder()
        .name(ServiceFilterName::NamespaceId)
        .condition(FilterCondition::Eq)
        .values(namespace)
        .build();
    let mut pages = aws.cloudmap.list_services().filters(built(filter)?).max_results(100).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(page.of("servicediscovery:ListServices")?.services.unwrap_or_default());
    }
    Ok(found)
}

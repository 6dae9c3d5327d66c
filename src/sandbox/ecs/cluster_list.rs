//! The list of clusters.

use aws_sdk_ecs::operation::list_clusters::{ListClustersInput, ListClustersOutput};

use super::task_definition_lists::page;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;

/// ECS API reference, ListClusters: 100 a page at most, which is also the default.
pub(super) fn list(call: &mut Call<'_>, input: &ListClustersInput) -> Result<ListClustersOutput, ApiError> {
    let living = call.world.ecs.clusters.values().filter(|cluster| cluster.deleted_at.is_none());
    let arns = living.map(|cluster| cluster.arn.clone()).collect();
    let (arns, token) = page(arns, input.max_results(), input.next_token())?;
    Ok(ListClustersOutput::builder().set_cluster_arns(Some(arns)).set_next_token(token).build())
}

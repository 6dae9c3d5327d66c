//! Dashboards.

use aws_sdk_cloudwatch::operation::delete_dashboards::{DeleteDashboardsInput, DeleteDashboardsOutput};
use aws_sdk_cloudwatch::operation::get_dashboard::{GetDashboardInput, GetDashboardOutput};
use aws_sdk_cloudwatch::operation::list_dashboards::{ListDashboardsInput, ListDashboardsOutput};
use aws_sdk_cloudwatch::operation::put_dashboard::{PutDashboardInput, PutDashboardOutput};
use aws_sdk_cloudwatch::types::DashboardEntry;

use super::state::Dashboard;
use super::{dashboard_rules, tags};
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::paging;
use crate::sandbox::world::Tags;

/// CloudWatch API reference, ListDashboards.
const PAGE: usize = 1000;

fn not_found(name: &str) -> ApiError {
    ApiError::new("ResourceNotFound", format!("Dashboard {name} does not exist")).with_status(404)
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterInput", message)
}

/// CloudWatch API reference, PutDashboard: an existing one loses its body and keeps its tags.
pub(super) fn put(call: &mut Call<'_>, input: &PutDashboardInput) -> Result<PutDashboardOutput, ApiError> {
    let (name, body) = (input.dashboard_name().unwrap_or_default(), input.dashboard_body().unwrap_or_default());
    dashboard_rules::check_name(name).map_err(invalid)?;
    dashboard_rules::check_body(body).map_err(invalid)?;
    let given = tags::merged(&Tags::new(), input.tags())?;
    // Dashboards are global (Service Authorization Reference, "Amazon CloudWatch").
    let (arn, now) = (format!("arn:aws:cloudwatch::{}:dashboard/{name}", call.account()), call.now);
    let (name, body) = (name.to_owned(), body.to_owned());
    let dashboards = &mut call.world.cloudwatch.dashboards;
    match dashboards.get_mut(&name) {
        Some(dashboard) => (dashboard.body, dashboard.updated_at) = (body, now),
        None => {
            let made = Dashboard { name: name.clone(), arn, body, created_at: now, updated_at: now, tags: given };
            dashboards.insert(name, made);
        }
    }
    Ok(PutDashboardOutput::builder().build())
}

/// CloudWatch API reference, GetDashboard.
pub(super) fn get(call: &mut Call<'_>, input: &GetDashboardInput) -> Result<GetDashboardOutput, ApiError> {
    let name = input.dashboard_name().unwrap_or_default();
    let it = call.world.cloudwatch.dashboards.get(name).filter(|it| call.visible(it.created_at));
    let it = it.ok_or_else(|| not_found(name))?;
    Ok(GetDashboardOutput::builder().dashboard_arn(&it.arn).dashboard_name(name).dashboard_body(&it.body).build())
}

/// CloudWatch API reference, ListDashboards.
pub(super) fn list(call: &mut Call<'_>, input: &ListDashboardsInput) -> Result<ListDashboardsOutput, ApiError> {
    let entry = |it: &Dashboard| {
        DashboardEntry::builder()
            .dashboard_name(&it.name)
            .dashboard_arn(&it.arn)
            .last_modified(it.updated_at.datetime())
            .size(i64::try_from(it.body.len()).unwrap_or(i64::MAX))
            .build()
    };
    let prefix = input.dashboard_name_prefix().unwrap_or_default();
    let listed = call
        .world
        .cloudwatch
        .dashboards
        .values()
        .filter(|it| it.name.starts_with(prefix) && call.visible(it.created_at));
    let page = paging::page(listed.map(entry).collect(), PAGE, input.next_token());
    let (entries, token) = page.ok_or_else(|| ApiError::new("InvalidParameterValue", "The next token is invalid."))?;
    Ok(ListDashboardsOutput::builder().set_dashboard_entries(Some(entries)).set_next_token(token).build())
}

/// CloudWatch API reference, DeleteDashboards: all of them, or none.
pub(super) fn delete(call: &mut Call<'_>, input: &DeleteDashboardsInput) -> Result<DeleteDashboardsOutput, ApiError> {
    let names = input.dashboard_names();
    if !(1..=100).contains(&names.len()) {
        return Err(ApiError::new("InvalidParameterValue", "DashboardNames must hold 1 to 100 names"));
    }
    if let Some(name) = names.iter().find(|name| !call.world.cloudwatch.dashboards.contains_key(*name)) {
        return Err(not_found(name));
    }
    call.world.cloudwatch.dashboards.retain(|name, _| !names.contains(name));
    Ok(DeleteDashboardsOutput::builder().build())
}

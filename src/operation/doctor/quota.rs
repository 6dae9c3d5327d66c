//! Quotas of which an environment needs a part that doesn't grow with its services.

use super::{Check, account::unknown};
use crate::{
    aws::look::{
        quotas::{self, Quota},
        usage,
    },
    config::NatMode,
    engine::{Book, Failure, survey::persist},
    operation::Workspace,
};

/// Checks all of them.
pub async fn all(workspace: &Workspace, book: &Book) -> Vec<Check> {
    let (aws, jitter) = (&workspace.aws, &workspace.jitter);
    let missing =
        |kind: &str, wanted: usize| wanted.saturating_sub(book.records.keys().filter(|key| key.kind() == kind).count());
    let addresses = match workspace.config.network.nat {
        NatMode::PerZone => 3,
        NatMode::Single => 1,
    };
    let (addresses_used, vpcs, gateways, balancers) = futures::join!(
        persist(jitter, || usage::elastic_ips(aws)),
        persist(jitter, || usage::vpcs(aws)),
        persist(jitter, || usage::internet_gateways(aws)),
        persist(jitter, || usage::load_balancers(aws)),
    );
    let (addresses, vpcs, gateways, balancers) = futures::join!(
        check(workspace, quotas::ELASTIC_IPS, missing("elastic-ip", addresses), addresses_used),
        check(workspace, quotas::VPCS, missing("vpc", 1), vpcs),
        check(workspace, quotas::INTERNET_GATEWAYS, missing("internet-gateway", 1), gateways),
        check(workspace, quotas::LOAD_BALANCERS, missing("load-balancer", 1), balancers),
    );
    let mut checks = vec![addresses, vpcs, gateways, balancers];
    if workspace.config.network.nat == NatMode::PerZone {
        advise_single_nat(&mut checks[0]);
    }
    checks
}

/// Where addresses are short, two can be saved.
fn advise_single_nat(check: &mut Check) {
    if let Some(remedy) = &mut check.remedy {
        remedy.push_str(", or set network.nat to \"single\", which takes one address");
    }
}

async fn check(workspace: &Workspace, quota: Quota, needed: usize, used: Result<usize, Failure>) -> Check {
    let value = persist(&workspace.jitter, || quotas::value(&workspace.aws, quota)).await;
    match (value, used) {
        (Ok(value), Ok(used)) => judge(quota, needed, used, value),
        (Err(failure), _) | (_, Err(failure)) => unknown(quota.name, &failure),
    }
}

#[expect(clippy::cast_precision_loss, reason = "nobody has that many resources")]
fn judge(quota: Quota, needed: usize, used: usize, value: f64) -> Check {
    let free = (value - used as f64).max(0.0);
    let detail = format!("{needed} needed, {free} of {value} free");
    if needed as f64 <= free { Check::ok(quota.name, detail) } else { Check::failed(quota.name, detail, raise(quota)) }
}

/// How a quota is raised.
pub fn raise(quota: Quota) -> String {
    format!("release what is not needed, or ask Service Quotas for more ({} {})", quota.service, quota.code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Verdict;

    #[test]
    fn just_enough_is_enough() {
        let verdict = |needed, used| judge(quotas::ELASTIC_IPS, needed, used, 5.0).verdict;
        assert_eq!((verdict(3, 2), verdict(3, 3)), (Verdict::Ok, Verdict::Failed));
        // More than allowed is in use: a quota can be lowered.
        assert_eq!((verdict(0, 7), verdict(1, 7)), (Verdict::Ok, Verdict::Failed));
    }
}

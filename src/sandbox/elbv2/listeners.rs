//! Listeners.

use aws_sdk_elasticloadbalancingv2::operation::create_listener::{CreateListenerInput, CreateListenerOutput};
use aws_sdk_elasticloadbalancingv2::operation::delete_listener::{DeleteListenerInput, DeleteListenerOutput};
use aws_sdk_elasticloadbalancingv2::operation::describe_listeners::{DescribeListenersInput, DescribeListenersOutput};
use aws_sdk_elasticloadbalancingv2::operation::modify_listener::{ModifyListenerInput, ModifyListenerOutput};
use aws_sdk_elasticloadbalancingv2::types::{Certificate, Listener as Described, ProtocolEnum};

use super::actions::{self, check_groups};
use super::service::{invalid, page};
use super::state::Listener;
use super::tags;
use crate::sandbox::call::Call;
use crate::sandbox::error::ApiError;
use crate::sandbox::world::Tags;

/// Listeners of one load balancer (user guide, "Quotas for your Application Load Balancers").
const MOST: usize = 50;

fn absent(arn: &str) -> ApiError {
    ApiError::new("ListenerNotFound", format!("Listener '{arn}' not found"))
}

/// HTTPS needs a certificate and a policy; HTTP takes neither (API reference, CreateListener).
fn check(it: &Listener) -> Result<(), ApiError> {
    match it.protocol.as_str() {
        // The words: github.com/pulumi/pulumi/issues/15712, github.com/cloudposse/terraform-aws-elastic-beanstalk-environment/issues/81.
        "HTTPS" if it.certificate.is_none() => Err(invalid("A certificate must be specified for HTTPS listeners")),
        "HTTPS" if it.ssl_policy.is_none() => Err(invalid("An SSL policy must be specified for HTTPS listeners")),
        "HTTPS" if !it.ssl_policy.as_deref().is_some_and(|policy| policy.starts_with("ELBSecurityPolicy-")) => {
            Err(ApiError::new("SSLPolicyNotFound", "The SSL policy is not found"))
        }
        "HTTPS"
            if !it
                .certificate
                .as_deref()
                .is_some_and(|arn| arn.starts_with("arn:aws:acm:") || arn.starts_with("arn:aws:iam:")) =>
        {
            Err(ApiError::new("CertificateNotFound", "The certificate is not found"))
        }
        "HTTP" if it.certificate.is_some() || it.ssl_policy.is_some() => {
            Err(invalid("A certificate or SSL policy cannot be specified for HTTP listeners"))
        }
        "HTTP" | "HTTPS" => Ok(()),
        other => Err(ApiError::new(
            "UnsupportedProtocol",
            format!("Protocol '{other}' is not supported by application load balancers"),
        )),
    }
}

/// CreateListener. The same port with the same settings gives the one that exists; with others it is a duplicate.
pub(super) fn create(call: &mut Call<'_>, input: &CreateListenerInput) -> Result<CreateListenerOutput, ApiError> {
    let balancer = input.load_balancer_arn().unwrap_or_default();
    let found = call.world.elbv2.load_balancers.get(balancer);
    let found =
        found.ok_or_else(|| ApiError::new("LoadBalancerNotFound", format!("Load balancer '{balancer}' not found")))?;
    let (name, id) = (found.name.clone(), found.id.clone());
    let port = input.port().unwrap_or_default();
    if !(1..=65535).contains(&port) {
        return Err(invalid("A listener needs a port from 1 to 65535"));
    }
    let mut made = Listener {
        arn: String::new(),
        load_balancer: balancer.to_owned(),
        port,
        protocol: input.protocol().map_or("", ProtocolEnum::as_str).to_owned(),
        ssl_policy: input.ssl_policy().map(str::to_owned),
        certificate: input.certificates().first().and_then(Certificate::certificate_arn).map(str::to_owned),
        actions: actions::read(&call.world.elbv2, input.default_actions())?,
        tags: tags::read(&Tags::new(), input.tags())?,
    };
    check(&made)?;
    check_groups(call, balancer, &made.actions)?;
    let same_port = |it: &&Listener| it.load_balancer == made.load_balancer && it.port == made.port;
    if let Some(present) = call.world.elbv2.listeners.values().find(same_port) {
        if present.protocol == made.protocol
            && present.actions == made.actions
            && present.certificate == made.certificate
        {
            return Ok(CreateListenerOutput::builder().listeners(show(present)).build());
        }
        return Err(ApiError::new(
            "DuplicateListener",
            "A listener already exists on this port for this load balancer",
        ));
    }
    let beside = call.world.elbv2.listeners.values().filter(|it| it.load_balancer == balancer).count();
    if beside >= MOST {
        return Err(ApiError::new("TooManyListeners", "The maximum number of listeners on a load balancer is reached"));
    }
    let digits = call.hex(16);
    made.arn = call.arn("elasticloadbalancing", &format!("listener/app/{name}/{id}/{digits}"));
    let shown = show(&made);
    call.world.elbv2.listeners.insert(made.arn.clone(), made);
    Ok(CreateListenerOutput::builder().listeners(shown).build())
}

fn show(it: &Listener) -> Described {
    let certificate = it.certificate.as_ref().map(|arn| vec![Certificate::builder().certificate_arn(arn).build()]);
    Described::builder()
        .listener_arn(&it.arn)
        .load_balancer_arn(&it.load_balancer)
        .port(it.port)
        .protocol(ProtocolEnum::from(it.protocol.as_str()))
        .set_ssl_policy(it.ssl_policy.clone())
        .set_certificates(certificate)
        .set_default_actions(Some(actions::to_sdk(&it.actions)))
        .build()
}

/// DescribeListeners: of one load balancer, or by ARN.
pub(super) fn describe(
    call: &mut Call<'_>,
    input: &DescribeListenersInput,
) -> Result<DescribeListenersOutput, ApiError> {
    let state = &call.world.elbv2;
    let shown: Vec<Described> = match input.load_balancer_arn() {
        Some(arn) if !state.load_balancers.contains_key(arn) => {
            return Err(ApiError::new("LoadBalancerNotFound", format!("Load balancer '{arn}' not found")));
        }
        Some(arn) => state.listeners.values().filter(|it| it.load_balancer == arn).map(show).collect(),
        None if input.listener_arns().is_empty() => {
            return Err(invalid("Either a load balancer or listeners must be named"));
        }
        None => {
            let one = |arn: &String| state.listeners.get(arn).map(show).ok_or_else(|| absent(arn));
            input.listener_arns().iter().map(one).collect::<Result<_, _>>()?
        }
    };
    let (page, next) = page(shown, input.page_size(), input.marker())?;
    Ok(DescribeListenersOutput::builder().set_listeners(Some(page)).set_next_marker(next).build())
}

/// ModifyListener: what is named replaces what was there.
pub(super) fn modify(call: &mut Call<'_>, input: &ModifyListenerInput) -> Result<ModifyListenerOutput, ApiError> {
    let arn = input.listener_arn().unwrap_or_default();
    let mut it = call.world.elbv2.listeners.get(arn).cloned().ok_or_else(|| absent(arn))?;
    it.port = input.port().unwrap_or(it.port);
    it.protocol = input.protocol().map_or(it.protocol.as_str(), ProtocolEnum::as_str).to_owned();
    it.ssl_policy = input.ssl_policy().map(str::to_owned).or(it.ssl_policy);
    it.certificate =
        input.certificates().first().and_then(Certificate::certificate_arn).map(str::to_owned).or(it.certificate);
    if !input.default_actions().is_empty() {
        it.actions = actions::read(&call.world.elbv2, input.default_actions())?;
    }
    check(&it)?;
    if !(1..=65535).contains(&it.port) {
        return Err(invalid("A listener needs a port from 1 to 65535"));
    }
    check_groups(call, &it.load_balancer, &it.actions)?;
    let same_port = |other: &Listener| other.load_balancer == it.load_balancer && other.port == it.port;
    if call.world.elbv2.listeners.values().any(|other| other.arn != it.arn && same_port(other)) {
        return Err(ApiError::new(
            "DuplicateListener",
            "A listener already exists on this port for this load balancer",
        ));
    }
    let shown = show(&it);
    call.world.elbv2.listeners.insert(it.arn.clone(), it);
    Ok(ModifyListenerOutput::builder().listeners(shown).build())
}

/// DeleteListener: takes its rules along.
pub(super) fn delete(call: &mut Call<'_>, input: &DeleteListenerInput) -> Result<DeleteListenerOutput, ApiError> {
    let arn = input.listener_arn().unwrap_or_default();
    if !call.world.elbv2.listeners.contains_key(arn) {
        return Err(absent(arn));
    }
    call.world.elbv2.listeners.remove(arn);
    call.world.elbv2.rules.retain(|_, rule| rule.listener != arn);
    Ok(DeleteListenerOutput::builder().build())
}

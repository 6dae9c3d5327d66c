//! What listeners and rules do with a request.

use aws_sdk_elasticloadbalancingv2::types::{
    Action as SdkAction, ActionTypeEnum, FixedResponseActionConfig, ForwardActionConfig, RedirectActionConfig,
    RedirectActionStatusCodeEnum, TargetGroupTuple,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::shared::TargetGroupArn;
use crate::engine::{Failure, Output};

/// What a listener does with a request that no rule takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Action {
    /// It answers itself.
    FixedResponse {
        /// Status code.
        status: String,
        /// Content type of the body.
        content_type: String,
        /// The body.
        body: String,
    },
    /// It sends the client elsewhere, with the same host, path and query.
    Redirect {
        /// Protocol of the new address.
        protocol: String,
        /// Port of the new address.
        port: String,
        /// `HTTP_301` (permanent) or `HTTP_302`.
        status: String,
    },
}

/// A target group's share of a rule's requests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The target group.
    pub group: Output<TargetGroupArn>,
    /// Its weight among the others of the rule: 0 to 999.
    pub weight: u32,
}

impl Action {
    /// As the SDK's type.
    pub(super) fn to_sdk(&self) -> SdkAction {
        match self {
            Action::FixedResponse { status, content_type, body } => {
                let config = FixedResponseActionConfig::builder()
                    .status_code(status)
                    .content_type(content_type)
                    .message_body(body)
                    .build();
                SdkAction::builder().r#type(ActionTypeEnum::FixedResponse).fixed_response_config(config).build()
            }
            Action::Redirect { protocol, port, status } => {
                let config = RedirectActionConfig::builder()
                    .protocol(protocol)
                    .port(port)
                    .status_code(RedirectActionStatusCodeEnum::from(status.as_str()))
                    .build();
                SdkAction::builder().r#type(ActionTypeEnum::Redirect).redirect_config(config).build()
            }
        }
    }

    /// In the form of the specification; an action that has none there is given by its type alone, and so differs from each that has.
    pub(super) fn observe(actions: &[SdkAction]) -> Value {
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        let [action] = actions else { return json!(actions.len()) };
        let known = match (action.fixed_response_config(), action.redirect_config()) {
            (Some(config), _) => Some(Action::FixedResponse {
                status: text(config.status_code()),
                content_type: text(config.content_type()),
                body: text(config.message_body()),
            }),
            (_, Some(config)) => Some(Action::Redirect {
                protocol: text(config.protocol()),
                port: text(config.port()),
                status: text(config.status_code().map(RedirectActionStatusCodeEnum::as_str)),
            }),
            _ => None,
        };
        match known {
            Some(action) => json!(action),
            None => json!(action.r#type().map(ActionTypeEnum::as_str)),
        }
    }
}

/// The one action of a rule that forwards.
pub(super) fn forward(shares: &[Share]) -> Result<SdkAction, Failure> {
    let mut config = ForwardActionConfig::builder();
    for share in shares {
        let weight = i32::try_from(share.weight).unwrap_or(i32::MAX);
        let group = TargetGroupTuple::builder().target_group_arn(share.group.get()?).weight(weight);
        config = config.target_groups(group.build());
    }
    Ok(SdkAction::builder().r#type(ActionTypeEnum::Forward).forward_config(config.build()).build())
}

/// The shares that a rule has now.
pub(super) fn shares(actions: &[SdkAction]) -> Vec<Share> {
    let configs = actions.iter().filter_map(SdkAction::forward_config);
    let share = |group: &TargetGroupTuple| Share {
        group: Output::known(group.target_group_arn().unwrap_or_default()),
        weight: group.weight().and_then(|weight| u32::try_from(weight).ok()).unwrap_or(1),
    };
    configs.flat_map(ForwardActionConfig::target_groups).map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_read_as_they_are_written() {
        let redirect =
            Action::Redirect { protocol: "HTTPS".to_owned(), port: "443".to_owned(), status: "HTTP_301".to_owned() };
        let answer = Action::FixedResponse {
            status: "404".to_owned(),
            content_type: "text/plain".to_owned(),
            body: "no such path".to_owned(),
        };
        for action in [redirect, answer] {
            assert_eq!(Action::observe(&[action.to_sdk()]), json!(action));
        }
        let other = SdkAction::builder().r#type(ActionTypeEnum::AuthenticateOidc).build();
        assert_eq!(Action::observe(std::slice::from_ref(&other)), json!("authenticate-oidc"));
        assert_eq!(Action::observe(&[other.clone(), other]), json!(2));
    }

    #[test]
    fn shares_keep_their_order_and_weights() {
        let wanted = vec![
            Share { group: Output::known("arn:blue"), weight: 100 },
            Share { group: Output::known("arn:green"), weight: 0 },
        ];
        let action = forward(&wanted).expect("known target groups");
        assert_eq!(shares(&[action]), wanted);
    }
}

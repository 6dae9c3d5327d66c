//! What Secrets Manager sends (Secrets Manager user guide, "Lambda rotation functions").

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::RotationError;

/// One step of one rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Event {
    /// Which step.
    pub step: Step,
    /// The secret's ARN.
    pub secret_id: String,
    /// The id of the version that the rotation makes: the same in all steps of one rotation.
    pub client_request_token: String,
}

impl Event {
    /// What the function's log says of it: one line of JSON, without any value.
    pub fn line(&self, outcome: &Result<Note, RotationError>) -> String {
        let failure = outcome.as_ref().err().map(ToString::to_string);
        json!({
            "step": self.step,
            "secret": self.secret_id,
            "version": self.client_request_token,
            "outcome": if failure.is_none() { "done" } else { "failed" },
            "note": outcome.as_ref().ok(),
            "failure": failure,
        })
        .to_string()
    }
}

/// What a step that succeeded has to say, in the function's log.
pub type Note = &'static str;

/// A step of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Secrets Manager's")]
pub enum Step {
    CreateSecret,
    SetSecret,
    TestSecret,
    FinishSecret,
}

impl Step {
    /// All steps in their order.
    pub const ALL: [Step; 4] = [Step::CreateSecret, Step::SetSecret, Step::TestSecret, Step::FinishSecret];

    /// Secrets Manager's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Step::CreateSecret => "createSecret",
            Step::SetSecret => "setSecret",
            Step::TestSecret => "testSecret",
            Step::FinishSecret => "finishSecret",
        }
    }

    /// The step after it.
    pub fn next(self) -> Option<Step> {
        Step::ALL.into_iter().find(|step| *step > self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_as_secrets_manager_writes_them() {
        let event = json!({ "Step": "setSecret", "SecretId": "arn:x", "ClientRequestToken": "t", "RotationToken": "" });
        let event: Event = serde_json::from_value(event).expect("an event");
        assert_eq!((event.step, event.secret_id.as_str()), (Step::SetSecret, "arn:x"));
        for step in Step::ALL {
            assert_eq!(serde_json::to_value(step).expect("a text"), json!(step.name()));
        }
        assert_eq!(Step::SetSecret.next(), Some(Step::TestSecret));
        assert_eq!(Step::FinishSecret.next(), None);
    }
}

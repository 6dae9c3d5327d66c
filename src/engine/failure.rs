//! What went wrong, in a form that decides what happens next and that a person can act on.

use std::fmt;

/// What a failure means for the run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Too many calls: wait and repeat. Nothing happened.
    Throttled,
    /// Time-out, broken connection, 5xx: repeat, but whether the call took effect is not known.
    Unavailable,
    /// AWS answered, and the answer can't be understood: asking again would bring the same. Whether the call took effect is not known.
    Unreadable,
    /// Something that was just made is not visible everywhere yet: wait and repeat. Nothing happened.
    Settling,
    /// Something else is still in the way, such as a dependency that is being deleted: wait and repeat. Nothing happened.
    Blocked,
    /// The name is taken.
    Exists,
    /// The thing is not there.
    Absent,
    /// The caller may not do this.
    Denied,
    /// There are no credentials, or they have expired.
    Credentials,
    /// A quota of the account is exhausted.
    Quota,
    /// AWS refuses the request as it is.
    Invalid,
    /// Waited as long as is sensible.
    Deadline,
    /// A person interrupted the run.
    Interrupted,
    /// A defect of the tool, or a file that can't be written.
    Internal,
}

impl Class {
    /// True where the same call can succeed a little later.
    pub fn is_transient(self) -> bool {
        matches!(self, Class::Throttled | Class::Unavailable | Class::Settling | Class::Blocked)
    }

    /// True where it is certain that the call changed nothing.
    pub fn is_definite(self) -> bool {
        !matches!(self, Class::Unavailable | Class::Unreadable)
    }
}

/// A failed call or wait. `Display` is one line and never repeats its own source.
#[derive(Clone, Debug, thiserror::Error)]
pub struct Failure {
    /// What it means for the run.
    pub class: Class,
    /// Which operation failed, such as `ec2:CreateVpc`; empty where it was not a call.
    pub operation: String,
    /// The error code that AWS gave.
    pub code: Option<String>,
    /// What AWS, or the tool, said.
    pub message: String,
    /// AWS's request id, for support.
    pub request_id: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
}

impl Failure {
    /// A failure that is not the answer to a call.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Failure { class, operation: String::new(), code: None, message: message.into(), request_id: None, remedy: None }
    }

    /// A defect of the tool or its surroundings.
    pub fn internal(message: impl Into<String>) -> Self {
        Failure::new(Class::Internal, message)
    }

    /// Adds what to do about it.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.operation.is_empty() {
            write!(f, "{}: ", self.operation)?;
        }
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(self.message.trim())?;
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        Ok(())
    }
}

/// Turns a repeated "absent" into success, as deletions want it.
pub fn absent_is_fine<T: Default>(result: Result<T, Failure>) -> Result<T, Failure> {
    match result {
        Err(failure) if failure.class == Class::Absent => Ok(T::default()),
        other => other,
    }
}

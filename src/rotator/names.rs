//! Names in the database, and of secrets, derived from a service's name.

/// The names of one service in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The role that owns the schema, which nobody logs in as; also the schema's name.
    pub owner: String,
    /// The two users that take turns.
    pub users: [String; 2],
}

impl Names {
    /// Those of a service: with underscores instead of hyphens, so that nobody has to quote them.
    pub fn of(service: &str) -> Self {
        let owner = service.replace('-', "_");
        let users = [format!("{owner}_a"), format!("{owner}_b")];
        Names { owner, users }
    }

    /// The user whose turn is next.
    pub fn next(&self, current: &str) -> &str {
        let [first, second] = &self.users;
        if current == first { second } else { first }
    }

    /// True for one of the two users.
    pub fn takes_turns(&self, user: &str) -> bool {
        self.users.iter().any(|one| one == user)
    }
}

/// The name of a service's credentials secret.
pub fn credentials_secret(service: &str, suffix: &str) -> String {
    format!("db-credentials-{service}-{suffix}")
}

/// The name of the secret with which a service's new credentials are tried.
pub fn login_secret(service: &str, suffix: &str) -> String {
    format!("db-login-{service}-{suffix}")
}

/// The name of a service in ECS.
pub fn ecs_service(service: &str, suffix: &str) -> String {
    format!("service-{service}-{suffix}")
}

/// The name of the secret with a service's certificate.
pub fn certificate_secret(service: &str, suffix: &str) -> String {
    format!("mesh-certificate-{service}-{suffix}")
}

/// What the key of the rotation of a service's certificate is named; that of its credentials bears the service's name. No service's name has a dot.
pub fn certificate_rotation(service: &str) -> String {
    format!("{service}.certificate")
}

/// What is rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The database credentials of a service.
    Credentials(&'a str),
    /// The mesh certificate of a service.
    Certificate(&'a str),
}

impl<'a> Subject<'a> {
    /// What a secret of that name holds, where it is one of the environment's.
    pub fn of(secret: &'a str, suffix: &str) -> Option<Self> {
        let service = |prefix: &str| {
            let service = secret.strip_prefix(prefix)?.strip_suffix(suffix)?.strip_suffix('-')?;
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            (!service.is_empty() && service.bytes().all(plain)).then_some(service)
        };
        let credentials = service("db-credentials-").map(Subject::Credentials);
        credentials.or_else(|| service("mesh-certificate-").map(Subject::Certificate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_take_turns() {
        let names = Names::of("user-profile");
        assert_eq!(names.owner, "user_profile");
        assert_eq!(names.next("user_profile_a"), "user_profile_b");
        assert_eq!(names.next("user_profile_b"), "user_profile_a");
        assert_eq!(names.next("somebody"), "user_profile_a");
        assert!(names.takes_turns("user_profile_b") && !names.takes_turns("user_profile"));
    }

    #[test]
    fn a_secrets_name_tells_what_it_holds() {
        let name = credentials_secret("user-profile", "pr-1");
        assert_eq!(Subject::of(&name, "pr-1"), Some(Subject::Credentials("user-profile")));
        let name = certificate_secret("user-profile", "pr-1");
        assert_eq!(Subject::of(&name, "pr-1"), Some(Subject::Certificate("user-profile")));
        for other in
            ["db-credentials-payments-prod", "db-credentials--dev", "db-credentials-a\"b-dev", "mesh-authority-dev"]
        {
            assert_eq!(Subject::of(other, "dev"), None, "{other}");
        }
    }
}

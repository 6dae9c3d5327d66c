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

/// The service whose credentials a secret of that name holds.
pub fn service_of<'a>(secret: &'a str, suffix: &str) -> Option<&'a str> {
    let service = secret.strip_prefix("db-credentials-")?.strip_suffix(suffix)?.strip_suffix('-')?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (!service.is_empty() && service.bytes().all(plain)).then_some(service)
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
    fn a_secrets_name_tells_the_service() {
        assert_eq!(service_of(&credentials_secret("user-profile", "pr-1"), "pr-1"), Some("user-profile"));
        assert_eq!(service_of("db-credentials-payments-prod", "dev"), None);
        assert_eq!(service_of("db-credentials--dev", "dev"), None);
        assert_eq!(service_of("db-credentials-a\"b-dev", "dev"), None);
        assert_eq!(service_of("mesh-payments-dev", "dev"), None);
    }
}

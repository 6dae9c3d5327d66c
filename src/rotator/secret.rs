//! What a credentials secret holds, in the form that AWS gives the secrets of its own databases (Secrets Manager user guide, "JSON structure
//! of AWS Secrets Manager database credential secrets").

use std::fmt;

use serde_json::{Map, Value, json};

/// The value of a secret that holds nobody's credentials.
pub const NOBODY: &str = r#"{"username":"nobody","password":"none"}"#;

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Database {
    /// Its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Its name.
    pub name: String,
}

/// Credentials. Nothing shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The database that they are for, where it is known.
    pub database: Option<Database>,
    /// The user.
    pub username: String,
    /// The user's password.
    pub password: String,
}

impl Credentials {
    /// As the secret's text. The port is a text, too: ECS hands out the value of a key only where it is one.
    pub fn to_json(&self) -> String {
        let mut fields = Map::new();
        if let Some(database) = &self.database {
            fields.insert("engine".to_owned(), json!("postgres"));
            fields.insert("host".to_owned(), json!(database.host));
            fields.insert("port".to_owned(), json!(database.port.to_string()));
            fields.insert("dbname".to_owned(), json!(database.name));
        }
        fields.insert("username".to_owned(), json!(self.username));
        fields.insert("password".to_owned(), json!(self.password));
        Value::Object(fields).to_string()
    }

    /// Reads a secret's text; `None` where user or password are missing.
    pub fn from_json(text: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(text).ok()?;
        let field = |name: &str| value[name].as_str().map(str::to_owned);
        let database = || {
            let port = field("port")?.parse().ok()?;
            Some(Database { host: field("host")?, port, name: field("dbname")? })
        };
        Some(Credentials { database: database(), username: field("username")?, password: field("password")? })
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_read_as_they_are_written_and_never_shown() {
        let database = Database { host: "db.example.com".into(), port: 5432, name: "platform".into() };
        let password = "quote\" backslash\\ apostrophe' dollar$ newline\n".to_owned();
        let made = Credentials { database: Some(database), username: "payments_a".into(), password };
        assert_eq!(Credentials::from_json(&made.to_json()), Some(made.clone()));
        assert!(!format!("{made:?}").contains("quote"));
        let plain = Credentials { database: None, ..made };
        assert_eq!(Credentials::from_json(&plain.to_json()), Some(plain));
        assert_eq!(Credentials::from_json("{}"), None);
        assert_eq!(Credentials::from_json(NOBODY).map(|nobody| nobody.username), Some("nobody".to_owned()));
    }
}

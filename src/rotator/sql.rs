//! The statements. Each can be repeated, and run by two at once.
//!
//! They are executed one by one, without a transaction: one that is left open by a function that was cut off would hold its locks for three
//! minutes (RDS Data API, "Considerations with transactions"), and keep the next attempt from working.

use super::{names::Names, scram, secret::Credentials};

/// SQLSTATEs of what happens when two do the same at the same moment: it is simply done again. `XX000` is "tuple concurrently updated", `23505`
/// and `42710` what a CREATE meets whose twin was quicker.
pub const TWINS: [&str; 5] = ["XX000", "23505", "42710", "40001", "40P01"];

/// SQLSTATE of a password that is wrong.
pub const WRONG_PASSWORD: &str = "28P01";

/// A name in double quotes.
fn name(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A text in single quotes. Backslashes mean themselves: `standard_conforming_strings` is on since PostgreSQL 9.1.
fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Creates a role unless there is one. PostgreSQL knows no `IF NOT EXISTS` for roles.
fn create_role(role: &str, options: &str) -> String {
    format!(
        "DO $create$ BEGIN CREATE ROLE {} {options}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $create$",
        name(role)
    )
}

/// What a service needs in a database before its users can work in it: the role that owns, its schema, and nobody else's access.
pub fn prepare(names: &Names, database: &str) -> Vec<String> {
    let (owner, database) = (name(&names.owner), name(database));
    vec![
        create_role(&names.owner, "NOLOGIN"),
        // Only a member of a role can make it the owner of something (PostgreSQL documentation, "CREATE SCHEMA"); the master user is no
        // superuser.
        format!("GRANT {owner} TO CURRENT_USER"),
        format!("CREATE SCHEMA IF NOT EXISTS {owner} AUTHORIZATION {owner}"),
        format!("REVOKE ALL ON DATABASE {database} FROM PUBLIC"),
        format!("GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {owner}"),
        "REVOKE ALL ON SCHEMA public FROM PUBLIC".to_owned(),
    ]
}

/// Gives a user its password and makes it act as the owner, so that what it makes is the other user's, too.
pub fn set_user(names: &Names, database: &str, pending: &Credentials) -> Vec<String> {
    let user = name(&pending.username);
    let password = text(&scram::verifier(&pending.password));
    let mut statements = vec![
        create_role(&pending.username, "NOLOGIN"),
        format!("ALTER ROLE {user} WITH LOGIN INHERIT PASSWORD {password}"),
    ];
    statements.extend(act_as_owner(names, database, &pending.username));
    statements
}

/// Makes a user that is in use already, and leaves it alone where it exists: the credentials that the secret was made with.
pub fn adopt_user(names: &Names, database: &str, current: &Credentials) -> Vec<String> {
    let password = text(&scram::verifier(&current.password));
    let mut statements = vec![create_role(&current.username, &format!("WITH LOGIN INHERIT PASSWORD {password}"))];
    statements.extend(act_as_owner(names, database, &current.username));
    statements
}

fn act_as_owner(names: &Names, database: &str, user: &str) -> [String; 3] {
    let (owner, user, database) = (&names.owner, name(user), name(database));
    [
        format!("GRANT {} TO {user}", name(owner)),
        format!("ALTER ROLE {user} IN DATABASE {database} SET role TO {}", text(owner)),
        format!("ALTER ROLE {user} IN DATABASE {database} SET search_path TO {}", text(owner)),
    ]
}

/// Who is logged in, and whether it can make anything in its schema: `t` or `f`.
pub fn who(names: &Names) -> String {
    format!("SELECT session_user::text, has_schema_privilege({}, 'CREATE')::text", text(&names.owner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_statement_holds_a_password() {
        let names = Names::of("payments");
        let password = "o'Neill\"; DROP ROLE postgres; --\\ $create$".to_owned();
        let pending = Credentials { database: None, username: "payments_b".to_owned(), password };
        let statements = [set_user(&names, "platform", &pending), adopt_user(&names, "platform", &pending)].concat();
        assert!(statements.iter().all(|sql| !sql.contains("Neill") && !sql.contains("DROP")), "{statements:?}");
        assert!(
            statements[1].starts_with("ALTER ROLE \"payments_b\" WITH LOGIN INHERIT PASSWORD 'SCRAM-SHA-256$4096:")
        );
    }

    #[test]
    fn names_and_texts_are_quoted() {
        assert_eq!(name("a\"b"), "\"a\"\"b\"");
        assert_eq!(text("a'b\\"), "'a''b\\'");
        assert!(who(&Names::of("user-profile")).contains("'user_profile'"));
    }
}

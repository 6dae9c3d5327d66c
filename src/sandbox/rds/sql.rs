//! As much of SQL as the rotator speaks: roles, their passwords and memberships, schemas, and who is logged in. Anything else is an error.

use super::state::{Cluster, DbRole};

/// What a statement comes to.
pub(super) enum Answer {
    /// It was done.
    Done,
    /// One row.
    Row(Vec<String>),
}

type Refusal = (String, &'static str);

const UNDEFINED: &str = "42704";
const DENIED: &str = "42501";
const SYNTAX: &str = "42601";

/// The pieces of a statement: words, `"names"`, `'texts'`, each as it is written.
fn pieces(statement: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = statement.trim();
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' | '\'' => rest[1..].find(first).map_or(rest.len(), |end| end + 2),
            '(' | ')' | ',' | ';' => 1,
            _ => rest.find([' ', '(', ')', ',', ';', '"', '\'']).unwrap_or(rest.len()),
        };
        let (piece, after) = rest.split_at(end.max(first.len_utf8()));
        pieces.push(piece);
        rest = after.trim_start();
    }
    pieces
}

fn name(piece: &str) -> String {
    piece.trim_matches(['"', '\'']).to_owned()
}

pub(super) fn execute(cluster: &mut Cluster, user: &str, statement: &str) -> Result<Answer, Refusal> {
    let pieces = pieces(statement);
    let master = user == cluster.master;
    if let ["SELECT", "session_user::text", ",", "has_schema_privilege", "(", schema, ",", "'CREATE'", ")", "::text"] =
        pieces.as_slice()
    {
        let owner = cluster.schemas.get(&name(schema)).cloned();
        let owner = owner.ok_or_else(|| (format!("ERROR: schema {schema} does not exist"), "3F000"))?;
        let creates = owner == user || cluster.roles.get(user).is_some_and(|role| role.member_of.contains(&owner));
        return Ok(Answer::Row(vec![user.to_owned(), creates.to_string()]));
    }
    if !master {
        return Err(("ERROR: permission denied".to_owned(), DENIED));
    }
    match pieces.as_slice() {
        [
            "DO",
            "$create$",
            "BEGIN",
            "CREATE",
            "ROLE",
            role,
            options @ ..,
            ";",
            "EXCEPTION",
            "WHEN",
            "duplicate_object",
            "OR",
            "unique_violation",
            "THEN",
            "NULL",
            ";",
            "END",
            "$create$",
        ] => {
            let made =
                DbRole { login: !options.contains(&"NOLOGIN"), verifier: password(options), member_of: Vec::new() };
            cluster.roles.entry(name(role)).or_insert(made);
        }
        ["ALTER", "ROLE", role, "WITH", options @ ..] => {
            let found = existing(cluster, role)?;
            found.login = options.contains(&"LOGIN");
            found.verifier = password(options);
        }
        ["ALTER", "ROLE", role, "IN", "DATABASE", _, "SET", "role" | "search_path", "TO", _] => {
            existing(cluster, role)?;
        }
        ["GRANT", "CONNECT", ",", "TEMPORARY", "ON", "DATABASE", _, "TO", role] => {
            existing(cluster, role)?;
        }
        ["GRANT", owner, "TO", "CURRENT_USER"] => {
            existing(cluster, owner)?;
        }
        ["GRANT", owner, "TO", role] => {
            existing(cluster, owner)?;
            let (owner, member) = (name(owner), existing(cluster, role)?);
            if !member.member_of.contains(&owner) {
                member.member_of.push(owner);
            }
        }
        ["CREATE", "SCHEMA", "IF", "NOT", "EXISTS", schema, "AUTHORIZATION", owner] => {
            existing(cluster, owner)?;
            cluster.schemas.entry(name(schema)).or_insert_with(|| name(owner));
        }
        ["REVOKE", "ALL", "ON", "DATABASE" | "SCHEMA", _, "FROM", "PUBLIC"] => {}
        _ => {
            return Err(("ERROR: syntax error: the sandbox's database doesn't know this statement".to_owned(), SYNTAX));
        }
    }
    Ok(Answer::Done)
}

fn password(options: &[&str]) -> Option<String> {
    let position = options.iter().position(|piece| *piece == "PASSWORD")?;
    options.get(position + 1).map(|piece| name(piece))
}

fn existing<'a>(cluster: &'a mut Cluster, role: &str) -> Result<&'a mut DbRole, Refusal> {
    cluster.roles.get_mut(&name(role)).ok_or_else(|| (format!("ERROR: role {role} does not exist"), UNDEFINED))
}

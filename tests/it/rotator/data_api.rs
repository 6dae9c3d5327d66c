//! The RDS Data API: reads the current version of a secret, logs in with it, executes one statement.

use std::sync::Mutex;

use serde_json::{Value, json};
use tokio_postgres::error::SqlState;

use super::{
    http::Response,
    postgres,
    world::{CLUSTER, State, with},
};

fn refused(status: u16, code: &str, message: &str) -> Response {
    let body = json!({ "message": message }).to_string();
    Response { status, headers: vec![("x-amzn-errortype", code.to_owned())], body }
}

/// RDS Data API reference, ExecuteStatement.
pub fn execute(state: &Mutex<State>, port: u16, body: &Value) -> Response {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let (secret, sql) = (text("secretArn"), text("sql"));
    assert_eq!((text("resourceArn").as_str(), text("database").as_str()), (CLUSTER, postgres::DATABASE));
    let credentials = with(state, |state| {
        state.statements.push(sql.clone());
        let found = state.secrets.iter().find(|(arn, it)| **arn == secret || it.name == secret);
        found.map(|(_, secret)| secret.credentials("AWSCURRENT")).filter(|_| !state.unreachable)
    });
    let Some(credentials) = credentials else {
        return refused(504, "DatabaseUnavailableException", "The writer instance in the DB cluster isn't available");
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let done = runtime.block_on(async {
        let client = postgres::log_in(port, &credentials.username, &credentials.password).await?;
        postgres::rows(&client, &sql).await
    });
    match done {
        Ok(rows) => {
            let field = |text: String| json!({ "stringValue": text });
            let row = |row: Vec<String>| Value::Array(row.into_iter().map(field).collect());
            Response::ok(json!({ "records": rows.into_iter().map(row).collect::<Vec<_>>() }))
        }
        Err(error) => {
            let database = error.as_db_error();
            let message = database.map_or_else(|| error.to_string(), |error| error.to_string());
            let state = database.map_or(SqlState::CONNECTION_FAILURE, |error| error.code().clone());
            refused(400, "DatabaseErrorException", &format!("{message}; SQLState: {}", state.code()))
        }
    }
}

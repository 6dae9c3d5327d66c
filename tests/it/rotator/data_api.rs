//! The RDS Data API: reads the current version of a secret, logs in with it, executes one statement.

use std::sync::{Arc, Mutex, OnceLock};

use serde_json::{Value, json};
use tokio::runtime::Runtime;
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

/// What the connections live in.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
    })
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
    let done = runtime().block_on(async {
        // The master user's connection is kept, as the Data API keeps connections: its password stays what it is. Everybody else logs in
        // for each statement, and so does the master user where two are to meet in the database.
        let is_master = credentials.username == postgres::MASTER.0 && !with(state, |state| state.separate);
        let kept = with(state, |state| state.master.clone()).filter(|client| is_master && !client.is_closed());
        let client = match kept {
            Some(client) => client,
            None => Arc::new(postgres::log_in(port, &credentials.username, &credentials.password).await?),
        };
        if is_master {
            with(state, |state| state.master = Some(client.clone()));
        }
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

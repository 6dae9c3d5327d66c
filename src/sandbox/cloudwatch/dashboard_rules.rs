//! What PutDashboard demands of a body. CloudWatch User Guide, "Dashboard body structure and syntax".

use serde_json::Value;

/// Bytes of a body (CloudWatch User Guide, "CloudWatch service quotas").
const LONGEST: usize = 1_048_576;
/// Widgets of a dashboard, metrics of a widget and of a dashboard (the same).
const WIDGETS: usize = 500;
const METRICS_OF_WIDGET: usize = 500;
const METRICS: usize = 2500;

const TYPES: [&str; 5] = ["metric", "text", "log", "alarm", "explorer"];

/// 1 to 255 letters, digits, `-` and `_`.
pub(super) fn check_name(name: &str) -> Result<(), String> {
    let formed = name.chars().all(|one| one.is_ascii_alphanumeric() || "-_".contains(one));
    if formed && (1..=255).contains(&name.len()) {
        return Ok(());
    }
    Err(format!(
        "The value {name} for field DashboardName contains invalid characters. It can only contain alphanumerics, dash (-) and underscore (_)."
    ))
}

/// JSON that holds widgets, each of its type's form.
pub(super) fn check_body(body: &str) -> Result<(), String> {
    if body.len() > LONGEST {
        return Err(format!("The dashboard body has more than {LONGEST} bytes"));
    }
    let parsed: Value = serde_json::from_str(body)
        .map_err(|error| format!("The field DashboardBody must be a valid JSON object: {error}"))?;
    let widgets = parsed.get("widgets").and_then(Value::as_array).ok_or("/widgets: Should be an array")?;
    if widgets.len() > WIDGETS {
        return Err(format!("/widgets: Should not have more than {WIDGETS} items"));
    }
    for (position, widget) in widgets.iter().enumerate() {
        check_widget(widget).map_err(|flaw| format!("/widgets/{position}{flaw}"))?;
    }
    let metrics: usize = widgets.iter().map(|widget| metrics_of(widget).len()).sum();
    if metrics > METRICS {
        return Err(format!("The dashboard has more than {METRICS} metrics"));
    }
    Ok(())
}

fn metrics_of(widget: &Value) -> &[Value] {
    widget["properties"]["metrics"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn check_widget(widget: &Value) -> Result<(), String> {
    let kind = widget["type"].as_str().filter(|kind| TYPES.contains(kind));
    let kind = kind.ok_or(format!("/type: Should match one of {TYPES:?}"))?;
    if !widget["properties"].is_object() {
        return Err(": Should have property properties".to_owned());
    }
    for (name, least, most) in [("x", 0, 23), ("y", 0, i64::MAX), ("width", 1, 24), ("height", 1, 1000)] {
        let number = &widget[name];
        if !number.is_null() && !number.as_i64().is_some_and(|number| (least..=most).contains(&number)) {
            return Err(format!("/{name}: Should be between {least} and {most}"));
        }
    }
    if widget["x"].is_null() != widget["y"].is_null() {
        return Err(": x and y must be given together".to_owned());
    }
    match kind {
        "text" if !widget["properties"]["markdown"].is_string() => {
            Err("/properties: Should have property markdown".to_owned())
        }
        "alarm" if !widget["properties"]["alarms"].is_array() => {
            Err("/properties: Should have property alarms".to_owned())
        }
        "metric" => check_metric_widget(&widget["properties"]),
        _ => Ok(()),
    }
}

fn check_metric_widget(properties: &Value) -> Result<(), String> {
    if !properties["region"].is_string() {
        return Err("/properties: Should have property region".to_owned());
    }
    if properties["metrics"].is_null() && properties["annotations"]["alarms"].is_null() {
        return Err("/properties: Should have property metrics or annotations".to_owned());
    }
    let metrics = properties["metrics"].as_array().map(Vec::as_slice).unwrap_or_default();
    if metrics.len() > METRICS_OF_WIDGET {
        return Err(format!("/properties/metrics: Should not have more than {METRICS_OF_WIDGET} items"));
    }
    match metrics.iter().position(|metric| !is_metric(metric)) {
        Some(position) => Err(format!("/properties/metrics/{position}: Invalid metric field")),
        None => Ok(()),
    }
}

/// Namespace, name, then names and values of dimensions in turn, all texts, and rendering properties at the end; or an expression alone.
fn is_metric(metric: &Value) -> bool {
    let Some(parts) = metric.as_array() else { return false };
    let (texts, last) = match parts.split_last() {
        Some((Value::Object(last), texts)) => (texts, Some(last)),
        _ => (parts.as_slice(), None),
    };
    let expression = last.and_then(|last| last.get("expression")).is_some_and(Value::is_string);
    let named = texts.len() >= 2 && texts.len() % 2 == 0 && texts.iter().all(Value::is_string);
    if expression { texts.is_empty() } else { named }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(widget: &Value) -> Result<(), String> {
        check_body(&json!({ "widgets": [widget] }).to_string())
    }

    #[test]
    fn widgets_have_the_form_of_their_type() {
        let metrics = json!([["AWS/ECS", "CPUUtilization", "ServiceName", "a"], [{ "expression": "SUM(METRICS())" }]]);
        let fine =
            json!({ "type": "metric", "width": 24, "properties": { "region": "us-east-1", "metrics": metrics } });
        assert_eq!(with(&fine), Ok(()));
        let mut placeless = fine.clone();
        placeless["properties"]["region"] = Value::Null;
        let mut wide = fine.clone();
        wide["width"] = json!(25);
        let mut odd = fine.clone();
        odd["properties"]["metrics"] = json!([["AWS/ECS", "CPUUtilization", "ServiceName"]]);
        for wrong in [placeless, wide, odd, json!({ "type": "text", "properties": {} }), json!({ "type": "chart" })] {
            assert!(with(&wrong).is_err(), "{wrong}");
        }
        assert!(check_body("{}").is_err() && check_body("{").is_err() && check_body("[]").is_err());
    }
}

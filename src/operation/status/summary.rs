//! One sentence for the whole.

use super::report::{AlarmsStatus, StatusReport};

/// The sentence.
pub fn of(report: &StatusReport) -> String {
    let environment = &report.environment;
    let place =
        format!("environment '{}' in account {}, {}", environment.suffix, environment.account, environment.region);
    if !report.exists {
        return match report.problems.len() {
            0 => format!("nothing exists of {place}"),
            _ => format!("nothing was found of {place}, but not everything could be looked at"),
        };
    }
    let mut parts = Vec::new();
    if !report.state.present {
        parts.push("there is no state; what is shown was found by its tags".to_owned());
    }
    let well = report.services.iter().filter(|service| service.is_well()).count();
    match report.services.len() {
        0 => parts.push("no services".to_owned()),
        all => parts.push(format!("{well} of {all} services are well")),
    }
    let ringing = |alarms: &AlarmsStatus| alarms.in_alarm.len();
    let of_services = report.services.iter().filter_map(|service| service.alarms.as_ref()).map(ringing).sum::<usize>();
    let alarms = of_services + report.alarms.as_ref().map_or(0, ringing);
    let differences = report.differences.as_ref().map_or(0, Vec::len);
    let unfinished = report.state.chapters.iter().flat_map(|chapter| &chapter.phases);
    let unfinished = unfinished.filter(|(phase, _)| *phase != "ready").map(|(_, count)| count).sum::<usize>();
    let counts = [
        (alarms, "alarm has gone off", "alarms have gone off"),
        (unfinished, "resource is not finished", "resources are not finished"),
        (differences, "difference between state and AWS", "differences between state and AWS"),
        (report.problems.len(), "look failed", "looks failed"),
    ];
    parts.extend(environment.mesh_change.iter().chain(&environment.certificates).map(|notice| notice.what.clone()));
    let told = counts.into_iter().filter(|(count, ..)| *count > 0);
    parts.extend(told.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many })));
    parts.join("; ")
}

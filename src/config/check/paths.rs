//! Rules about the services' paths at the load balancer: which request goes where must never be a matter of luck.

use crate::config::report::{Fault, Report};
use crate::config::rules::path::holds;
use crate::config::service::Service;
use crate::config::types::Config;

type Named<'c> = (&'c str, &'c Service);

pub(super) fn check(config: &Config, report: &mut Report) {
    // What is wrong by itself, or belongs to a wrong name, is not compared.
    let well = |name: &str| {
        let at = format!("services.{name}");
        report.clean(&[&at, &format!("{at}.path"), &format!("{at}.path_priority")])
    };
    let services: Vec<Named> =
        config.services.iter().map(|(name, service)| (name.as_str(), service)).filter(|(name, _)| well(name)).collect();
    for (index, left) in services.iter().enumerate() {
        for right in &services[index + 1..] {
            pair(*left, *right, report);
        }
    }
}

fn pair(left: Named, right: Named, report: &mut Report) {
    let path = |name: &str| format!("services.{name}.path");
    if left.1.path == right.1.path {
        let what = format!("is \"{}\", which is also the path of `{}`", right.1.path, left.0);
        let fault = Fault::new(what, "the same path", "give each service a path of its own");
        report.blame_with(&path(right.0), fault, &[(&path(left.0), "taken here".into())]);
    } else if holds(&left.1.path, &right.1.path) {
        nested(left, right, report);
    } else if holds(&right.1.path, &left.1.path) {
        nested(right, left, report);
    }
}

/// A path within another is fine where their order is given, and the inner one comes first.
fn nested(outer: Named, inner: Named, report: &mut Report) {
    let ((outer_name, outer), (inner_name, inner)) = (outer, inner);
    let (outer_key, inner_key) =
        (format!("services.{outer_name}.path_priority"), format!("services.{inner_name}.path_priority"));
    let remedy = format!(
        "the lower number is tried first: for example path_priority = 10 in [services.{inner_name}] and 20 in \
         [services.{outer_name}]"
    );
    match (inner.path_priority, outer.path_priority) {
        (Some(first), Some(second)) if first < second => {}
        (Some(first), Some(second)) => {
            let what = if first == second {
                format!("is {first}, as that of `{outer_name}`, whose path \"{}\" holds this one", outer.path)
            } else {
                format!(
                    "is {first}, after `{outer_name}` with {second}: no request would ever reach \"{}\"",
                    inner.path
                )
            };
            let other = (&*outer_key, format!("\"{}\" is tried here", outer.path));
            report.blame_with(&inner_key, Fault::new(what, "must be lower", remedy), &[other]);
        }
        _ => {
            let what =
                format!("lies within \"{}\" of `{outer_name}`, and nothing says which is tried first", outer.path);
            let other = (&*format!("services.{outer_name}.path"), "holds it".to_string());
            let fault = Fault::new(what, "lies within the other", remedy);
            report.blame_with(&format!("services.{inner_name}.path"), fault, &[other]);
        }
    }
}

//! Regions, zones, certificates and retention times.

use crate::config::report::{Fault, quotable};

/// Regions that are offered as a correction. Others of the same shape are accepted: AWS opens new ones.
const REGIONS: [&str; 33] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

const DIRECTIONS: [&str; 9] =
    ["north", "northeast", "east", "southeast", "south", "southwest", "west", "northwest", "central"];

/// An AWS region: area, direction, number (`eu-central-1`, `us-gov-west-1`).
pub(crate) fn region(text: &str) -> Result<String, Fault> {
    let parts: Vec<&str> = text.split('-').collect();
    let shaped = match parts.as_slice() {
        [area @ .., direction, number] => {
            matches!(area.len(), 1 | 2)
                && area.iter().all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase()))
                && DIRECTIONS.contains(direction)
                && !number.starts_with('0')
                && !number.is_empty()
                && number.chars().all(|c| c.is_ascii_digit())
        }
        _ => false,
    };
    if shaped {
        return Ok(text.into());
    }
    let help = match crate::config::suggest::nearest(text, REGIONS) {
        Some(region) => format!("did you mean `{region}`?"),
        None => "write the region's code, such as `us-east-1` or `eu-central-1`".into(),
    };
    Err(Fault::new("is not an AWS region", "no region has this name", help))
}

/// The three zones of an environment in `region`.
pub(crate) fn zones(zones: &[String], region: &str) -> Result<(), Fault> {
    let help = format!("name three, such as [\"{region}a\", \"{region}b\", \"{region}c\"], or leave the line out");
    if zones.len() != 3 {
        return Err(Fault::new("must name exactly three zones", format!("{} here", zones.len()), help));
    }
    for (index, zone) in zones.iter().enumerate() {
        let letter = zone.strip_prefix(region).unwrap_or_default();
        if letter.len() != 1 || !letter.chars().all(|c| c.is_ascii_lowercase()) {
            let zone = quotable(zone);
            return Err(Fault::new(format!("names `{zone}`, which is no zone of {region}"), "not in the region", help));
        }
        if zones[..index].contains(zone) {
            return Err(Fault::new(format!("names `{zone}` twice"), "three different zones are needed", help));
        }
    }
    Ok(())
}

/// The ARN of an ACM certificate, `arn:aws:acm:{region}:{account}:certificate/{id}`.
pub(crate) fn certificate_arn(text: &str) -> Result<String, Fault> {
    let parts: Vec<&str> = text.split(':').collect();
    let label = match parts.as_slice() {
        ["arn", partition, "acm", certificate_region, account, resource] => {
            let id = resource.strip_prefix("certificate/").unwrap_or_default();
            if !["aws", "aws-cn", "aws-us-gov"].contains(partition) || region(certificate_region).is_err() {
                "no such partition or region"
            } else if account.len() != 12 || !account.chars().all(|c| c.is_ascii_digit()) {
                "the account must have 12 digits"
            } else if id.is_empty() || !id.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
                "the end must be `certificate/` and its id"
            } else {
                return Ok(text.into());
            }
        }
        ["arn", _, service, ..] if *service != "acm" => "not a certificate of ACM",
        _ => "not the shape of a certificate's ARN",
    };
    let help = "copy the ARN from `aws acm list-certificates`: \
                arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";
    Err(Fault::new("is not the ARN of an ACM certificate", label, help))
}

/// The region of a certificate's ARN.
pub(crate) fn certificate_region(arn: &str) -> &str {
    arn.split(':').nth(3).unwrap_or_default()
}

/// Days that CloudWatch Logs can keep log events (CloudWatch Logs API reference, PutRetentionPolicy).
const RETENTION_DAYS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// A retention time that CloudWatch Logs accepts.
pub(crate) fn retention_days(days: i128) -> Result<u32, Fault> {
    if let Some(accepted) = RETENTION_DAYS.into_iter().find(|accepted| i128::from(*accepted) == days) {
        return Ok(accepted);
    }
    let all = RETENTION_DAYS.map(|days| days.to_string()).join(", ");
    let longer = RETENTION_DAYS.into_iter().find(|accepted| i128::from(*accepted) > days).unwrap_or(3653);
    let label = format!("the nearest longer one is {longer}");
    let label = if days > 3653 { "the longest is 3653".into() } else { label };
    Err(Fault::new("is not a retention that CloudWatch Logs accepts", label, format!("choose one of {all} days")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_have_an_area_a_direction_and_a_number() {
        for good in REGIONS.into_iter().chain(["us-gov-west-1", "eusc-de-east-1", "cn-northwest-1", "xy-central-12"]) {
            assert!(region(good).is_ok(), "{good}");
        }
        for bad in
            ["", "us-east", "us-esat-1", "US-EAST-1", "us-east-1a", "us-east-0", "us-east-01", "us-east-+1", "east-1"]
        {
            assert!(region(bad).is_err(), "{bad}");
        }
        assert_eq!(region("us-esat-1").unwrap_err().help, "did you mean `us-east-1`?");
        assert_eq!(region("eu_central_1").unwrap_err().help, "did you mean `eu-central-1`?");
    }

    #[test]
    fn zones_are_three_different_ones_of_the_region() {
        let check = |names: &[&str]| zones(&names.iter().map(|name| name.to_string()).collect::<Vec<_>>(), "us-east-1");
        assert_eq!(check(&["us-east-1a", "us-east-1b", "us-east-1f"]), Ok(()));
        assert_eq!(check(&[]).unwrap_err().label, "0 here");
        assert_eq!(check(&["us-east-1a", "us-east-1b"]).unwrap_err().label, "2 here");
        assert!(check(&["us-east-1a", "us-east-1b", "us-east-1a"]).unwrap_err().what.contains("twice"));
        for bad in ["us-east-2a", "us-east-1", "us-east-1-bos-1a", "a"] {
            assert!(check(&["us-east-1a", "us-east-1b", bad]).unwrap_err().what.contains(bad));
        }
    }

    #[test]
    fn certificates_are_of_acm() {
        let good = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012";
        assert_eq!(certificate_arn(good).as_deref(), Ok(good));
        assert_eq!(certificate_region(good), "eu-west-1");
        for (from, to) in [
            ("acm", "iam"),
            ("arn:aws", "arn:azure"),
            ("eu-west-1", "europe"),
            ("123456789012:", "1234:"),
            ("certificate/12", "certificates/12"),
            ("certificate/12345678-1234-1234-1234-123456789012", "certificate/"),
            (":certificate", ""),
        ] {
            assert!(certificate_arn(&good.replacen(from, to, 1)).is_err(), "{from} -> {to}");
        }
    }

    #[test]
    fn retention_is_one_of_the_values_of_cloudwatch_logs() {
        assert_eq!(retention_days(30), Ok(30));
        assert_eq!(retention_days(31).unwrap_err().label, "the nearest longer one is 60");
        assert_eq!(retention_days(0).unwrap_err().label, "the nearest longer one is 1");
        assert_eq!(retention_days(9999).unwrap_err().label, "the longest is 3653");
    }
}

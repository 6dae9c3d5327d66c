//! The sizes that Fargate offers.

use crate::config::report::Fault;

/// CPU units and, in MiB, the least memory, the most memory and the step between (ECS Developer Guide, task CPU and memory
/// of Fargate task definitions).
const SIZES: [(u32, u32, u32, u32); 7] = [
    (256, 512, 2048, 512),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
];

/// The least and the most memory that there is, in MiB.
pub(crate) const MEMORY: std::ops::RangeInclusive<u32> = 512..=122_880;

/// The least memory, in MiB, that leaves the application a fair share beside App Mesh's two Envoys and the agent, which take 416 MiB
/// at least.
pub(crate) const LEAST_WITH_APP_MESH: u32 = 1024;

/// Every size that Fargate offers.
#[cfg(test)]
pub(crate) fn all() -> Vec<(u32, u32)> {
    let with = |cpu: u32| memory_of(cpu).into_iter().flatten().map(move |memory| (cpu, memory));
    SIZES.into_iter().flat_map(|(cpu, ..)| with(cpu)).collect()
}

/// The memory that goes with `cpu`, in MiB; `None` if Fargate has no such size.
fn memory_of(cpu: u32) -> Option<Vec<u32>> {
    let (_, least, most, step) = SIZES.into_iter().find(|(offered, ..)| *offered == cpu)?;
    // A quarter of a vCPU comes with 512, 1024 or 2048 MiB, but not with 1536.
    let offered = |memory: &u32| (cpu, *memory) != (256, 1536);
    Some((least..=most).step_by(step as usize).filter(offered).collect())
}

/// CPU units that Fargate offers.
pub(in crate::config) fn cpu(cpu: i128) -> Result<u32, Fault> {
    SIZES.into_iter().map(|(offered, ..)| offered).find(|offered| i128::from(*offered) == cpu).ok_or_else(|| {
        let all = SIZES.map(|(offered, ..)| offered.to_string()).join(", ");
        let help = format!("choose one of {all}; 1024 are one vCPU");
        Fault::new("is not a size that Fargate offers", "no such number of CPU units", help)
    })
}

/// Memory that Fargate offers together with `cpu`.
pub(in crate::config) fn memory(cpu: u32, memory: u32) -> Result<(), Fault> {
    let Some(offered) = memory_of(cpu) else { return Ok(()) };
    if offered.contains(&memory) {
        return Ok(());
    }
    let all = offered.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
    let larger =
        SIZES.into_iter().map(|(cpu, ..)| cpu).find(|cpu| memory_of(*cpu).is_some_and(|m| m.contains(&memory)));
    let help = match larger {
        Some(larger) => {
            format!("with cpu = {cpu}, choose memory = {all} (MiB); or keep the memory and set cpu = {larger}")
        }
        None => format!("with cpu = {cpu}, choose memory = {all} (MiB)"),
    };
    let what = format!("is {memory} MiB, which Fargate does not offer with {cpu} CPU units");
    Err(Fault::new(what, format!("not offered with cpu = {cpu}"), help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_fargate() {
        assert_eq!(memory_of(256), Some(vec![512, 1024, 2048]));
        assert_eq!(memory_of(512), Some(vec![1024, 2048, 3072, 4096]));
        let counts = SIZES.map(|(cpu, ..)| memory_of(cpu).map_or(0, |memory| memory.len()));
        assert_eq!(counts, [3, 4, 7, 13, 23, 12, 12]);
        assert_eq!(memory_of(16384).and_then(|memory| memory.last().copied()), Some(120 * 1024));
        assert_eq!(memory_of(1000), None);
    }

    #[test]
    fn the_range_of_the_memory_is_that_of_the_table() {
        assert_eq!(SIZES.iter().map(|(_, least, ..)| least).min(), Some(MEMORY.start()));
        assert_eq!(SIZES.iter().map(|(_, _, most, _)| most).max(), Some(MEMORY.end()));
    }

    #[test]
    fn what_is_not_offered_is_refused_with_what_is() {
        assert_eq!(cpu(4096), Ok(4096));
        assert!(cpu(1000).unwrap_err().help.contains("512, 1024, 2048"));
        assert_eq!(memory(1024, 2048), Ok(()));
        let fault = memory(1024, 2000).unwrap_err();
        assert_eq!(fault.help, "with cpu = 1024, choose memory = 2048, 3072, 4096, 5120, 6144, 7168, 8192 (MiB)");
        assert!(memory(256, 4096).unwrap_err().help.ends_with("set cpu = 512"));
        assert!(memory(256, 1536).is_err());
        assert!(memory(8192, 17408).is_err());
    }
}

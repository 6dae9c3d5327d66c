//! How a task's CPU and memory are divided among its containers.
//!
//! CPU units are shares that count only while the task's vCPU is contended. Memory limits are hard, and what the sidecars may take at
//! most is kept from the application's reservation, so that all limits together fit into the task (ECS API reference,
//! ContainerDefinition).
//!
//! | container | CPU, of the task's | at most | MiB | in a task of 512 MiB | because |
//! |---|---|---|---|---|---|
//! | envoy | a quarter | 128 | 256 | 160 | a sidecar uses 100 to 200 µs per request and, with a thousand connections, 110 MiB |
//! | ingress (App Mesh only) | an eighth | 64 | 192 | – | half of the traffic, the same program |
//! | both Envoys, while one provider takes over | three sixteenths | 96 | 224 | – | either may carry all calls; together they take what App Mesh takes |
//! | agent | a sixteenth | 32 | 128 | 96 | one datagram per flush; the CloudWatch agent idles at some 60 MiB |
//! | mesh-init | – | – | 64 | 32 | a shell script that ends before the others begin |
//! | application | the rest | | the rest | 224 | reserved; it may use more while the others use less |
//!
//! Envoy caps its own heap well below its container's limit, so that it refuses requests before it is killed: the rest is for what is
//! no heap, some 55 MiB of program pages and the threads' stacks.

use crate::{config::fargate, mesh::DataPlane};

/// CPU units and MiB of one container.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size {
    /// Shares; zero where it needs none of its own.
    pub cpu: u32,
    /// A limit, or the application's reservation.
    pub memory: u32,
}

/// The sizes of all containers of one task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sizes {
    /// Lays out keys and configuration, and ends.
    pub init: Size,
    /// Carries the mesh.
    pub envoy: Size,
    /// What Envoy's heap may take, in MiB.
    pub envoy_heap: u32,
    /// Lets the load balancer in beside App Mesh's Envoy.
    pub ingress: Option<Size>,
    /// Carries the metrics.
    pub agent: Size,
    /// The application: what is left.
    pub application: Size,
}

impl Sizes {
    /// Divides a task of `cpu` units and `memory` MiB, one of those that Fargate offers.
    pub fn of(cpu: u32, memory: u32, plane: DataPlane) -> Self {
        let small = memory < fargate::LEAST_WITH_APP_MESH;
        let size = |part: u32, most: u32, (roomy, tight): (u32, u32)| Size {
            cpu: (cpu / part).min(most),
            memory: if small { tight } else { roomy },
        };
        let init = Size { cpu: 0, ..size(1, 0, (64, 32)) };
        // App Mesh in a small task is refused, where this would leave the application too little.
        let (envoy, ingress) = match plane {
            DataPlane::Envoy => (size(4, 128, (256, 160)), None),
            DataPlane::AppMesh => (size(4, 128, (256, 160)), Some(size(8, 64, (192, 128)))),
            DataPlane::BothCallingAppMesh | DataPlane::BothCallingEnvoy => {
                let each = Size { cpu: (cpu * 3 / 16).min(96), ..size(1, 0, (224, 144)) };
                (each, Some(each))
            }
        };
        let agent = size(16, 32, (128, 96));
        let others = [Some(init), Some(envoy), ingress, Some(agent)].into_iter().flatten();
        let (taken, kept) = others.fold((0, 0), |(cpu, memory), one| (cpu + one.cpu, memory + one.memory));
        let application = Size { cpu: cpu - taken, memory: memory - kept };
        Sizes { init, envoy, envoy_heap: if small { 64 } else { 128 }, ingress, agent, application }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Envoy needs beside its heap: pages of its program and stacks, measured with 1.40.0.
    const BESIDE_HEAP: u32 = 64;

    #[test]
    fn in_every_size_that_fargate_offers_the_limits_fit_and_the_application_gets_its_share() {
        for (cpu, memory) in fargate::all() {
            let fits = |plane: &DataPlane| !plane.has_app_mesh() || memory >= fargate::LEAST_WITH_APP_MESH;
            for plane in DataPlane::ALL.into_iter().filter(fits) {
                let sizes = Sizes::of(cpu, memory, plane);
                let all =
                    [Some(sizes.init), Some(sizes.envoy), sizes.ingress, Some(sizes.agent), Some(sizes.application)];
                let sum = |part: fn(&Size) -> u32| all.iter().flatten().map(part).sum::<u32>();
                let task = format!("{cpu} units, {memory} MiB, {plane}: {sizes:?}");
                assert_eq!((sum(|size| size.cpu), sum(|size| size.memory)), (cpu, memory), "{task}");
                assert!(sizes.application.cpu * 2 >= cpu, "half of the CPU: {task}");
                assert!(sizes.application.memory * 3 >= memory, "a third of the memory: {task}");
                assert!(sizes.envoy_heap + BESIDE_HEAP <= sizes.envoy.memory, "{task}");
                assert!(sizes.ingress.is_none_or(|size| sizes.envoy_heap + BESIDE_HEAP <= size.memory), "{task}");
                let least = if plane.is_between() { 48 } else { 64 };
                assert!(sizes.envoy.cpu >= least && sizes.agent.memory >= 96, "{task}");
                assert!(all.iter().flatten().all(|size| size.memory >= 6), "what Docker wants at least: {task}");
            }
        }
    }

    #[test]
    fn the_smallest_and_the_usual_task() {
        let sizes = Sizes::of(256, 512, DataPlane::Envoy);
        assert_eq!((sizes.application, sizes.envoy), (Size { cpu: 176, memory: 224 }, Size { cpu: 64, memory: 160 }));
        let sizes = Sizes::of(1024, 2048, DataPlane::Envoy);
        assert_eq!((sizes.application, sizes.envoy), (Size { cpu: 864, memory: 1600 }, Size { cpu: 128, memory: 256 }));
        for plane in [DataPlane::AppMesh, DataPlane::BothCallingAppMesh, DataPlane::BothCallingEnvoy] {
            let sizes = Sizes::of(256, 1024, plane);
            assert_eq!(
                sizes.application,
                Size { cpu: 144, memory: 384 },
                "the application has the same throughout: {plane}"
            );
        }
    }
}

//! A change of the mesh's provider at the prompt, in the sandbox.

use super::bench::Bench;

/// Two services with a short bake.
fn pair(provider: &str) -> String {
    format!(
        "[platform]\nteam = \"platform\"\ncost_center = \"42\"\n[mesh]\nprovider = \"{provider}\"\n[services.accounts]\nbake_minutes = 1\n\
         [services.payments]\ncalls = [\"accounts\"]\nbake_minutes = 1\n"
    )
}

#[test]
fn one_command_goes_through_all_three_phases() {
    let bench = Bench::empty();
    bench.write("config/platform.toml", &pair("app-mesh"));
    bench.sandbox("up --yes --sandbox-app-mesh").ended(0, &["App Mesh, as configured"]);

    bench.write("config/platform.toml", &pair("envoy"));
    let plan = bench.sandbox("plan --sandbox-app-mesh");
    assert_eq!(plan.code, 2, "changes: {}", plan.err);
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let said = "The mesh changes from App Mesh to Envoy in three phases, each a roll-out of the services that is complete everywhere before the \
                next begins, so that no call fails: 1 accept calls both ways, 2 call by Envoy, 3 leave App Mesh. This is phase 1 of 3 (accept calls \
                both ways), which 0 of 2 services have; up carries out the other two, too.";
    assert!(words(&plan.out).contains(&words(said)), "{}", plan.out);
    let status = bench.sandbox("status --sandbox-app-mesh");
    assert!(
        words(&status.out).contains("phase 1 of 3 (accept calls both ways): 0 of 2 services are there"),
        "{}",
        status.out
    );

    let changed = bench.sandbox("up --yes --json --sandbox-app-mesh");
    assert_eq!(changed.code, 0, "{}", changed.err);
    let lines = changed.lines();
    let phases: Vec<_> =
        lines.iter().filter(|line| line["type"] == "phase").map(|line| line["phase"].clone()).collect();
    assert_eq!(phases, [1, 2, 3]);
    assert!(lines.iter().filter(|line| line["type"] == "phase").all(|line| line["change"] == "mesh-provider"));
    assert_eq!(changed.summary()["exit_code"], 0, "{}", changed.summary());
    bench.sandbox("plan").ended(0, &[]);
    let status = bench.sandbox("status");
    assert!(!status.out.contains("phase"), "{}", status.out);
    bench.sandbox("destroy --yes").ended(0, &["deleted"]);
}

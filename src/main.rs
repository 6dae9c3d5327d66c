//! The `platformctl` program; see `platformctl::cli`.

fn main() -> std::process::ExitCode {
    platformctl::cli::main()
}

//! The package that the rotator's function is made from.

use std::{
    io::{Cursor, Write},
    path::{Path, PathBuf},
};

use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::Workspace;
use crate::{
    blueprint::RotatorCode,
    config::Config,
    engine::{Class, Failure},
    rotator::elf::{self, Unfit},
};

/// The program's name beside platformctl.
pub const PROGRAM: &str = "platformctl-rotator";
/// Its name in the package (Lambda developer guide, "Building a custom runtime").
const BOOTSTRAP: &str = "bootstrap";
/// Bytes that Lambda takes in a request (Lambda quotas: 50 MB zipped, when uploaded directly).
const LARGEST: usize = 50 * 1024 * 1024;
/// What the simulated AWS is given: it runs the rotator that is built in.
const STAND_IN: &[u8] = b"The simulated AWS runs the rotator that is part of platformctl.\n";

const BUILD: &str = "build one that can, on Amazon Linux 2023 or an older Linux (`cargo build --release --bin platformctl-rotator`), or \
                     with `cargo zigbuild --release --bin platformctl-rotator --target x86_64-unknown-linux-gnu.2.34`, and put it beside \
                     platformctl. To do without: set rotate_certificates = false in [mesh] and remove [database]";

/// Where the program comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// This directory: where platformctl is.
    Directory(PathBuf),
    /// Nowhere: AWS is simulated.
    StandIn,
}

impl Source {
    /// The directory of the running program.
    pub fn beside() -> Self {
        let own = std::env::current_exe().unwrap_or_default();
        Source::Directory(own.parent().map(Path::to_path_buf).unwrap_or_default())
    }
}

/// Whether a configuration needs it.
pub fn is_needed(config: &Config) -> bool {
    config.mesh.rotate_certificates || config.services.values().any(|service| service.database)
}

/// Examines the program, packs it and keeps the package for the upload.
///
/// # Errors
/// Where there is no such program, or it can't run on Lambda; with how to build one that can. Nothing has been created then.
pub fn rotator(workspace: &Workspace) -> Result<RotatorCode, Failure> {
    let (program, architecture) = match &workspace.rotator {
        Source::StandIn => (STAND_IN.to_vec(), "x86_64"),
        Source::Directory(directory) => read(&directory.join(PROGRAM))?,
    };
    let package = pack(&program)?;
    if package.len() > LARGEST {
        let megabytes = package.len() / (1024 * 1024);
        let message = format!("the package of {PROGRAM} has {megabytes} MB, and Lambda takes 50");
        return Err(Failure::new(Class::Invalid, message).remedy("build it with --release, and strip it"));
    }
    Ok(RotatorCode { digest: workspace.aws.packages.keep(package), architecture: architecture.to_owned() })
}

fn read(path: &Path) -> Result<(Vec<u8>, &'static str), Failure> {
    let refuse = |why: String| {
        let message = format!("the program that rotates certificates and credentials, {}, {why}", path.display());
        Failure::new(Class::Invalid, message).remedy(BUILD)
    };
    let bytes = std::fs::read(path).map_err(|error| refuse(format!("can't be read: {error}")))?;
    let program = elf::examine(&bytes).map_err(|unfit: Unfit| refuse(unfit.to_string()))?;
    Ok((bytes, program.architecture))
}

/// The same bytes for the same program, wherever and whenever it is packed: an upload would follow from any difference.
fn pack(program: &[u8]) -> Result<Vec<u8>, Failure> {
    let failed = |error: String| Failure::internal(format!("the rotator can't be packed: {error}"));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(BOOTSTRAP, options).map_err(|error| failed(error.to_string()))?;
    archive.write_all(program).map_err(|error| failed(error.to_string()))?;
    archive.finish().map(Cursor::into_inner).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_is_the_same_every_time_and_holds_an_executable() {
        let (one, two) = (pack(STAND_IN).expect("a package"), pack(STAND_IN).expect("a package"));
        assert_eq!(one, two);
        let mut archive = zip::ZipArchive::new(Cursor::new(one)).expect("an archive");
        let file = archive.by_index(0).expect("one file");
        assert_eq!(file.name().expect("a name"), BOOTSTRAP);
        assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(0o755));
        assert_eq!(file.size(), STAND_IN.len() as u64);
    }

    #[test]
    fn an_unfit_program_is_refused_with_how_to_build_another() {
        let directory = tempfile::TempDir::new().expect("a directory");
        let path = directory.path().join(PROGRAM);
        let absent = read(&path).expect_err("there is none");
        assert!(absent.message.contains("can't be read") && absent.remedy.is_some_and(|text| text.contains("cargo")));
        std::fs::write(&path, "#!/bin/sh\n").expect("written");
        let script = read(&path).expect_err("a script");
        assert!(script.message.contains("ELF") && script.class == Class::Invalid, "{script}");
    }
}

//! Whether a program can run on Amazon Linux 2023, read off its ELF header and the versions of symbols that it needs
//! (System V ABI, "Object Files"; Linux Standard Base, "Symbol Versioning").

/// The glibc of Amazon Linux 2023 (Amazon Linux 2023 release notes: 2.34).
pub const GLIBC: Version = Version { major: 2, minor: 34 };

const MAGIC: &[u8] = b"\x7fELF\x02\x01";
const X86_64: u16 = 62;
const AARCH64: u16 = 183;
const EXECUTABLE: u16 = 2;
const SHARED: u16 = 3;
/// Section type of the versions that are needed.
const VERSIONS_NEEDED: u32 = 0x6fff_fffe;

/// A version of glibc.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The major number.
    pub major: u32,
    /// The minor number.
    pub minor: u32,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// What a program was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// `x86_64` or `arm64`, as Lambda calls them.
    pub architecture: &'static str,
    /// The newest glibc that it needs; `None` where it needs none.
    pub glibc: Option<Version>,
}

/// Why a program can't run there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is no program for Linux.
    #[error("is no 64-bit program for Linux (ELF)")]
    NotElf,
    /// It ends in the middle of what its header announces.
    #[error("is damaged: it ends too early")]
    Damaged,
    /// It is for another processor.
    #[error("was built for another processor (ELF machine {0}) than Lambda's, which are x86_64 and arm64")]
    Machine(u16),
    /// It needs a newer glibc.
    #[error("needs glibc {0}, and Lambda's Amazon Linux 2023 has {GLIBC}")]
    Glibc(Version),
}

/// Examines a program.
///
/// # Errors
/// Why it can't run on Amazon Linux 2023.
pub fn examine(bytes: &[u8]) -> Result<Program, Unfit> {
    if !bytes.starts_with(MAGIC) || ![EXECUTABLE, SHARED].contains(&half(bytes, 16)?) {
        return Err(Unfit::NotElf);
    }
    let architecture = match half(bytes, 18)? {
        X86_64 => "x86_64",
        AARCH64 => "arm64",
        other => return Err(Unfit::Machine(other)),
    };
    let glibc = glibc(bytes)?;
    match glibc {
        Some(version) if version > GLIBC => Err(Unfit::Glibc(version)),
        glibc => Ok(Program { architecture, glibc }),
    }
}

fn glibc(bytes: &[u8]) -> Result<Option<Version>, Unfit> {
    let (table, size, count) = (long(bytes, 40)?, usize::from(half(bytes, 58)?), usize::from(half(bytes, 60)?));
    if bytes.len() < at(table, count * size)? {
        return Err(Unfit::Damaged);
    }
    let mut newest = None;
    for index in 0..count {
        let header = at(table, index * size)?;
        if word(bytes, at(header, 4)?)? != VERSIONS_NEEDED {
            continue;
        }
        let (start, files) = (long(bytes, at(header, 24)?)?, word(bytes, at(header, 44)?)?);
        let strings = at(table, word(bytes, at(header, 40)?)? as usize * size)?;
        let strings = long(bytes, at(strings, 24)?)?;
        newest = newest.max(newest_needed(bytes, start, files, strings)?);
    }
    Ok(newest)
}

/// The newest version of glibc in a section of versions that are needed: a list of libraries, each with a list of versions.
fn newest_needed(bytes: &[u8], start: usize, files: u32, strings: usize) -> Result<Option<Version>, Unfit> {
    let (mut newest, mut file) = (None, start);
    for _ in 0..files {
        let mut entry = at(file, word(bytes, at(file, 8)?)? as usize)?;
        for _ in 0..half(bytes, at(file, 2)?)? {
            let name = text(bytes, at(strings, word(bytes, at(entry, 8)?)? as usize)?)?;
            newest = newest.max(version(name));
            entry = at(entry, word(bytes, at(entry, 12)?)? as usize)?;
        }
        file = at(file, word(bytes, at(file, 12)?)? as usize)?;
    }
    Ok(newest)
}

/// `GLIBC_2.34`, `GLIBC_2.2.5`; other libraries' versions are none of glibc's.
fn version(name: &str) -> Option<Version> {
    let mut numbers = name.strip_prefix("GLIBC_")?.split('.');
    Some(Version { major: numbers.next()?.parse().ok()?, minor: numbers.next()?.parse().ok()? })
}

fn at(start: usize, offset: usize) -> Result<usize, Unfit> {
    start.checked_add(offset).ok_or(Unfit::Damaged)
}

fn part<const N: usize>(bytes: &[u8], start: usize) -> Result<[u8; N], Unfit> {
    let found = bytes.get(start..at(start, N)?).and_then(|part| part.try_into().ok());
    found.ok_or(Unfit::Damaged)
}

fn half(bytes: &[u8], start: usize) -> Result<u16, Unfit> {
    part(bytes, start).map(u16::from_le_bytes)
}

fn word(bytes: &[u8], start: usize) -> Result<u32, Unfit> {
    part(bytes, start).map(u32::from_le_bytes)
}

fn long(bytes: &[u8], start: usize) -> Result<usize, Unfit> {
    usize::try_from(u64::from_le_bytes(part(bytes, start)?)).map_err(|_| Unfit::Damaged)
}

fn text(bytes: &[u8], start: usize) -> Result<&str, Unfit> {
    let rest = bytes.get(start..).ok_or(Unfit::Damaged)?;
    let end = rest.iter().position(|byte| *byte == 0).ok_or(Unfit::Damaged)?;
    std::str::from_utf8(&rest[..end]).map_err(|_| Unfit::Damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program whose section table has the needed versions `names` and the strings that they are in.
    fn program(machine: u16, names: &[&str]) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(MAGIC);
        bytes[16..18].copy_from_slice(&SHARED.to_le_bytes());
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        let strings = bytes.len();
        let mut offsets = Vec::new();
        for name in names {
            offsets.push((bytes.len() - strings) as u32);
            bytes.extend(name.bytes().chain([0]));
        }
        let needed = bytes.len();
        bytes.extend([1, 0]);
        bytes.extend((names.len() as u16).to_le_bytes());
        bytes.extend([0u32, 16, 0].iter().flat_map(|word| word.to_le_bytes()));
        for offset in offsets {
            bytes.extend([0u32, 0, offset, 16].iter().flat_map(|word| word.to_le_bytes()));
        }
        let table = bytes.len();
        for (kind, start, link, info) in [(3u32, strings, 0u32, 0u32), (VERSIONS_NEEDED, needed, 0, 1)] {
            let mut header = vec![0; 64];
            header[4..8].copy_from_slice(&kind.to_le_bytes());
            header[24..32].copy_from_slice(&(start as u64).to_le_bytes());
            header[40..44].copy_from_slice(&link.to_le_bytes());
            header[44..48].copy_from_slice(&info.to_le_bytes());
            bytes.extend(header);
        }
        bytes[40..48].copy_from_slice(&(table as u64).to_le_bytes());
        bytes[58..60].copy_from_slice(&64u16.to_le_bytes());
        bytes[60..62].copy_from_slice(&2u16.to_le_bytes());
        bytes
    }

    #[test]
    fn machine_and_glibc_are_read() {
        let fit = program(AARCH64, &["GLIBC_2.17", "GLIBC_2.34", "GLIBC_2.2.5", "GCC_4.2.0", "GLIBC_PRIVATE"]);
        let expected = Program { architecture: "arm64", glibc: Some(GLIBC) };
        assert_eq!(examine(&fit), Ok(expected));
        assert_eq!(examine(&program(X86_64, &[])), Ok(Program { architecture: "x86_64", glibc: None }));
    }

    #[test]
    fn what_can_not_run_there_is_refused_with_the_reason() {
        let newer = Version { major: 2, minor: 38 };
        assert_eq!(examine(&program(X86_64, &["GLIBC_2.4", "GLIBC_2.38"])), Err(Unfit::Glibc(newer)));
        assert_eq!(examine(&program(243, &[])), Err(Unfit::Machine(243)));
        assert_eq!(examine(b"#!/bin/sh\n"), Err(Unfit::NotElf));
        assert_eq!(examine(b""), Err(Unfit::NotElf));
    }

    #[test]
    fn a_program_that_is_cut_off_is_refused_and_never_a_panic() {
        let whole = program(X86_64, &["GLIBC_2.34"]);
        for length in 0..whole.len() {
            assert!(examine(&whole[..length]).is_err(), "{length}");
        }
    }

    /// The test itself is a program: its needs are those that the system's own tools show, so it is at least examined without damage.
    #[test]
    fn a_real_program_is_read() {
        let own = std::fs::read(std::env::current_exe().expect("the test's own program")).expect("readable");
        assert!(matches!(examine(&own), Ok(_) | Err(Unfit::Glibc(_))), "{:?}", examine(&own));
    }
}

//! Verifiers of passwords as PostgreSQL keeps them: `SCRAM-SHA-256$4096:<salt>$<stored key>:<server key>` (RFC 5803; PostgreSQL
//! documentation, "pg_authid").
//!
//! `ALTER ROLE … PASSWORD` takes no parameters, so that what is in it is in the server's log and wherever else statements go. A verifier in
//! the place of the password takes the password out of all of that, and all quoting with it.

use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rand::{RngCore, TryRngCore, rngs::OsRng};

/// PostgreSQL's own count (`scram_iterations`).
const ITERATIONS: u32 = 4096;
/// PostgreSQL's own length, in bytes.
const SALT: usize = 16;
const MECHANISM: &str = "SCRAM-SHA-256";

/// The verifier of a password, with a new salt.
pub fn verifier(password: &str) -> String {
    let mut salt = [0; SALT];
    OsRng.unwrap_err().fill_bytes(&mut salt);
    with(password, &salt, ITERATIONS)
}

/// Whether a password is the one of a verifier.
pub fn matches(password: &str, verifier: &str) -> bool {
    let parts = || {
        let (iterations, rest) = verifier.strip_prefix(MECHANISM)?.strip_prefix('$')?.split_once(':')?;
        let (salt, _) = rest.split_once('$')?;
        Some((iterations.parse().ok()?, STANDARD.decode(salt).ok()?))
    };
    parts().is_some_and(|(iterations, salt): (u32, Vec<u8>)| with(password, &salt, iterations) == verifier)
}

/// RFC 5802, section 3.
fn with(password: &str, salt: &[u8], iterations: u32) -> String {
    // PostgreSQL takes a password as it is where SASLprep refuses it (`pg_saslprep`).
    let prepared = stringprep::saslprep(password).unwrap_or(password.into());
    let mut salted = [0; digest::SHA256_OUTPUT_LEN];
    let count = NonZeroU32::new(iterations).unwrap_or(NonZeroU32::MIN);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, count, salt, prepared.as_bytes(), &mut salted);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let stored = digest::digest(&digest::SHA256, hmac::sign(&key, b"Client Key").as_ref());
    let server = hmac::sign(&key, b"Server Key");
    let (salt, stored, server) = (STANDARD.encode(salt), STANDARD.encode(stored), STANDARD.encode(server));
    format!("{MECHANISM}${iterations}:{salt}${stored}:{server}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7677, section 3: its server signature follows from this server key.
    #[test]
    fn the_keys_are_those_of_the_rfc() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").expect("base 64");
        let made = with("pencil", &salt, 4096);
        assert!(made.starts_with("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"), "{made}");
        let server = made.rsplit(':').next().expect("a server key");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(server).expect("base 64"));
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
                       s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let signature = STANDARD.encode(hmac::sign(&key, message.as_bytes()));
        assert_eq!(signature, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
    }

    #[test]
    fn a_verifier_matches_its_password_alone() {
        let made = verifier("it's \\ \"$\u{e9}");
        assert!(matches("it's \\ \"$\u{e9}", &made) && !matches("it's", &made));
        assert_ne!(made, verifier("it's \\ \"$\u{e9}"), "each has its own salt");
        assert!(!made.contains(['\'', '\\', ' ']), "{made} needs no quoting");
        for broken in ["", "md5abc", "SCRAM-SHA-256$x:AA==$a:b", "SCRAM-SHA-256$0:AA==$a:b"] {
            assert!(!matches("", broken), "{broken}");
        }
    }
}

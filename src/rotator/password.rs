//! Passwords.

use rand::{Rng, TryRngCore, rngs::OsRng};

/// Characters that need no quoting in a connection string.
const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
/// Of 66 characters: 193 bits.
const LENGTH: usize = 32;

/// A new password, from the system's random source.
pub fn generate() -> String {
    from(&mut OsRng.unwrap_err())
}

fn from(random: &mut impl Rng) -> String {
    (0..LENGTH).map(|_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())])).collect()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn passwords_use_the_whole_alphabet_and_differ() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let some: Vec<String> = (0..200).map(|_| from(&mut random)).collect();
        assert!(some.iter().all(|text| text.len() == LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte))));
        assert!(ALPHABET.iter().all(|&byte| some.iter().any(|text| text.contains(char::from(byte)))));
        assert!(some.windows(2).all(|pair| pair[0] != pair[1]));
        assert_ne!(generate(), generate());
    }
}

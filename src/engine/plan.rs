//! plan
use serde::Serialize;
/// x
#[derive(Clone, Copy, Debug, Serialize)]
pub enum Action {
    /// c
    Create,
}

//! Values of the command line that follow the rules of the file.

use super::{error::ConfigError, rules::image, suffix::argument_error};

/// An image with its tag or digest, given by an option.
///
/// # Errors
/// If it is not one; the error shows what is wrong with it.
pub fn image_reference(option: &str, text: &str) -> Result<String, ConfigError> {
    image::reference(text).map_err(|fault| argument_error(option, text, 0..text.len(), fault))
}

//! Who answers at which host.

use super::registry::REGISTRIES;
use super::{Asked, Told, registry, store};
use crate::sandbox::call::Call;

/// The answer to a request; `None` where no such host is known.
pub fn answer(call: &mut Call<'_>, asked: &Asked) -> Option<Told> {
    if asked.host == store::layer_host(call.region()) {
        return Some(store::layer(call, asked));
    }
    if let Some(it) = REGISTRIES.iter().find(|it| it.host == asked.host) {
        return Some(registry::answer(call, it, asked));
    }
    if let Some(it) = REGISTRIES.iter().find(|it| it.realm_host() == Some(asked.host.as_str())) {
        return Some(registry::token(it, asked));
    }
    REGISTRIES.iter().any(|it| it.store == asked.host).then(|| store::blob(call, asked))
}

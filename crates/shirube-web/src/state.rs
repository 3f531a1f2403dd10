//! What every request can reach.

use std::sync::Arc;

use shirube_indicators::Engine;
use shirube_model::refusal::Refusal;
use shirube_pack::Pack;
use shirube_store::{Store, StoreClass};

use crate::session::EditKey;

/// Settings of the web application.
#[derive(Debug, Clone, Default)]
pub struct WebOptions {
    /// Key that allows changing records, at least 16 characters; without one
    /// nothing can be changed over the web.
    pub edit_key: Option<String>,
    /// Whether the site is reached over TLS, so that cookies may say so.
    pub secure_cookies: bool,
}

/// Store, pack and engine, shared by all requests.
#[derive(Debug, Clone)]
pub struct AppState {
    inner: Arc<Inner>,
    beside: Option<Arc<Beside>>,
}

/// Other evidence on the same plan, in a store of its own, served at an address
/// of its own. Its values stand beside this store's, each saying which it is.
#[derive(Debug)]
pub(crate) struct Beside {
    /// Where its pages are: scheme, host and port.
    pub(crate) address: String,
    pub(crate) state: AppState,
}

#[derive(Debug)]
struct Inner {
    store: Arc<Store>,
    pack: Arc<Pack>,
    engine: Engine,
    edit_key: Option<EditKey>,
    secure_cookies: bool,
    /// Audits of tables that may run at a time.
    audits: Arc<Semaphore>,
}

impl AppState {
    /// Puts the parts together.
    ///
    /// # Errors
    /// `web.edit-key.short`, `web.edit-key.no-randomness`.
    pub fn new(
        store: Arc<Store>,
        pack: Arc<Pack>,
        engine: Engine,
        options: WebOptions,
    ) -> Result<Self, Refusal> {
        let edit_key = options.edit_key.as_deref().map(EditKey::new).transpose()?;
        let secure_cookies = options.secure_cookies;
        Ok(Self {
            inner: Arc::new(Inner { store, pack, engine, edit_key, secure_cookies }),
            beside: None,
        })
    }

    /// The same application, showing beside its own values those of `other`,
    /// whose pages are at `address` (scheme, host and port).
    #[must_use]
    pub fn beside(self, other: Self, address: &str) -> Self {
        let other = Self { beside: None, ..other };
        let address = address.trim_end_matches('/').to_owned();
        Self { beside: Some(Arc::new(Beside { address, state: other })), ..self }
    }

    /// Whether both stand for one store.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    pub(crate) fn other(&self) -> Option<&Beside> {
        self.beside.as_deref()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn pack(&self) -> &Pack {
        &self.inner.pack
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.inner.engine
    }

    pub(crate) fn edit_key(&self) -> Option<&EditKey> {
        self.inner.edit_key.as_ref()
    }

    pub(crate) fn secure_cookies(&self) -> bool {
        self.inner.secure_cookies
    }

    /// Whether everything shown is made up.
    pub(crate) fn demo(&self) -> bool {
        self.inner.store.meta().class == StoreClass::Demo
    }

    /// `demo` or `live`, as answers and files say it.
    pub(crate) fn evidence(&self) -> &'static str {
        self.inner.store.meta().class.code()
    }
}

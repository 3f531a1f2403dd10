//! What every request can reach.

use std::sync::Arc;

use shirube_access::{
    AccessError, Accounts, Action, Authority, Circumstance, Provider, ProviderConfig, Resource,
};
use shirube_cycle::FollowUp;
use shirube_indicators::Engine;
use shirube_model::refusal::Refusal;
use shirube_model::registers::KINDS;
use shirube_model::schema::KindSchema;
use shirube_pack::Pack;
use shirube_store::{Store, StoreClass};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::health::HealthData;
use crate::session::Who;

/// Audits of tables that run at a time.
const AUDITS_MAX: usize = 1;
/// Reports printed and years verified at a time.
const HEAVY_MAX: usize = 1;

/// Settings of the web application.
#[derive(Debug, Clone, Default)]
pub struct WebOptions {
    /// The accounts of the store; without them nobody signs in and nothing can
    /// be changed over the web.
    pub accounts: Option<Accounts>,
    /// Identity provider that people may sign in with.
    pub provider: Option<ProviderConfig>,
    /// Whether a proxy stands before the service, whose `X-Forwarded-For` says
    /// where a request comes from.
    pub behind_proxy: bool,
    /// Accounts of a demonstration that the sign-in page offers, by name, with
    /// the password they share.
    pub demo_accounts: Option<(Vec<String>, String)>,
    /// Health records that may be asked through their gates.
    pub health: Option<Arc<HealthData>>,
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
    authority: Authority,
    provider: Option<Provider>,
    options: WebOptions,
    /// Turns for audits of tables: how many may run at a time.
    audits: Arc<Semaphore>,
    /// Turns for printing reports and verifying years.
    heavy: Arc<Semaphore>,
}

impl AppState {
    /// Puts the parts together.
    ///
    /// # Errors
    /// `access.authority.*` where the pack's policies do not hold,
    /// `access.oidc.unreachable`.
    pub fn new(
        store: Arc<Store>,
        pack: Arc<Pack>,
        engine: Engine,
        options: WebOptions,
    ) -> Result<Self, Refusal> {
        let authority = match (&pack.authority.schema, &pack.authority.policies) {
            (Some(schema), Some(policies)) => Authority::read(schema, policies),
            (None, None) => Authority::reference(),
            _ => Err(vec![Refusal::new("access.authority.half")]),
        };
        let authority = authority.map_err(|refusals| {
            let first = refusals.into_iter().next();
            first.unwrap_or_else(|| Refusal::new("access.authority.half"))
        })?;
        let provider = options.provider.clone().map(Provider::new).transpose();
        let provider = provider.map_err(|error: AccessError| error.refusal().clone())?;
        if let Some(health) = &options.health {
            health.obey(&store);
        }
        let audits = Arc::new(Semaphore::new(AUDITS_MAX));
        let heavy = Arc::new(Semaphore::new(HEAVY_MAX));
        let inner = Inner { store, pack, engine, authority, provider, options, audits, heavy };
        Ok(Self { inner: Arc::new(inner), beside: None })
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

    /// A turn for an audit, given back when it is dropped; `None` while others
    /// have it.
    pub(crate) fn audit_turn(&self) -> Option<OwnedSemaphorePermit> {
        self.inner.audits.clone().try_acquire_owned().ok()
    }

    /// A turn to print a report or verify a year; `None` while others have it.
    pub(crate) fn heavy_turn(&self) -> Option<OwnedSemaphorePermit> {
        self.inner.heavy.clone().try_acquire_owned().ok()
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

    pub(crate) fn accounts(&self) -> Option<&Accounts> {
        self.inner.options.accounts.as_ref()
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.inner.authority
    }

    pub(crate) fn provider(&self) -> Option<&Provider> {
        self.inner.provider.as_ref()
    }

    pub(crate) fn options(&self) -> &WebOptions {
        &self.inner.options
    }

    pub(crate) fn health(&self) -> Option<&Arc<HealthData>> {
        self.inner.options.health.as_ref()
    }

    pub(crate) fn secure_cookies(&self) -> bool {
        self.inner.options.secure_cookies
    }

    /// Whether somebody may do something.
    pub(crate) fn allows(&self, who: &Who, action: Action<'_>, resource: &Resource) -> bool {
        self.allows_as(who, action, resource, false)
    }

    /// Whether somebody may do something, which may be to judge their own work.
    pub(crate) fn allows_as(
        &self,
        who: &Who,
        action: Action<'_>,
        resource: &Resource,
        own_work: bool,
    ) -> bool {
        let circumstance = Circumstance { own_work, ..who.circumstance() };
        self.authority().allows(&who.principal, action, resource, circumstance)
    }

    /// Whether somebody may know of the records of a register at all.
    pub(crate) fn knows_register(&self, who: &Who, schema: &KindSchema) -> bool {
        !schema.closed || self.allows(who, Action::Read, &Resource::register(schema.kind))
    }

    /// The registers whose records somebody may know of.
    pub(crate) fn known_registers(&self, who: &Who) -> Vec<&'static KindSchema> {
        KINDS.iter().copied().filter(|schema| self.knows_register(who, schema)).collect()
    }

    /// The kinds a search goes through: the one asked for, or all of these.
    pub(crate) fn searched_kinds(&self, who: &Who, kind: Option<&str>) -> Vec<String> {
        match kind {
            Some(kind) => vec![kind.to_owned()],
            None => self.known_registers(who).iter().map(|s| s.kind.to_owned()).collect(),
        }
    }

    /// The yearly follow-up kept in this store.
    pub(crate) fn follow_up(&self) -> FollowUp {
        let inner = &self.inner;
        FollowUp::new(inner.store.clone(), inner.pack.clone(), inner.engine.clone())
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

//! Finding the pack and opening the store a command works on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rust_embed::RustEmbed;
use shirube_indicators::{Engine, EngineOptions};
use shirube_model::refusal::Refusal;
use shirube_pack::{Pack, PackFile};
use shirube_store::{Access, OpenOptions, Store, StoreClass};
use shirube_testkit::demo::{decisions, demo_today};

use crate::cli::StoreArgs;
use crate::output::Failure;

/// The reference pack, built into the binary so that one file is enough.
#[derive(RustEmbed)]
#[folder = "../../packs/japan-2025"]
struct ReferencePack;

/// Reads the pack in `dir`, or the reference pack built in.
pub(crate) fn read(dir: Option<&Path>) -> Result<Pack, Failure> {
    if let Some(dir) = dir {
        return Ok(Pack::read(dir)?);
    }
    let files: Vec<PackFile> = ReferencePack::iter()
        .filter_map(|name| {
            ReferencePack::get(&name).map(|file| PackFile::new(name.as_ref(), file.data.into()))
        })
        .collect();
    Ok(Pack::from_files(&files)?)
}

/// The views of the reference pack that make OMOP tables of FHIR resources.
pub(crate) fn record_views() -> Vec<serde_json::Value> {
    let views = ReferencePack::iter()
        .filter(|name| name.starts_with("records/") && name.ends_with(".json"));
    views.filter_map(|name| serde_json::from_slice(&ReferencePack::get(&name)?.data).ok()).collect()
}

/// A store with its pack and engine.
pub(crate) struct Opened {
    pub(crate) store: Arc<Store>,
    pub(crate) pack: Arc<Pack>,
    pub(crate) engine: Engine,
}

/// Opens an existing store. A demo store shows its own day and decisions.
pub(crate) async fn open(at: &StoreArgs, access: Access) -> Result<Opened, Failure> {
    let pack = Arc::new(read(at.pack.as_deref())?);
    let meta = Store::peek(&at.store).await?;
    let mut options = OpenOptions::new(meta.class, pack.info.id.clone());
    options.access = access;
    let store = Arc::new(Store::open(&at.store, options).await?);
    let engine = engine(&store, &pack)?;
    Ok(Opened { store, pack, engine })
}

/// The engine of a store.
pub(crate) fn engine(store: &Arc<Store>, pack: &Arc<Pack>) -> Result<Engine, Failure> {
    let options = match store.meta().class {
        StoreClass::Demo => EngineOptions { today: Some(demo_today()), decisions: decisions() },
        StoreClass::Live => EngineOptions::default(),
    };
    Ok(Engine::new(store.clone(), pack.clone(), options)?)
}

/// Reads a file of the user's, naming it when that fails.
pub(crate) fn read_text(path: &PathBuf) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|error| {
        Refusal::new("cli.file-unreadable")
            .arg("detail", error)
            .file(path.display().to_string())
            .into()
    })
}

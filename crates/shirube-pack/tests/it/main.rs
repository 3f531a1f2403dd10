//! Packs from outside: rejected ones, differences, the packs of this product.
// The lints that tests are free of do not know the functions tests share.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod differences;
mod packs;
mod reading;
mod rejected;

use std::sync::OnceLock;

use shirube_model::lang::LocalText;
use shirube_model::refusal::Refusal;
use shirube_pack::{CheckOptions, NewPack, Pack, PackFile, check, skeleton_files};

/// The pack every case starts from.
pub(crate) fn example() -> NewPack {
    NewPack {
        id: "example".to_owned(),
        title: LocalText::new("例の計画 \"第1期\"", "Example plan \"1\""),
        period_start: "2025-04-01".parse().unwrap(),
        period_end: "2030-03-31".parse().unwrap(),
    }
}

pub(crate) fn files() -> Vec<PackFile> {
    static FILES: OnceLock<Vec<PackFile>> = OnceLock::new();
    FILES.get_or_init(|| skeleton_files(&example())).clone()
}

pub(crate) fn text<'a>(files: &'a [PackFile], name: &str) -> &'a str {
    let file = files.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("no {name}"));
    std::str::from_utf8(&file.bytes).unwrap()
}

pub(crate) fn set(files: &mut Vec<PackFile>, name: &str, text: impl Into<Vec<u8>>) {
    files.retain(|file| file.name != name);
    files.push(PackFile::new(name, text.into()));
}

/// Replaces the one place where `old` stands.
pub(crate) fn replace(files: &mut Vec<PackFile>, name: &str, old: &str, new: &str) {
    let before = text(files, name).to_owned();
    assert_eq!(before.matches(old).count(), 1, "`{old}` in {name}");
    set(files, name, before.replace(old, new));
}

/// Faults of reading, or of the check when it reads.
pub(crate) fn faults(files: &[PackFile]) -> Vec<Refusal> {
    match Pack::from_files(files) {
        Ok(pack) => check(&pack, &CheckOptions::default()),
        Err(faults) => faults.0,
    }
}

/// The line on which `needle` first stands, from 1.
pub(crate) fn line_of(files: &[PackFile], name: &str, needle: &str) -> u64 {
    let at = text(files, name).lines().position(|line| line.contains(needle));
    at.unwrap_or_else(|| panic!("`{needle}` in {name}")) as u64 + 1
}

pub(crate) fn lines(faults: &[Refusal]) -> String {
    faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

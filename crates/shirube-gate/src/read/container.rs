//! What a file is, and whether its archive may be unpacked.

use std::io::{Cursor, Read};

use shirube_model::refusal::Refusal;
use zip::ZipArchive;

use super::limits::Limits;

/// What the first bytes of a file say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// No bytes at all.
    Empty,
    /// A ZIP archive, as XLSX files are.
    Zip,
    /// A workbook encrypted with a password.
    Encrypted,
    /// The binary format that came before XLSX.
    OldBinary,
    /// Anything else: text or not, the CSV reader finds out.
    Text,
}

/// Compound File Binary: old workbooks, and the wrapper of encrypted new ones.
const COMPOUND: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

pub(super) fn sniff(bytes: &[u8]) -> Kind {
    if bytes.is_empty() {
        return Kind::Empty;
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Kind::Zip;
    }
    if bytes.starts_with(&COMPOUND) {
        // The stream's name in the directory, in UTF-16.
        let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let encrypted = bytes.windows(name.len()).any(|window| window == name);
        return if encrypted { Kind::Encrypted } else { Kind::OldBinary };
    }
    Kind::Text
}

/// Checks an archive's directory, and then that each part unpacks to the size
/// the directory promises: a directory can lie.
pub(super) fn check(name: &str, bytes: &[u8], limits: &Limits) -> Result<(), Refusal> {
    let damaged = || Refusal::new("gate.read.damaged").file(name);
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    if archive.len() > limits.parts {
        return Err(bomb(name, "parts", archive.len() as u64, limits.parts as u64));
    }
    let mut total = 0_u64;
    let mut workbook = false;
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).map_err(|_| damaged())?;
        if part.encrypted() {
            return Err(Refusal::new("gate.read.password").file(name));
        }
        workbook |= part.name().is_ok_and(|name| name.eq_ignore_ascii_case("xl/workbook.xml"));
        total = total.saturating_add(part.size());
        // Small parts may compress to almost nothing.
        if part.size() > 1 << 20 && part.size() / part.compressed_size().max(1) > limits.ratio {
            let ratio = part.size() / part.compressed_size().max(1);
            return Err(bomb(name, "ratio", ratio, limits.ratio));
        }
    }
    if total > limits.unpacked_bytes {
        return Err(bomb(name, "bytes", total, limits.unpacked_bytes));
    }
    if !workbook {
        return Err(Refusal::new("gate.read.no-workbook").file(name));
    }
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|_| damaged())?;
        let promised = part.size();
        let mut taken = (&mut part).take(promised.saturating_add(1));
        let unpacked = std::io::copy(&mut taken, &mut std::io::sink()).map_err(|_| damaged())?;
        if unpacked > promised {
            return Err(bomb(name, "bytes", unpacked, promised));
        }
    }
    Ok(())
}

fn bomb(name: &str, what: &str, found: u64, max: u64) -> Refusal {
    Refusal::new("gate.read.unpacked-too-large")
        .arg("what", what)
        .arg("found", found)
        .arg("max", max)
        .file(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_the_first_bytes() {
        let mut encrypted = COMPOUND.to_vec();
        encrypted.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
        let cases: &[(&[u8], Kind)] = &[
            (b"", Kind::Empty),
            (b"PK\x03\x04....", Kind::Zip),
            (&COMPOUND, Kind::OldBinary),
            (&encrypted, Kind::Encrypted),
            (b"a,b\n1,2\n", Kind::Text),
        ];
        for (bytes, kind) in cases {
            assert_eq!(sniff(bytes), *kind);
        }
    }
}

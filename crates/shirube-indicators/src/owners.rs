//! Who owns the keys: in every scope, the record with the least claim.

use std::collections::BTreeMap;

use crate::reader::{NOBODY, Reader};
use crate::stage::{Moved, Seen};

/// Claims the keys of a record in every scope it competes in.
pub(crate) fn claim_keys(reader: &Reader<'_>, owners: &mut [u64], ordinal: u32, seen: Seen) {
    if seen.base != 0 {
        return;
    }
    let me = reader.claim(ordinal, seen.day);
    reader.each_scope(seen, |scope| {
        reader.each_key(seen.row, |key| {
            if let Some(owner) = owners.get_mut(key as usize * reader.scopes + scope) {
                *owner = (*owner).min(me);
            }
        });
    });
}

/// Slots whose owner changes, with the claim that owns them now.
pub(crate) fn contest(
    reader: &Reader<'_>,
    owners: &[u64],
    moved: &[Moved],
) -> BTreeMap<usize, u64> {
    let mut slots: BTreeMap<usize, u64> = BTreeMap::new();
    if reader.scopes == 0 {
        return slots;
    }
    let owner = |slot: usize| owners.get(slot).copied().unwrap_or(NOBODY);
    // A claim that was moved frees its slot: ask everybody again.
    for Moved { ordinal, before } in moved {
        let Some(before) = *before else { continue };
        let me = reader.claim(*ordinal, before.day);
        reader.each_scope(before, |scope| {
            reader.each_key(before.row, |key| {
                let slot = key as usize * reader.scopes + scope;
                if owner(slot) == me {
                    slots.entry(slot).or_insert_with(|| least_claim(reader, slot));
                }
            });
        });
    }
    for Moved { ordinal, .. } in moved {
        let Some(seen) = reader.seen(*ordinal) else { continue };
        let me = reader.claim(*ordinal, seen.day);
        reader.each_scope(seen, |scope| {
            reader.each_key(seen.row, |key| {
                let slot = key as usize * reader.scopes + scope;
                let known = slots.get(&slot).copied().unwrap_or_else(|| owner(slot));
                if me < known {
                    slots.insert(slot, me);
                }
            });
        });
    }
    slots.retain(|&slot, claim| owner(slot) != *claim);
    slots
}

/// Current records that hold the key of a slot.
pub(crate) fn holders(reader: &Reader<'_>, slot: usize) -> impl Iterator<Item = u32> {
    let key = u32::try_from(slot / reader.scopes.max(1)).unwrap_or(u32::MAX);
    let (table, rows) = (reader.table, reader.rows);
    reader.keys.into_iter().flat_map(move |(_, index)| index.rows_of(key)).filter_map(move |row| {
        let ordinal = *table.ordinals.get(row as usize)?;
        (rows.get(ordinal as usize) == Some(&row)).then_some(ordinal)
    })
}

/// The least claim on the key of a slot.
fn least_claim(reader: &Reader<'_>, slot: usize) -> u64 {
    let mut least = NOBODY;
    for ordinal in holders(reader, slot) {
        let Some(seen) = reader.seen(ordinal) else { continue };
        reader.each_scope(seen, |scope| {
            if scope == slot % reader.scopes {
                least = least.min(reader.claim(ordinal, seen.day));
            }
        });
    }
    least
}

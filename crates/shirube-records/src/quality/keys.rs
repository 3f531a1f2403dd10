//! Keys of a table, a part of them at a time.

/// Which of `parts` a key belongs to. Keys that follow each other are spread.
pub(super) fn part_of(key: i64, parts: u64) -> u64 {
    if parts <= 1 {
        return 0;
    }
    let mut z = key.cast_unsigned().wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) % parts
}

/// How many parts make each of them hold about `keys_max` of `rows` keys.
pub(super) fn parts(rows: u64, keys_max: usize) -> u64 {
    rows.div_ceil((keys_max as u64).max(1)).max(1)
}

/// Values by key; the first value of a key counts.
#[derive(Debug)]
pub(super) struct Lookup<V> {
    entries: Vec<(i64, V)>,
}

impl<V> Lookup<V> {
    pub(super) fn new(mut entries: Vec<(i64, V)>) -> Self {
        entries.sort_by_key(|(key, _)| *key);
        entries.dedup_by_key(|(key, _)| *key);
        Self { entries }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn place(&self, key: i64) -> Option<usize> {
        self.entries.binary_search_by_key(&key, |(key, _)| *key).ok()
    }

    pub(super) fn get(&self, key: i64) -> Option<&V> {
        self.place(key).and_then(|place| self.entries.get(place)).map(|(_, value)| value)
    }

    pub(super) fn get_mut(&mut self, key: i64) -> Option<&mut V> {
        let place = self.place(key)?;
        self.entries.get_mut(place).map(|(_, value)| value)
    }
}

/// How many of sorted keys are there more than once, each row counted.
pub(super) fn repeated(sorted: &[i64]) -> u64 {
    let groups = sorted.chunk_by(|a, b| a == b);
    groups.filter(|group| group.len() > 1).map(|group| group.len() as u64).sum()
}

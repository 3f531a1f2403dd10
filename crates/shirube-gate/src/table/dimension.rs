//! Dimensions: codes and the roll-ups that connect them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use shirube_model::refusal::Refusal;

/// One code of a dimension.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Code {
    /// Code, unique within the dimension.
    pub id: String,
    /// Heading as printed.
    pub label: String,
}

/// `total` is the sum of `parts`, wherever the other dimensions are the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Rollup {
    /// Position of the total among the codes.
    pub total: u32,
    /// Positions of the parts, ascending.
    pub parts: Vec<u32>,
}

/// A named dimension. Totals and subtotals are codes like any other; a code may
/// be the total of several roll-ups (five-year and ten-year age bands) and a
/// part of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dimension {
    /// Name, such as `prefecture`. Tables are linked over equal names.
    pub name: String,
    codes: Vec<Code>,
    rollups: Vec<Rollup>,
    #[serde(skip)]
    by_id: BTreeMap<String, u32>,
}

impl Dimension {
    /// A dimension whose codes are `(id, label)`, without roll-ups.
    ///
    /// # Errors
    /// `gate.table.dimension_empty`, `gate.table.code_repeated`.
    pub fn new<I, A, B>(name: impl Into<String>, codes: I) -> Result<Self, Refusal>
    where
        I: IntoIterator<Item = (A, B)>,
        A: Into<String>,
        B: Into<String>,
    {
        let name = name.into();
        let mut by_id = BTreeMap::new();
        let mut list = Vec::new();
        for (id, label) in codes {
            let code = Code { id: id.into(), label: label.into() };
            let at = u32::try_from(list.len()).unwrap_or(u32::MAX);
            if by_id.insert(code.id.clone(), at).is_some() {
                return Err(Refusal::new("gate.table.code_repeated")
                    .arg("dimension", &name)
                    .arg("code", code.id));
            }
            list.push(code);
        }
        if list.is_empty() {
            return Err(Refusal::new("gate.table.dimension_empty").arg("dimension", &name));
        }
        Ok(Self { name, codes: list, rollups: Vec::new(), by_id })
    }

    /// A dimension of `total` and `parts`, ids used as labels.
    ///
    /// # Errors
    /// As for [`Dimension::new`].
    pub fn flat<S: Into<String>>(
        name: impl Into<String>,
        total: impl Into<String>,
        parts: impl IntoIterator<Item = S>,
    ) -> Result<Self, Refusal> {
        let mut codes: Vec<(String, String)> = Vec::new();
        let total = total.into();
        codes.push((total.clone(), total));
        for part in parts {
            let part = part.into();
            codes.push((part.clone(), part));
        }
        let count = u32::try_from(codes.len()).unwrap_or(u32::MAX);
        let mut dimension = Self::new(name, codes)?;
        if count > 1 {
            dimension.rollups.push(Rollup { total: 0, parts: (1..count).collect() });
        }
        Ok(dimension)
    }

    /// Adds "`total` is the sum of `parts`", by code id.
    ///
    /// # Errors
    /// `gate.table.code_unknown`, `gate.table.rollup_cycle`.
    pub fn add_rollup<S: AsRef<str>>(
        &mut self,
        total: &str,
        parts: impl IntoIterator<Item = S>,
    ) -> Result<(), Refusal> {
        let total = self.require(total)?;
        let mut list = BTreeSet::new();
        for part in parts {
            list.insert(self.require(part.as_ref())?);
        }
        if list.is_empty() {
            return Ok(());
        }
        self.rollups.push(Rollup { total, parts: list.into_iter().collect() });
        if self.reaches(total, total) {
            self.rollups.pop();
            let code = self.code(total).map_or_else(String::new, |code| code.id.clone());
            return Err(Refusal::new("gate.table.rollup_cycle")
                .arg("dimension", &self.name)
                .arg("code", code));
        }
        Ok(())
    }

    /// Adds one roll-up per parent from `(code, parent)` pairs.
    ///
    /// # Errors
    /// As for [`Dimension::add_rollup`].
    pub fn add_parents<'a>(
        &mut self,
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), Refusal> {
        let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (code, parent) in pairs {
            groups.entry(parent).or_default().push(code);
        }
        for (parent, children) in groups {
            self.add_rollup(parent, children)?;
        }
        Ok(())
    }

    /// The codes, in printed order.
    #[must_use]
    pub fn codes(&self) -> &[Code] {
        &self.codes
    }

    /// The roll-ups.
    #[must_use]
    pub fn rollups(&self) -> &[Rollup] {
        &self.rollups
    }

    /// Number of codes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Never true: a dimension has a code.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The code at a position.
    #[must_use]
    pub fn code(&self, at: u32) -> Option<&Code> {
        self.codes.get(at as usize)
    }

    /// Position of a code id.
    #[must_use]
    pub fn position(&self, id: &str) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    /// The code that no roll-up has as a part and from which every leaf is
    /// reached: the grand total, when there is exactly one such code.
    #[must_use]
    pub fn grand_total(&self) -> Option<u32> {
        let parts: BTreeSet<u32> = self.rollups.iter().flat_map(|r| r.parts.clone()).collect();
        let mut tops =
            self.rollups.iter().map(|r| r.total).filter(|t| !parts.contains(t)).collect::<Vec<_>>();
        tops.dedup();
        tops.sort_unstable();
        tops.dedup();
        match tops.as_slice() {
            [top] if self.leaves().iter().all(|leaf| self.reaches(*top, *leaf)) => Some(*top),
            _ => None,
        }
    }

    /// Codes that are no total, ascending.
    #[must_use]
    pub fn leaves(&self) -> Vec<u32> {
        let totals: BTreeSet<u32> = self.rollups.iter().map(|r| r.total).collect();
        let count = u32::try_from(self.codes.len()).unwrap_or(u32::MAX);
        (0..count).filter(|code| !totals.contains(code)).collect()
    }

    /// The leaves each code sums over (a leaf over itself), by position. The
    /// first roll-up of a code decides; alternatives must agree to be consistent.
    #[must_use]
    pub fn leaf_sets(&self) -> Vec<BTreeSet<u32>> {
        let mut first: BTreeMap<u32, &Rollup> = BTreeMap::new();
        for rollup in &self.rollups {
            first.entry(rollup.total).or_insert(rollup);
        }
        let count = u32::try_from(self.codes.len()).unwrap_or(u32::MAX);
        (0..count)
            .map(|code| {
                let mut leaves = BTreeSet::new();
                let mut open = vec![code];
                while let Some(next) = open.pop() {
                    match first.get(&next) {
                        None => {
                            leaves.insert(next);
                        }
                        Some(rollup) => open.extend(&rollup.parts),
                    }
                }
                leaves
            })
            .collect()
    }

    fn reaches(&self, from: u32, wanted: u32) -> bool {
        let mut seen = BTreeSet::new();
        let mut open: Vec<u32> = self.parts_of(from);
        while let Some(code) = open.pop() {
            if code == wanted {
                return true;
            }
            if seen.insert(code) {
                open.extend(self.parts_of(code));
            }
        }
        false
    }

    fn parts_of(&self, total: u32) -> Vec<u32> {
        self.rollups
            .iter()
            .filter(|r| r.total == total)
            .flat_map(|r| r.parts.iter().copied())
            .collect()
    }

    fn require(&self, id: &str) -> Result<u32, Refusal> {
        self.position(id).ok_or_else(|| {
            Refusal::new("gate.table.code_unknown").arg("dimension", &self.name).arg("code", id)
        })
    }
}

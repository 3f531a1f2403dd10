//! What the texts before looked like, member by member.

use super::NameId;
use crate::scan::starts;

/// Most steps that are remembered.
const STEPS_MAX: usize = 4_096;
/// Most members that are remembered for one place, as resources of several
/// types take turns.
const WAYS_MAX: usize = 4;

/// A step, by its place in the [`Trail`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StepId(u32);

/// Where a member stands: first in an object, or behind another member.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// First in an object that is, or is in, the value of the step's member.
    FirstIn(StepId),
    Behind(StepId),
}

/// A member as it was written when it was last seen at its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step<'a> {
    /// From the end of what came before to the start of the value: `,"code":`.
    pub(super) lead: &'a [u8],
    /// The value, quotes or brackets included; empty when it is none that
    /// shows where it ends.
    pub(super) value: &'a [u8],
    /// Nesting of the value.
    pub(super) depth: u32,
    /// The member's name, when it is wanted.
    pub(super) id: Option<NameId>,
    first_in: u32,
    behind: u32,
    /// Another member seen at the same place.
    other: u32,
}

/// The members of the texts before, as a tree of steps. A place has no step
/// when its number is 0, which is the step of the text as a whole.
#[derive(Debug)]
pub(super) struct Trail<'a> {
    steps: Vec<Step<'a>>,
}

const BLANK: Step<'_> =
    Step { lead: b"", value: b"", depth: 0, id: None, first_in: 0, behind: 0, other: 0 };

impl<'a> Trail<'a> {
    pub(super) const ROOT: StepId = StepId(0);

    pub(super) fn new() -> Self {
        Self { steps: vec![BLANK] }
    }

    /// Forgets all when so much is remembered that nothing new finds room.
    /// Between two texts only: within one, steps are referred to.
    pub(super) fn tidy(&mut self) {
        if self.steps.len() >= STEPS_MAX {
            self.steps.truncate(1);
            self.steps.fill(BLANK);
        }
    }

    pub(super) fn step(&self, id: StepId) -> Option<&Step<'a>> {
        self.steps.get(id.0 as usize)
    }

    /// The step at a place whose lead `rest` starts with.
    #[inline]
    pub(super) fn find(&self, place: Place, rest: &[u8]) -> Option<(StepId, &Step<'a>)> {
        let mut at = self.first(place);
        while at != 0 {
            let step = self.steps.get(at as usize)?;
            if starts(rest, step.lead) {
                return Some((StepId(at), step));
            }
            at = step.other;
        }
        None
    }

    #[inline]
    fn first(&self, place: Place) -> u32 {
        match place {
            Place::FirstIn(id) => self.step(id).map_or(0, |step| step.first_in),
            Place::Behind(id) => self.step(id).map_or(0, |step| step.behind),
        }
    }

    /// Remembers a member at a place; `None` when there is no room.
    pub(super) fn put(
        &mut self,
        place: Place,
        lead: &'a [u8],
        id: Option<NameId>,
    ) -> Option<StepId> {
        let first = self.first(place);
        let (mut last, mut ways) = (first, usize::from(first != 0));
        while let Some(step) = self.steps.get(last as usize).filter(|step| step.other != 0) {
            (last, ways) = (step.other, ways + 1);
        }
        let at = if ways >= WAYS_MAX { last } else { u32::try_from(self.steps.len()).ok()? };
        // What was below a member of another name is no guide for this one, and
        // was read by whether that one was wanted.
        let step = Step { lead, id, ..BLANK };
        if let Some(old) = self.steps.get_mut(at as usize) {
            *old = Step { behind: old.behind, ..step };
            return Some(StepId(at));
        }
        if self.steps.len() >= STEPS_MAX {
            return None;
        }
        self.steps.push(step);
        let way = match place {
            _ if first != 0 => self.steps.get_mut(last as usize).map(|step| &mut step.other),
            Place::FirstIn(id) => self.steps.get_mut(id.0 as usize).map(|step| &mut step.first_in),
            Place::Behind(id) => self.steps.get_mut(id.0 as usize).map(|step| &mut step.behind),
        };
        way.map(|way| *way = at)?;
        Some(StepId(at))
    }

    /// Remembers the value of a member.
    pub(super) fn keep(&mut self, id: StepId, value: &'a [u8], depth: u32) {
        if let Some(step) = self.steps.get_mut(id.0 as usize) {
            (step.value, step.depth) = (value, depth);
        }
    }
}

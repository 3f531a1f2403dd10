//! Authority: who may do what to what, decided by the Cedar policies of a pack.
//!
//! [`Authority::read`] takes a schema and policies, checks them against each
//! other and against what the product asks, and [`Authority::decide`] answers.
//! Nothing is allowed that no policy permits; a `forbid` overrides; what cannot
//! be decided is refused.

mod entity;
mod read;
mod route;

pub use entity::{
    Action, Circumstance, DataSetResource, FollowUpResource, MeasureResource, Principal,
    RecordResource, Resource,
};
pub use read::{POLICIES_FILE, SCHEMA_FILE, check};
pub use route::{Area, ROUTES, Route, route};

use std::collections::{HashMap, HashSet};

use cedar_policy::{
    Authorizer, Context, Decision as Answer, Entities, Entity, EntityUid, PolicySet, Request,
    Schema,
};
use shirube_model::refusal::Refusal;

/// Whether something may be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It may.
    Allow,
    /// It may not (401 or 403).
    Deny,
    /// It may not, and that the thing exists is not to be known either (404).
    Hidden,
}

impl Outcome {
    /// How the golden matrix writes it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Allow => "yes",
            Self::Deny => "no",
            Self::Hidden => "404",
        }
    }
}

/// A decision with the policies that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Whether it may be done.
    pub outcome: Outcome,
    /// Ids of the policies that permitted it, or forbade it; empty where no
    /// policy spoke.
    pub policies: Vec<String>,
}

impl Decision {
    /// Whether it may be done.
    #[must_use]
    pub fn allowed(&self) -> bool {
        self.outcome == Outcome::Allow
    }
}

/// The policies of a pack, ready to decide.
pub struct Authority {
    schema: Schema,
    policies: PolicySet,
    /// Each action with the groups it belongs to.
    actions: HashMap<EntityUid, Vec<Entity>>,
    authorizer: Authorizer,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authority({} policies)", self.policies.num_of_policies())
    }
}

/// An action with the groups above it, which policies may name instead.
fn with_groups(action: &EntityUid, declared: &Entities) -> Vec<Entity> {
    let groups: HashSet<EntityUid> =
        declared.ancestors(action).into_iter().flatten().cloned().collect();
    let mut all: Vec<Entity> = groups.iter().cloned().map(Entity::with_uid).collect();
    all.push(Entity::new_no_attrs(action.clone(), groups));
    all
}

/// The reference authority, for packs that bring none of their own.
const REFERENCE: (&str, &str) = (
    include_str!("../../../../packs/japan-2025/authority/schema.cedarschema"),
    include_str!("../../../../packs/japan-2025/authority/policies.cedar"),
);

impl Authority {
    /// Reads a schema and policies; every fault with file and line.
    ///
    /// # Errors
    /// `access.authority.*`.
    pub fn read(schema: &str, policies: &str) -> Result<Self, Vec<Refusal>> {
        let (schema, policies) = read::read(schema, policies)?;
        let declared = schema
            .action_entities()
            .map_err(|error| vec![read::schema_fault("access.authority.schema", &error)])?;
        let actions = schema.actions().map(|uid| (uid.clone(), with_groups(uid, &declared)));
        let actions = actions.collect();
        Ok(Self { schema, policies, actions, authorizer: Authorizer::new() })
    }

    /// The reference authority, which governs packs that bring none.
    ///
    /// # Errors
    /// None as long as the product's own tests hold.
    pub fn reference() -> Result<Self, Vec<Refusal>> {
        Self::read(REFERENCE.0, REFERENCE.1)
    }

    /// How many policies there are.
    #[must_use]
    pub fn policies(&self) -> usize {
        self.policies.num_of_policies()
    }

    /// Decides. A question the schema does not know is refused, not answered.
    #[must_use]
    pub fn decide(
        &self,
        principal: &Principal,
        action: Action<'_>,
        resource: &Resource,
        circumstance: Circumstance,
    ) -> Decision {
        let (allowed, policies) = self.ask(principal, action, resource, circumstance);
        if allowed {
            return Decision { outcome: Outcome::Allow, policies };
        }
        let (known, _) = self.ask(principal, Action::Know, resource, circumstance);
        let outcome = if known { Outcome::Deny } else { Outcome::Hidden };
        Decision { outcome, policies }
    }

    /// Whether it is allowed, where nothing else needs to be known.
    #[must_use]
    pub fn allows(
        &self,
        principal: &Principal,
        action: Action<'_>,
        resource: &Resource,
        circumstance: Circumstance,
    ) -> bool {
        self.ask(principal, action, resource, circumstance).0
    }

    fn ask(
        &self,
        principal: &Principal,
        action: Action<'_>,
        resource: &Resource,
        circumstance: Circumstance,
    ) -> (bool, Vec<String>) {
        let refused = (false, Vec::new());
        let Some((request, entities)) = self.request(principal, action, resource, circumstance)
        else {
            tracing::error!(action = %action.code(), "a question the authority schema refuses");
            return refused;
        };
        let answer = self.authorizer.is_authorized(&request, &self.policies, &entities);
        if answer.diagnostics().errors().next().is_some() {
            tracing::error!(action = %action.code(), "a policy could not be evaluated");
            return refused;
        }
        let mut policies: Vec<String> =
            answer.diagnostics().reason().map(|id| id.to_string()).collect();
        policies.sort();
        (answer.decision() == Answer::Allow, policies)
    }

    fn request(
        &self,
        principal: &Principal,
        action: Action<'_>,
        resource: &Resource,
        circumstance: Circumstance,
    ) -> Option<(Request, Entities)> {
        let mut all = self.actions.get(&action.uid()?)?.clone();
        all.push(principal.entity()?);
        // Asked about oneself, the principal is the resource.
        if resource.uid() != principal.uid() {
            all.push(resource.entity()?);
        }
        let context = Context::from_pairs(circumstance.pairs()).ok()?;
        let request = Request::new(
            principal.uid()?,
            action.uid()?,
            resource.uid()?,
            context,
            Some(&self.schema),
        )
        .ok()?;
        // The request is checked against the schema; that the entities made here
        // fit it is a matter of the tests, not of every decision.
        let entities = Entities::from_entities(all, None).ok()?;
        Some((request, entities))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entities_the_product_makes_fit_the_schema() {
        let authority = Authority::reference().unwrap();
        let resources = [
            Resource::Site,
            Resource::register("contract"),
            Resource::Record(RecordResource::default()),
            Resource::Measure(MeasureResource::default()),
            Resource::FollowUp(FollowUpResource::default()),
            Resource::DataSet(DataSetResource::default()),
            Resource::Account(Principal::public()),
            Resource::Route { line: "GET /".to_owned(), area: Area::Public },
        ];
        for resource in resources {
            let entity = resource.entity().unwrap();
            let checked = Entities::from_entities([entity], Some(&authority.schema));
            assert!(checked.is_ok(), "{resource:?}: {checked:?}");
        }
    }

    #[test]
    fn a_step_belongs_to_steps_and_to_writing() {
        let authority = Authority::reference().unwrap();
        let step = authority.actions.get(&Action::Step("end").uid().unwrap()).unwrap();
        assert_eq!(step.len(), 3);
        let read = authority.actions.get(&Action::Read.uid().unwrap()).unwrap();
        assert_eq!(read.len(), 1);
    }
}

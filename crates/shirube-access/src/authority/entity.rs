//! What the product asks about, as Cedar entities.

use std::collections::{BTreeSet, HashMap, HashSet};

use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression};
use chrono::{DateTime, Utc};

use crate::account::Account;
use crate::authority::Area;
use crate::role::{ANY, FOLLOW_UP, Grant, HEALTH_DATA, Role, Scope, at, reaching};

/// An id whose type is one of this file's own words; none for a word that is no
/// type name, which then decides nothing.
fn uid(type_name: &'static str, id: &str) -> Option<EntityUid> {
    let name: EntityTypeName = type_name.parse().ok()?;
    Some(EntityUid::from_type_name_and_id(name, EntityId::new(id)))
}

fn set(scopes: &BTreeSet<Scope>) -> Option<RestrictedExpression> {
    let entry =
        |scope: &Scope| Some(RestrictedExpression::new_entity_uid(uid("Scope", scope.text())?));
    Some(RestrictedExpression::new_set(scopes.iter().map(entry).collect::<Option<Vec<_>>>()?))
}

fn text(value: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(value.to_owned())
}

fn flag(value: bool) -> RestrictedExpression {
    RestrictedExpression::new_bool(value)
}

fn entity(uid: EntityUid, attributes: Vec<(&str, RestrictedExpression)>) -> Option<Entity> {
    let attributes: HashMap<String, RestrictedExpression> =
        attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Entity::new(uid, attributes, HashSet::new()).ok()
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    id: String,
    live: bool,
    signed_in: bool,
    grants: BTreeSet<Grant>,
}

impl Principal {
    /// Everybody, without an account.
    #[must_use]
    pub fn public() -> Self {
        Self { id: "public".to_owned(), live: true, signed_in: false, grants: BTreeSet::new() }
    }

    /// The holder of an account, as it stands at `now`.
    #[must_use]
    pub fn of(account: &Account, now: DateTime<Utc>) -> Self {
        Self {
            id: account.id.clone(),
            live: account.live(now),
            signed_in: true,
            grants: account.grants.clone(),
        }
    }

    /// Organisations the principal has a role at, without `*`.
    #[must_use]
    pub fn organisations(&self) -> BTreeSet<String> {
        let codes = self.grants.iter().map(|grant| grant.organisation.clone());
        codes.filter(|code| code != ANY).collect()
    }

    /// Whether the principal is an administrator of everything `grant` reaches,
    /// and so may give it to somebody else.
    #[must_use]
    pub fn may_grant(&self, grant: &Grant) -> bool {
        self.live && self.grants.iter().any(|own| own.role == Role::Admin && own.covers(grant))
    }

    fn places(&self, role: Role) -> BTreeSet<Scope> {
        self.grants.iter().filter(|grant| grant.role == role).map(Grant::scope).collect()
    }

    pub(crate) fn uid(&self) -> Option<EntityUid> {
        uid("Account", &self.id)
    }

    pub(crate) fn entity(&self) -> Option<Entity> {
        let mut attributes = vec![
            ("live", flag(self.live)),
            ("signed_in", flag(self.signed_in)),
            ("closed", flag(true)),
            ("scopes", set(&account_scopes(&self.grants))?),
        ];
        for role in Role::ALL {
            attributes.push((role.code(), set(&self.places(role))?));
        }
        entity(self.uid()?, attributes)
    }
}

/// Where administrators of an account have their role: anywhere that covers all
/// of it, so that one of two organisations cannot take over the other's.
fn account_scopes(grants: &BTreeSet<Grant>) -> BTreeSet<Scope> {
    let mut scopes = BTreeSet::from([Scope::new(ANY, ANY)]);
    let organisations: BTreeSet<&str> =
        grants.iter().map(|grant| grant.organisation.as_str()).collect();
    if let (1, Some(one)) = (organisations.len(), organisations.first())
        && *one != ANY
    {
        scopes.insert(Scope::new(one, ANY));
    }
    scopes
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action<'a> {
    /// Knowing that something exists.
    Know,
    /// Reading what is public in it.
    Read,
    /// Reading its internal fields.
    ReadInternal,
    /// Taking it away as a file.
    Export,
    /// Making a record.
    Create,
    /// Taking in a file.
    Import,
    /// Correcting a record.
    Edit,
    /// Taking a record back.
    Withdraw,
    /// Undoing that.
    Restore,
    /// Saying that a record describes the same thing as another.
    MarkDuplicate,
    /// A step of the kind's state machine, by name.
    Step(&'a str),
    /// Writing into a follow-up pack.
    Contribute,
    /// Handing a follow-up pack in.
    Submit,
    /// Sending it back.
    Return,
    /// Approving it.
    Approve,
    /// Closing it for good.
    Lock,
    /// Linking programmes to a measure.
    Link,
    /// Answering advice on a measure.
    Respond,
    /// Opening a yearly cycle.
    OpenCycle,
    /// Deciding between readings of an indicator.
    DecideReading,
    /// Revising the plan.
    RevisePlan,
    /// Putting a query to a data set of health records.
    Ask,
    /// Deciding about an answer from health records that waits.
    Review,
    /// Making and changing accounts.
    Administer,
    /// One's own password, sessions and tokens.
    ManageSelf,
    /// Reading who signed in and who changed what.
    Audit,
    /// Looking at a page.
    View,
    /// Sending something to a page.
    Send,
}

impl Action<'_> {
    /// Every action but the steps.
    pub const PLAIN: [Action<'static>; 27] = [
        Action::Know,
        Action::Read,
        Action::ReadInternal,
        Action::Export,
        Action::Create,
        Action::Import,
        Action::Edit,
        Action::Withdraw,
        Action::Restore,
        Action::MarkDuplicate,
        Action::Contribute,
        Action::Submit,
        Action::Return,
        Action::Approve,
        Action::Lock,
        Action::Link,
        Action::Respond,
        Action::OpenCycle,
        Action::DecideReading,
        Action::RevisePlan,
        Action::Ask,
        Action::Review,
        Action::Administer,
        Action::ManageSelf,
        Action::Audit,
        Action::View,
        Action::Send,
    ];

    /// The name policies use.
    #[must_use]
    pub fn code(self) -> String {
        let code = match self {
            Self::Step(name) => return format!("step:{name}"),
            Self::Know => "know",
            Self::Read => "read",
            Self::ReadInternal => "read_internal",
            Self::Export => "export",
            Self::Create => "create",
            Self::Import => "import",
            Self::Edit => "edit",
            Self::Withdraw => "withdraw",
            Self::Restore => "restore",
            Self::MarkDuplicate => "mark_duplicate",
            Self::Contribute => "contribute",
            Self::Submit => "submit",
            Self::Return => "return",
            Self::Approve => "approve",
            Self::Lock => "lock",
            Self::Link => "link",
            Self::Respond => "respond",
            Self::OpenCycle => "open_cycle",
            Self::DecideReading => "decide_reading",
            Self::RevisePlan => "revise_plan",
            Self::Ask => "ask",
            Self::Review => "review",
            Self::Administer => "administer",
            Self::ManageSelf => "manage_self",
            Self::Audit => "audit",
            Self::View => "view",
            Self::Send => "send",
        };
        code.to_owned()
    }

    pub(crate) fn uid(self) -> Option<EntityUid> {
        uid("Action", &self.code())
    }
}

/// What is true of the request beside who asks for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Circumstance {
    /// The request came with a token that may only read.
    pub read_only: bool,
    /// Whoever asks made or submitted what is to be judged.
    pub own_work: bool,
}

impl Circumstance {
    pub(crate) fn pairs(self) -> [(String, RestrictedExpression); 2] {
        [
            ("read_only".to_owned(), flag(self.read_only)),
            ("own_work".to_owned(), flag(self.own_work)),
        ]
    }
}

/// A record, as far as authority goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordResource {
    /// Record id; empty for one not yet made.
    pub id: String,
    /// Register kind.
    pub kind: String,
    /// State of the kind's state machine.
    pub state: String,
    /// `active`, `withdrawn` or `duplicate`.
    pub standing: String,
    /// Codes of the organisations that answer for it.
    pub organisations: BTreeSet<String>,
    /// Known only to those who may read it.
    pub closed: bool,
}

/// A measure, as far as authority goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MeasureResource {
    /// Measure id.
    pub id: String,
    /// Abbreviations of the lead ministries (◎).
    pub lead: BTreeSet<String>,
    /// Abbreviations of the others that take part.
    pub participants: BTreeSet<String>,
    /// Known only to those who may read it.
    pub closed: bool,
}

/// The pack of one measure in one yearly cycle.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FollowUpResource {
    /// Id of the pack.
    pub id: String,
    /// `open`, `submitted`, `returned`, `approved` or `locked`.
    pub state: String,
    /// Abbreviations of the lead ministries.
    pub lead: BTreeSet<String>,
    /// Abbreviations of the others that take part.
    pub participants: BTreeSet<String>,
    /// Known only to those who may read it; open once it is published.
    pub closed: bool,
}

/// A data set of health records, as far as authority goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataSetResource {
    /// Id of the data set.
    pub id: String,
    /// Whoever asks holds a permit for it that is valid today.
    pub permitted: bool,
    /// Known only to those who may read it.
    pub closed: bool,
}

/// What is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resource {
    /// The product as a whole.
    Site,
    /// A register kind.
    Register {
        /// Register kind.
        kind: String,
        /// Known only to those who may read it.
        closed: bool,
    },
    /// A record.
    Record(RecordResource),
    /// A measure.
    Measure(MeasureResource),
    /// A follow-up pack.
    FollowUp(FollowUpResource),
    /// A data set of health records.
    DataSet(DataSetResource),
    /// An account.
    Account(Principal),
    /// A route of the web application, by method and path.
    Route {
        /// Such as `GET /{lang}/plan`.
        line: String,
        /// Who it is for.
        area: Area,
    },
}

impl Resource {
    /// A register; closed where its kind says so.
    #[must_use]
    pub fn register(kind: &str) -> Self {
        let closed = shirube_model::registers::kind(kind).is_some_and(|schema| schema.closed);
        Self::Register { kind: kind.to_owned(), closed }
    }

    pub(crate) fn uid(&self) -> Option<EntityUid> {
        match self {
            Self::Site => uid("Site", "site"),
            Self::Register { kind, .. } => uid("Register", kind),
            Self::Record(record) => uid("Record", &record.id),
            Self::Measure(measure) => uid("Measure", &measure.id),
            Self::FollowUp(pack) => uid("FollowUp", &pack.id),
            Self::DataSet(set) => uid("DataSet", &set.id),
            Self::Account(account) => account.uid(),
            Self::Route { line, .. } => uid("Route", line),
        }
    }

    pub(crate) fn entity(&self) -> Option<Entity> {
        let attributes = match self {
            Self::Account(account) => return account.entity(),
            Self::Site => {
                vec![("closed", flag(false)), ("scopes", set(&reaching([], ANY))?)]
            }
            Self::Register { kind, closed } => vec![
                ("kind", text(kind)),
                ("closed", flag(*closed)),
                ("scopes", set(&reaching([], kind))?),
            ],
            Self::Record(record) => vec![
                ("kind", text(&record.kind)),
                ("state", text(&record.state)),
                ("standing", text(&record.standing)),
                ("closed", flag(record.closed)),
                ("scopes", set(&reaching(strs(&record.organisations), &record.kind))?),
            ],
            Self::Measure(measure) => vec![
                ("closed", flag(measure.closed)),
                ("scopes", set(&reaching([], FOLLOW_UP))?),
                ("lead_scopes", set(&held(&measure.lead))?),
                ("participant_scopes", set(&held(&measure.participants))?),
            ],
            Self::FollowUp(pack) => vec![
                ("state", text(&pack.state)),
                ("closed", flag(pack.closed)),
                ("scopes", set(&reaching([], FOLLOW_UP))?),
                ("lead_scopes", set(&held(&pack.lead))?),
                ("participant_scopes", set(&held(&pack.participants))?),
            ],
            Self::DataSet(set) => vec![
                ("permitted", flag(set.permitted)),
                ("closed", flag(set.closed)),
                ("scopes", self::set(&reaching([], HEALTH_DATA))?),
            ],
            Self::Route { area, .. } => vec![("area", text(area.code()))],
        };
        entity(self.uid()?, attributes)
    }
}

fn strs(codes: &BTreeSet<String>) -> impl Iterator<Item = &str> {
    codes.iter().map(String::as_str)
}

/// Places of the organisations of a measure. Those of all organisations are
/// left out: whoever leads everywhere leads nothing in particular.
fn held(codes: &BTreeSet<String>) -> BTreeSet<Scope> {
    at(strs(codes), FOLLOW_UP)
}

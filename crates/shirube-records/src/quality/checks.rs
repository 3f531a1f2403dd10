//! The kinds of check, by the names of the OHDSI Data Quality Dashboard.

use serde::{Deserialize, Serialize};

/// What a check is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A table.
    Table,
    /// A field of a table.
    Field,
    /// A concept in a field.
    Concept,
}

/// Categories of data quality after Kahn and others (eGEMs 2016;4:1244).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Category {
    /// Values are believable.
    Plausibility,
    /// Values keep to the format and to the relations of the model.
    Conformance,
    /// Values are there.
    Completeness,
}

/// Where the measure comes from, by the same authors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Context {
    /// From the data and the model themselves.
    Verification,
    /// From comparison with something outside.
    Validation,
}

macro_rules! checks {
    ($($name:ident $text:literal $category:ident $context:ident: $doc:literal;)*) => {
        /// A kind of check.
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum CheckName {
            $(#[doc = $doc] #[serde(rename = $text)] $name,)*
        }

        impl CheckName {
            /// Every kind.
            pub const ALL: [Self; 27] = [$(Self::$name,)*];

            /// The name as the dashboard writes it.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Its category.
            #[must_use]
            pub const fn category(self) -> Category {
                match self { $(Self::$name => Category::$category,)* }
            }

            /// Its context.
            #[must_use]
            pub const fn context(self) -> Context {
                match self { $(Self::$name => Context::$context,)* }
            }
        }
    };
}

checks! {
    CdmTable "cdmTable" Conformance Verification: "The table is there.";
    MeasurePersonCompleteness "measurePersonCompleteness" Completeness Validation:
        "Persons without a row in the table.";
    MeasureConditionEraCompleteness "measureConditionEraCompleteness" Completeness Validation:
        "Persons with a condition and without an era.";
    MeasureObservationPeriodOverlap "measureObservationPeriodOverlap" Plausibility Verification:
        "Persons whose observation periods overlap or touch.";
    CdmField "cdmField" Conformance Verification: "The field is there.";
    IsRequired "isRequired" Conformance Validation: "Rows without a required value.";
    CdmDatatype "cdmDatatype" Conformance Verification: "Values that are no whole numbers.";
    IsPrimaryKey "isPrimaryKey" Conformance Verification: "Rows whose key is there twice.";
    IsForeignKey "isForeignKey" Conformance Verification: "Rows that name a row that is not there.";
    FkDomain "fkDomain" Conformance Verification: "Concepts of another domain.";
    FkClass "fkClass" Conformance Verification: "Concepts of another class.";
    IsStandardValidConcept "isStandardValidConcept" Conformance Verification:
        "Concepts that are not standard or no longer valid.";
    MeasureValueCompleteness "measureValueCompleteness" Completeness Verification:
        "Rows without a value.";
    StandardConceptRecordCompleteness "standardConceptRecordCompleteness" Completeness Verification:
        "Rows whose standard concept is 0.";
    SourceConceptRecordCompleteness "sourceConceptRecordCompleteness" Completeness Verification:
        "Rows whose source concept is 0.";
    SourceValueCompleteness "sourceValueCompleteness" Completeness Verification:
        "Source values, each counted once, that are mapped to 0.";
    PlausibleValueLow "plausibleValueLow" Plausibility Verification: "Values below a bound.";
    PlausibleValueHigh "plausibleValueHigh" Plausibility Verification: "Values above a bound.";
    PlausibleTemporalAfter "plausibleTemporalAfter" Plausibility Verification:
        "Dates before a date that comes first.";
    PlausibleDuringLife "plausibleDuringLife" Plausibility Verification:
        "Dates more than 60 days after death.";
    WithinVisitDates "withinVisitDates" Plausibility Verification:
        "Dates more than a week outside their visit.";
    PlausibleAfterBirth "plausibleAfterBirth" Plausibility Verification: "Dates before birth.";
    PlausibleBeforeDeath "plausibleBeforeDeath" Plausibility Verification:
        "Dates more than 60 days after death, of those with a date.";
    PlausibleStartBeforeEnd "plausibleStartBeforeEnd" Plausibility Verification:
        "Starts after their end.";
    PlausibleGender "plausibleGender" Plausibility Validation:
        "Rows of a concept with persons of the other sex.";
    PlausibleGenderUseDescendants "plausibleGenderUseDescendants" Plausibility Validation:
        "The same for the concepts below a concept.";
    PlausibleUnitConceptIds "plausibleUnitConceptIds" Plausibility Verification:
        "Values of a concept in a unit that does not go with it.";
}

impl CheckName {
    /// The kind of a name, in any case.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|check| check.text().eq_ignore_ascii_case(text))
    }
}

//! Use of a person's records: the terms of a data set, the notices given to
//! persons, and what persons chose. How they decide together is in
//! [`crate::choice`].

use super::register;

register! {
    /// On what terms the records of a data set are used. Public: whoever is in
    /// the data set may know them.
    DataSetTerms = "data_set_terms", "DST", domain "data_use", title "data_set";
    fields {
        /// Name of the data set, as snapshots carry it.
        data_set: text required public;
        /// What the use rests on.
        basis: code("use_bases") required public;
        /// Law or guideline behind it.
        legal_reference: text optional public;
        /// Days after a notice before the records may be used; 30 where absent.
        waiting_days: int optional public;
        /// Versions of the notice that count; any where there is none.
        notice_versions: text many public;
        /// Whether persons nobody gave a notice to may be used.
        usable_without_notice: bool optional public;
        /// Age in years from which a person is told and chooses alone; 16 where
        /// absent.
        own_choice_age_years: int optional public;
        /// First day.
        valid_from: date required public;
        /// Last day.
        valid_to: date optional public;
    }
    states { "drafted", "in_force", "superseded" }
    steps {
        "bring_into_force": ["drafted"] => "in_force";
        "supersede": ["in_force"] => "superseded" needs ["valid_to"];
    }
    frozen { "superseded" }
}

register! {
    /// A notice given to a person, after which their records may be used unless
    /// they refuse. The person is the number in the data set, never a name or a
    /// number that a hospital or insurer uses.
    OptOutNotice = "opt_out_notice", "OON", domain "data_use", title "data_set", closed;
    fields {
        /// Name of the data set.
        data_set: text required internal;
        /// Number of the person in the data set.
        person: text required internal;
        /// Version of the text.
        text_version: text required internal;
        /// How it was given.
        method: code("notice_methods") required internal;
        /// Day it was given.
        given_on: date required internal;
        /// Who was told.
        recipient: code("notice_recipients") required internal;
        /// Last day of waiting. A day sooner than the terms say has no effect.
        waiting_until: date optional internal;
        /// Day from which it no longer counts, such as when the text changed.
        superseded_on: date optional internal;
    }
    states { "given", "superseded" }
    steps { "supersede": ["given"] => "superseded" needs ["superseded_on"]; }
    frozen { "superseded" }
}

register! {
    /// What a person chose about the use of their records, or somebody for them.
    UseChoice = "use_choice", "USC", domain "data_use", title "data_set", closed;
    fields {
        /// Name of the data set.
        data_set: text required internal;
        /// Number of the person in the data set.
        person: text required internal;
        /// Permits or refuses.
        decision: code("use_decisions") required internal;
        /// Who chose.
        made_by: code("choice_makers") required internal;
        /// How it arrived.
        channel: code("choice_channels") optional internal;
        /// Day of the choice.
        made_on: date required internal;
        /// First day on which it counts; the day of the choice where absent.
        effective_on: date optional internal;
        /// Last day on which it counts.
        ends_on: date optional internal;
        /// Purposes it is about; all where there is none.
        purposes: code("use_purposes") many internal;
        /// Classes of recipients it is about; all where there is none.
        recipients: code("recipient_classes") many internal;
        /// Whether the records held so far are to be erased.
        erasure_requested: bool optional internal;
        /// Day it was withdrawn.
        withdrawn_on: date optional internal;
        /// Who withdrew it.
        withdrawn_by: code("choice_makers") optional internal;
    }
    states { "recorded", "in_effect", "withdrawn" }
    steps {
        "bring_into_effect": ["recorded"] => "in_effect";
        "revoke": ["recorded", "in_effect"] => "withdrawn" needs ["withdrawn_on", "withdrawn_by"];
    }
    frozen { "withdrawn" }
}

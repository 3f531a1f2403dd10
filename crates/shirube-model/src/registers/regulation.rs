//! Regulation, lists, ventures, data use, cooperation, exercises, decisions and
//! statistics from outside.

use super::register;

register! {
    /// A list the strategy works through, in one version.
    ReferenceList = "reference_list", "LST", domain "regulatory", title "name";
    fields {
        /// Which list.
        list: code("reference_lists") required public;
        /// Version, such as 2023-03.
        version: text required public;
        /// Name.
        name: local_text required public;
        /// First day of validity.
        valid_from: date required public;
        /// Last day of validity, open when absent.
        valid_to: date optional public;
        /// Body that decided.
        decided_by: code("organisations") optional public;
        /// Where it is published.
        source_url: url optional public;
    }
    states { "in_force", "superseded" }
    steps { "supersede": ["in_force"] => "superseded" needs ["valid_to"]; }
}

register! {
    /// One entry of a list: a product, an ingredient or a pathogen.
    ListEntry = "list_entry", "LSE", domain "regulatory", title "name";
    fields {
        /// Which list.
        list: code("reference_lists") required public;
        /// The list's version record.
        list_version: reference("reference_list") optional public;
        /// Code of the item within the list.
        item_code: text required public;
        /// Name.
        name: local_text required public;
        /// First day on the list.
        valid_from: date required public;
        /// Last day on the list, open when absent.
        valid_to: date optional public;
        /// Whether the item was judged necessary.
        necessity: code("necessity_judgements") optional public;
        /// Day of that judgement.
        judged_on: date optional public;
        /// Day the item was done: development started, switched to OTC.
        done_on: date optional public;
        /// Trial that shows it.
        trial: reference("trial") optional public;
        /// Why the item is left out of the count, with reason.
        exclusion_reason: code("exclusion_reasons") optional public;
        /// Day it was left out.
        excluded_on: date optional public;
        /// Firm in charge.
        firm: reference("organisation") optional public;
    }
    states { "listed", "in_progress", "done", "excluded" }
    steps {
        "begin": ["listed"] => "in_progress";
        "finish": ["listed", "in_progress"] => "done" needs ["done_on"];
        "exclude": ["listed", "in_progress"] => "excluded" needs ["exclusion_reason", "excluded_on"];
        "restore": ["excluded"] => "listed";
    }
}

register! {
    /// An act of the regulator: plan confirmed, designation, approval, guideline.
    RegulatoryEvent = "regulatory_event", "REG", domain "regulatory", title "name";
    fields {
        /// Kind of act.
        event_type: code("regulatory_event_types") required public;
        /// Product or document.
        name: local_text required public;
        /// Kind of product.
        product_type: code("product_types") optional public;
        /// Applicant.
        applicant: reference("organisation") optional public;
        /// Indication, as free text.
        indication: text optional public;
        /// Day of the act.
        occurred_on: date required public;
        /// Approval class.
        approval_class: code("approval_classes") optional public;
        /// Device class, I to IV.
        device_class: code("device_classes") optional public;
        /// Modality.
        modality: code("modalities") optional public;
        /// Pathogens of the indication.
        pathogens: code("pathogens") many public;
        /// Projects it comes from.
        projects: reference("project") many public;
        /// Day the act was taken back, such as a designation revoked.
        revoked_on: date optional public;
        /// Where it is published.
        source_url: url optional public;
    }
    states { "in_force", "revoked" }
    steps { "revoke": ["in_force"] => "revoked" needs ["revoked_on"]; }
}

register! {
    /// A valuation of a company on a day.
    Valuation = "valuation", "VAL", domain "ecosystem", title "company";
    fields {
        /// Company.
        company: reference("organisation") required public;
        /// Sector of the company.
        sector: code("startup_sectors") required public;
        /// Day.
        valued_on: date required public;
        /// Value in whole yen.
        valuation_yen: yen required public;
        /// Basis: round, listing, acquisition.
        basis: code("valuation_bases") required public;
        /// Source of the figure.
        source: text required public;
    }
    states { "reported", "confirmed" }
    steps { "confirm": ["reported"] => "confirmed"; }
}

register! {
    /// An investment round.
    InvestmentRound = "investment_round", "INV", domain "ecosystem", title "company";
    fields {
        /// Company that receives.
        company: reference("organisation") required public;
        /// Sector of the company.
        sector: code("startup_sectors") required public;
        /// Round.
        round: code("investment_rounds") required public;
        /// Whether the money is private.
        private: bool required public;
        /// Amount in whole yen.
        amount_yen: yen required public;
        /// Currency of the contract, ISO 4217.
        currency: code("currencies") required public;
        /// Amount in that currency.
        amount: decimal optional public;
        /// Day of closing.
        closed_on: date required public;
        /// Source of the figure.
        source: text required public;
    }
    states { "reported", "confirmed" }
    steps { "confirm": ["reported"] => "confirmed"; }
}

register! {
    /// Adoption of a venture in a programme.
    Adoption = "venture_adoption", "ADP", domain "ecosystem", title "company";
    fields {
        /// Company.
        company: reference("organisation") required public;
        /// Programme.
        programme: reference("programme") optional public;
        /// Scheme, such as 創薬ベンチャーエコシステム強化事業.
        scheme: code("adoption_schemes") required public;
        /// Call.
        call: reference("call") optional public;
        /// Day of the decision.
        decided_on: date required public;
    }
    states { "adopted", "ended" }
    steps { "end": ["adopted"] => "ended"; }
}

register! {
    /// A move into business activity: founding, licensing out.
    BusinessMove = "business_move", "BIZ", domain "ecosystem", title "description";
    fields {
        /// What happened.
        description: local_text required public;
        /// Kind of move.
        move_type: code("business_move_types") required public;
        /// Day.
        occurred_on: date required public;
        /// Hub or programme it came from.
        commitment: reference("commitment") optional public;
        /// Adopted venture it came from.
        adoption: reference("venture_adoption") optional public;
        /// Site capability it came from.
        capability: reference("site_capability") optional public;
        /// Company.
        company: reference("organisation") optional public;
    }
    states { "reported", "confirmed" }
    steps { "confirm": ["reported"] => "confirmed"; }
}

register! {
    /// Permission to use a database for research.
    DataUse = "data_use", "DUS", domain "data_use", title "title";
    fields {
        /// Title of the research.
        title: text required public;
        /// Database.
        database: code("databases") required public;
        /// Legal basis.
        legal_basis: code("data_use_bases") required public;
        /// Anonymised, pseudonymised, other.
        data_type: code("data_types") optional public;
        /// User.
        user: reference("organisation") optional public;
        /// Project funded by AMED, where there is one.
        project: reference("project") optional public;
        /// Research as one thing, whatever number of databases it uses.
        research_key: text required public;
        /// Day of approval.
        approved_on: date required public;
        /// Day the research began.
        started_on: date optional public;
    }
    states { "approved", "started", "ended" }
    steps { "start": ["approved"] => "started" needs ["started_on"]; "end": ["approved", "started"] => "ended"; }
}

register! {
    /// A cooperation project abroad.
    Cooperation = "cooperation", "COP", domain "international", title "name";
    fields {
        /// Name.
        name: local_text required public;
        /// Scheme, such as grant aid.
        scheme: code("cooperation_schemes") required public;
        /// Country.
        country: code("countries") required public;
        /// Income group of the country at the report.
        income_group: code("income_groups") required public;
        /// Day of the report, within the fiscal year it counts for.
        reported_on: date required public;
        /// People who gained access directly.
        direct_beneficiaries: int optional public;
        /// How the beneficiaries were counted.
        beneficiary_method: code("beneficiary_methods") optional public;
        /// Local health workers trained.
        trainees: int optional public;
        /// Facility or population served, to find double counts.
        population_key: text optional internal;
        /// Body in charge.
        implementer: code("organisations") optional public;
    }
    states { "reported", "verified" }
    steps { "verify": ["reported"] => "verified"; }
}

register! {
    /// A simulation or drill.
    Exercise = "exercise", "EXR", domain "outbreak", title "name";
    fields {
        /// Name.
        name: local_text required public;
        /// Scope.
        scope: code("exercise_scopes") required public;
        /// Day held.
        held_on: date required public;
        /// Number of organisations taking part.
        participants: int optional public;
        /// Day the report was published.
        report_on: date optional public;
        /// Hours from receipt of the pathogen to a candidate.
        hours_to_candidate: int optional public;
        /// Hours from receipt of the pathogen to a trial.
        hours_to_trial: int optional public;
    }
    states { "planned", "held", "reported" }
    steps { "hold": ["planned"] => "held"; "report": ["held"] => "reported" needs ["report_on"]; }
}

register! {
    /// A decision with its document.
    Decision = "decision", "DEC", domain "control_tower", title "title";
    fields {
        /// Title.
        title: local_text required public;
        /// Subject the decision settles.
        subject: code("decision_subjects") required public;
        /// Day of the decision.
        decided_on: date required public;
        /// Body that decided.
        decided_by: code("organisations") required public;
        /// Target set by the decision.
        target_value: decimal optional public;
        /// Element of a checklist that is in place.
        element: code("checklist_elements") optional public;
        /// Where the document is.
        document_url: url required public;
    }
    states { "decided", "superseded" }
    steps { "supersede": ["decided"] => "superseded"; }
}

register! {
    /// An observation of a statistic made elsewhere.
    Observation = "observation", "OBS", domain "control_tower", title "series";
    fields {
        /// Series.
        series: code("statistic_series") required public;
        /// First day of the period observed.
        period_from: date required public;
        /// Last day of the period observed.
        period_to: date required public;
        /// Sex, where the series is by sex.
        sex: code("sexes") optional public;
        /// Prefecture, where the series is by prefecture.
        prefecture: code("prefectures") optional public;
        /// Item, where the series is by item, such as an ingredient.
        item: text optional public;
        /// Value.
        value: decimal required public;
        /// Version of the method.
        method_version: text required public;
        /// Source.
        source: text required public;
        /// Where it was read.
        source_url: url optional public;
        /// Day it was retrieved.
        retrieved_on: date required public;
    }
    states { "provisional", "final" }
    steps { "finalise": ["provisional"] => "final"; }
}

//! Trials, review, desks and training.

use super::register;
use crate::ident::IdScheme;

register! {
    /// A clinical trial with the core items of the WHO Trial Registration Data Set.
    Trial = "trial", "TRL", domain "trials", title "public_title";
    fields {
        /// Title for the public.
        public_title: local_text required public;
        /// Scientific title.
        scientific_title: local_text optional public;
        /// jRCT number.
        jrct_id: id(IdScheme::Jrct) optional public;
        /// Other registry numbers.
        secondary_ids: text many public;
        /// Day of registration.
        registered_on: date optional public;
        /// Primary sponsor.
        sponsor: reference("organisation") optional public;
        /// Country of the sponsor.
        sponsor_country: code("countries") optional public;
        /// Countries where participants are recruited.
        countries: code("countries") many public;
        /// Conditions, as free text.
        conditions: text many public;
        /// Interventions, as free text.
        interventions: text many public;
        /// Kind of product tested.
        product_type: code("product_types") optional public;
        /// Study type.
        study_type: code("study_types") required public;
        /// Trial phase.
        phase: code("trial_phases") optional public;
        /// Target number of participants.
        target_size: int optional public;
        /// Final number of participants.
        final_size: int optional public;
        /// Day the first participant enrolled.
        first_enrolment_on: date optional public;
        /// Day the trial started.
        started_on: date optional public;
        /// Day the trial ended.
        completed_on: date optional public;
        /// First dose in humans.
        first_in_human: bool required public;
        /// One trial in several countries with one protocol.
        international: bool required public;
        /// Elements of a decentralised trial in use.
        dct_elements: code("dct_elements") many public;
        /// Sites.
        sites: reference("organisation") many public;
        /// Projects whose funding or results it uses.
        projects: reference("project") many public;
        /// Pathogens the product is against.
        pathogens: code("pathogens") many public;
        /// Number of the initial notification (治験計画届).
        notification: id(IdScheme::Ctn) optional public;
        /// Day of the initial notification.
        notified_on: date optional public;
        /// Review committees (IRB) that reviewed.
        review_boards: reference("organisation") many public;
        /// Day the results were posted.
        results_posted_on: date optional public;
    }
    states { "planned", "recruiting", "closed_to_recruitment", "completed", "terminated" }
    steps {
        "recruit": ["planned"] => "recruiting" needs ["started_on"];
        "close_recruitment": ["recruiting"] => "closed_to_recruitment";
        "complete": ["recruiting", "closed_to_recruitment"] => "completed" needs ["completed_on"];
        "terminate": ["planned", "recruiting", "closed_to_recruitment"] => "terminated" needs ["completed_on"];
    }
}

register! {
    /// A case at a consultation desk.
    Consultation = "consultation", "CSL", domain "desks", title "topic_text";
    fields {
        /// Desk.
        desk: code("desk_kinds") required public;
        /// Subject in a few words.
        topic_text: text required internal;
        /// Topic.
        topic: code("consultation_topics") required public;
        /// Who asks.
        requester: reference("organisation") optional internal;
        /// Kind of requester.
        requester_type: code("organisation_types") required public;
        /// Country of the requester.
        requester_country: code("countries") required public;
        /// Development project the requester asks about, as the desk names it.
        development_key: text optional internal;
        /// First contact.
        first_contact_on: date required public;
        /// Day the case was closed.
        closed_on: date optional public;
        /// Outcome.
        outcome: code("consultation_outcomes") optional public;
    }
    states { "open", "answered", "closed" }
    steps { "answer": ["open"] => "answered"; "close": ["open", "answered"] => "closed" needs ["closed_on"]; }
}

register! {
    /// Support for a firm that seeks certification or listing abroad.
    SupportCase = "support_case", "SPC", domain "international", title "product";
    fields {
        /// Firm.
        firm: reference("organisation") required public;
        /// Product.
        product: text required public;
        /// Scheme: WHO PQ, Compendium, FDA.
        scheme: code("support_schemes") required public;
        /// Body that supports.
        supported_by: code("organisations") optional public;
        /// First day of support.
        started_on: date required public;
        /// Outcome.
        outcome: code("support_outcomes") optional public;
        /// Day of the outcome.
        outcome_on: date optional public;
    }
    states { "supporting", "ended" }
    steps { "end": ["supporting"] => "ended"; }
}

register! {
    /// A training programme.
    TrainingProgramme = "training_programme", "TRP", domain "people", title "name";
    fields {
        /// Name.
        name: local_text required public;
        /// What it trains for.
        subject: code("training_subjects") required public;
        /// Body that runs it.
        provider: reference("organisation") optional public;
        /// First day.
        started_on: date optional public;
        /// Last day.
        ended_on: date optional public;
    }
    states { "running", "closed" }
    steps { "close": ["running"] => "closed" needs ["ended_on"]; }
}

register! {
    /// Attendance of a person at a training programme. The person is a pseudonym.
    Enrolment = "enrolment", "ENR", domain "people", title "person_key";
    fields {
        /// Pseudonym of the person.
        person_key: text required internal;
        /// Programme.
        programme: reference("training_programme") required public;
        /// What it trains for, as of the enrolment.
        subject: code("training_subjects") required public;
        /// First day attended.
        enrolled_on: date required public;
        /// Last day attended.
        finished_on: date optional public;
        /// Site the person worked at when trained.
        employer_at_training: reference("organisation") optional internal;
        /// Site the person works at now, with the day it was confirmed.
        employer_now: reference("organisation") optional internal;
        /// Day the present employer was confirmed.
        employer_confirmed_on: date optional internal;
    }
    states { "enrolled", "finished", "dropped_out" }
    steps { "finish": ["enrolled"] => "finished" needs ["finished_on"]; "drop_out": ["enrolled"] => "dropped_out"; }
}

register! {
    /// A certificate of completion. The person is a pseudonym.
    Certificate = "certificate", "CER", domain "people", title "person_key";
    fields {
        /// Pseudonym of the person.
        person_key: text required internal;
        /// Programme.
        programme: reference("training_programme") required public;
        /// What it certifies.
        subject: code("training_subjects") required public;
        /// Role of the person.
        role: code("trial_roles") optional public;
        /// Day of issue.
        issued_on: date required public;
        /// Site the person worked at on the day of issue.
        employer_at_issue: reference("organisation") optional internal;
        /// Site the person works at now.
        employer_now: reference("organisation") optional internal;
    }
    states { "issued", "revoked" }
    steps { "revoke": ["issued"] => "revoked"; }
}

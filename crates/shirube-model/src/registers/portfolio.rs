//! Research and development: programmes, projects and what comes of them.

use super::register;
use crate::ident::IdScheme;

register! {
    /// A funding programme (事業) run by a ministry, AMED or another funder.
    Programme = "programme", "PGM", domain "portfolio", title "name";
    fields {
        /// Official name.
        name: local_text required public;
        /// Body that gives the money.
        funder: code("organisations") required public;
        /// Ministry the budget belongs to.
        ministry: code("ministries") optional public;
        /// One of the eight integrated projects (統合プロジェクト).
        integrated_project: code("integrated_projects") optional public;
        /// First day of the programme.
        started_on: date optional public;
        /// Last day of the programme.
        ended_on: date optional public;
    }
    states { "running", "closed" }
    steps { "close": ["running"] => "closed" needs ["ended_on"]; "reopen": ["closed"] => "running"; }
}

register! {
    /// A call for proposals (公募).
    Call = "call", "CAL", domain "portfolio", title "title";
    fields {
        /// Title as published.
        title: local_text required public;
        /// Programme the call belongs to.
        programme: reference("programme") required public;
        /// Day the call opened.
        opened_on: date required public;
        /// Last day for proposals.
        closes_on: date optional public;
        /// Day the adopted projects were decided.
        decided_on: date optional public;
        /// Number of proposals received.
        proposals: int optional public;
    }
    states { "open", "closed", "decided" }
    steps { "close": ["open"] => "closed" needs ["closes_on"]; "decide": ["open", "closed"] => "decided" needs ["decided_on"]; }
}

register! {
    /// A research and development project (課題).
    Project = "project", "PRJ", domain "portfolio", title "title";
    fields {
        /// Title.
        title: local_text required public;
        /// Number given by the funder.
        number: text optional public;
        /// Programme the project was adopted in.
        programme: reference("programme") optional public;
        /// Call the project answered.
        call: reference("call") optional public;
        /// Body that gives the money.
        funder: code("organisations") required public;
        /// One of the eight integrated projects.
        integrated_project: code("integrated_projects") optional public;
        /// Disease areas.
        disease_areas: code("disease_areas") many public;
        /// Phase of research and development.
        phase: code("rd_phases") optional public;
        /// Modality.
        modality: code("modalities") optional public;
        /// Institution of the principal investigator.
        institution: reference("organisation") optional public;
        /// First day.
        started_on: date required public;
        /// Last day.
        ended_on: date optional public;
        /// Money by fiscal year.
        money: year_amount many public;
        /// Whether the project uses a medical database.
        uses_database: bool optional public;
        /// Day the research with a database began.
        database_use_started_on: date optional public;
        /// Results of AMED support the project builds on.
        builds_on: reference("project") many public;
    }
    states { "adopted", "active", "completed", "stopped" }
    steps {
        "start": ["adopted"] => "active";
        "complete": ["active"] => "completed" needs ["ended_on"];
        "stop": ["adopted", "active"] => "stopped" needs ["ended_on"];
    }
}

register! {
    /// A project's step from one phase of research and development to another.
    PhaseTransition = "phase_transition", "PHT", domain "portfolio", title "project";
    fields {
        /// Project that moved.
        project: reference("project") required public;
        /// Phase before.
        from_phase: code("rd_phases") optional public;
        /// Phase after.
        to_phase: code("rd_phases") required public;
        /// How AMED support led there.
        route: code("transition_routes") optional public;
        /// The trial that was begun, if the step led to one.
        trial: reference("trial") optional public;
        /// Day of the step.
        occurred_on: date required public;
        /// Document that shows it.
        evidence_url: url optional internal;
    }
    states { "reported", "confirmed" }
    steps { "confirm": ["reported"] => "confirmed"; }
}

register! {
    /// A hand-over of one project to another for further support (継続支援).
    Continuation = "continuation", "CNT", domain "portfolio", title "from_project";
    fields {
        /// Project that hands over.
        from_project: reference("project") required public;
        /// Project that takes over.
        to_project: reference("project") required public;
        /// Pairing, matching or the same programme.
        route: code("continuation_routes") required public;
        /// Programme of the first project.
        from_programme: reference("programme") optional public;
        /// Programme of the second project.
        to_programme: reference("programme") optional public;
        /// Day of the decision.
        decided_on: date required public;
        /// Body that decided.
        decided_by: code("organisations") optional public;
    }
    states { "decided", "carried_out" }
    steps { "carry_out": ["decided"] => "carried_out"; }
}

register! {
    /// Support of a seed by a translational research institution (橋渡し研究支援機関).
    SupportRecord = "support_record", "SUP", domain "portfolio", title "seed";
    fields {
        /// Seed, named as the institution names it.
        seed: text required public;
        /// Institution that supports.
        institution: reference("organisation") required public;
        /// Project of the seed, if it has one.
        project: reference("project") optional public;
        /// What the support aims at.
        aim: code("support_aims") required public;
        /// Fiscal year of the support, first day of it or of the support.
        supported_on: date required public;
    }
    states { "running", "ended" }
    steps { "end": ["running"] => "ended"; }
}

register! {
    /// A contract that hands a seed to industry: assignment, licence or joint R&D.
    Contract = "contract", "CTR", domain "portfolio", title "title";
    fields {
        /// Title.
        title: text required internal;
        /// Kind of contract.
        contract_type: code("contract_types") required public;
        /// Day the contract takes effect.
        effective_on: date required public;
        /// Projects whose results it covers; may be several.
        projects: reference("project") many public;
        /// Institution that holds the result.
        holder: reference("organisation") optional public;
        /// Firm that takes it up.
        taker: reference("organisation") optional public;
        /// Country of the firm.
        taker_country: code("countries") optional public;
        /// Seeds covered, as the holder names them.
        seeds: text many internal;
    }
    states { "signed", "ended" }
    steps { "end": ["signed"] => "ended"; }
}

register! {
    /// A paper with its citation rank at a census.
    Publication = "publication", "PUB", domain "portfolio", title "title";
    fields {
        /// Title.
        title: text required public;
        /// DOI.
        doi: id(IdScheme::Doi) optional public;
        /// PubMed number.
        pmid: int optional public;
        /// Day of publication.
        published_on: date required public;
        /// Projects the paper reports.
        projects: reference("project") many public;
        /// Field in the scheme named below.
        field: code("paper_fields") required public;
        /// Field scheme, such as ESI 22.
        field_scheme: code("field_schemes") required public;
        /// Percentile from the top among the field and year, 0–100.
        citation_percentile: decimal optional public;
        /// Share credited to Japan when counted in fractions, 0–1.
        fraction_japan: decimal optional public;
        /// Database the rank comes from.
        rank_source: code("citation_sources") optional public;
        /// Day the citations were counted.
        census_on: date optional public;
    }
    states { "listed" }
    steps { }
}

//! Budget programmes as the ministries review them every year, what they paid,
//! the measures they carry out, and what the strategy prints as fact.

use super::register;
use crate::ident::IdScheme;

register! {
    /// A programme (事業) of the annual review of government programmes
    /// (行政事業レビュー). Each year's sheet makes a version; money of an earlier
    /// year stands as the latest sheet prints it.
    BudgetProgramme = "budget_programme", "BGP", domain "budget", title "name";
    fields {
        /// Name on the latest sheet.
        name: text required public;
        /// Names on earlier sheets, oldest first.
        earlier_names: text many public;
        /// Ministry or agency as printed.
        ministry_printed: text required public;
        /// The same as an abbreviation of the plan, where the plan knows it.
        ministry: code("ministries") optional public;
        /// Bureau (部局庁) in charge.
        bureau: text optional public;
        /// Division (課室) in charge.
        division: text optional public;
        /// Fiscal year the programme began.
        started_year: int optional public;
        /// Fiscal year the programme ends or ended, open when absent.
        ends_year: int optional public;
        /// Year the latest sheet was published.
        published_year: int required public;
        /// Number of the latest sheet, such as `2023-厚労-22-0057`.
        sheet_number: text required public;
        /// Numbers of all sheets, oldest first. Numbers are given anew each year.
        sheet_numbers: text many public;
        /// How each sheet was found to be of this programme, in the same order.
        matched_by: code("programme_match_rules") many public;
        /// Accounts (会計区分) the money comes from.
        accounts: text many public;
        /// Ways of carrying out (実施方法).
        methods: text many public;
        /// Purpose.
        purpose: text optional public;
        /// Summary.
        summary: text optional public;
        /// Initial budget (当初予算).
        initial: year_amount many public;
        /// Supplementary budget (補正予算).
        supplementary: year_amount many public;
        /// Carried over from the year before.
        carried_in: year_amount many public;
        /// Carried over to the next year; negative as printed.
        carried_out: year_amount many public;
        /// Reserve fund and the like (予備費等).
        reserve: year_amount many public;
        /// Total as printed (予算計).
        budget_total: year_amount many public;
        /// Executed (執行額).
        executed: year_amount many public;
        /// Requested for the coming year (要求額).
        requested: year_amount many public;
        /// What is worth knowing about the latest sheet.
        notes: code("review_sheet_notes") many public;
    }
    states { "current", "ended" }
    steps { "end": ["current"] => "ended" needs ["ends_year"]; "reopen": ["ended"] => "current"; }
}

register! {
    /// A payment of a budget programme to one payee in one year (支出先).
    BudgetPayment = "budget_payment", "BPY", domain "budget", title "payee";
    fields {
        /// Payee as printed.
        payee: text required public;
        /// Programme that paid.
        programme: reference("budget_programme") required public;
        /// Sheet that prints the payment.
        sheet_number: text required public;
        /// Fiscal year of the payment.
        fiscal_year: int required public;
        /// Group of payees on the sheet, such as `A`.
        block: text optional public;
        /// Rank within the group.
        rank: int optional public;
        /// 法人番号 of the payee.
        corporate_number: id(IdScheme::CorporateNumber) optional public;
        /// What the sheet prints in place of a valid 法人番号.
        corporate_number_printed: text optional public;
        /// Amount, whole yen.
        amount_yen: yen required public;
        /// What the payee did.
        work: text optional public;
    }
    states { "published" }
    steps { }
}

register! {
    /// A budget programme that carries out a measure: suggested by a ranking,
    /// then confirmed or rejected by a person.
    MeasureLink = "measure_link", "MLK", domain "budget", title "programme";
    fields {
        /// Programme.
        programme: reference("budget_programme") required public;
        /// Measure it carries out.
        measure: code("measures") required public;
        /// Place among the suggestions for the programme, from 1.
        rank: int optional public;
        /// Score of the ranking; comparable within one programme only.
        score: decimal optional public;
        /// Version of the ranking that suggested the link.
        method_version: text optional public;
        /// Why it was confirmed or rejected.
        grounds: text optional public;
        /// Day of the decision.
        decided_on: date optional public;
        /// Person who decided.
        decided_by: text optional internal;
    }
    states { "suggested", "confirmed", "rejected" }
    steps {
        "confirm": ["suggested", "rejected"] => "confirmed" needs ["grounds", "decided_on", "decided_by"];
        "reject": ["suggested", "confirmed"] => "rejected" needs ["grounds", "decided_on", "decided_by"];
    }
}

register! {
    /// What the strategy prints as a fact: a figure with its day and place.
    StrategyStatement = "strategy_statement", "STM", domain "control_tower", title "statement";
    fields {
        /// The fact in our own words.
        statement: local_text required public;
        /// The figure.
        value: decimal optional public;
        /// What the figure counts.
        unit: local_text optional public;
        /// Whether the figure is printed as exact, as about, or as a bound.
        qualifier: code("statement_qualifiers") required public;
        /// First day of the period the figure is about.
        period_from: date optional public;
        /// Day the figure is of, or the last day of its period.
        as_of: date optional public;
        /// Heading of the strategy it stands under.
        section: text required public;
        /// Line of the source text.
        source_line: int optional public;
        /// Indicators it is context for.
        context_for: code("indicators") many public;
        /// Remark.
        note: local_text optional public;
    }
    states { "printed", "superseded" }
    steps { "supersede": ["printed"] => "superseded"; }
}

//! What the follow-up leads to: allocation policy, budget requests, adjustment
//! funds, and the next version of the plan.

use super::register;

register! {
    /// The policy for allocating resources (資源配分方針) that the headquarters
    /// shows before the budget requests of a year.
    AllocationPolicy = "allocation_policy", "ALP", domain "follow_up", title "title";
    fields {
        /// Title.
        title: local_text required public;
        /// Fiscal year of the budget.
        fiscal_year: int required public;
        /// Cycle whose findings it rests on.
        cycle: reference("follow_up_cycle") optional public;
        /// What has priority, one statement each.
        priorities: text many public;
        /// Measures that have priority.
        measures: code("measures") many public;
        /// The document.
        document_url: url optional public;
        /// Day it was shown to the ministries.
        published_on: date optional public;
    }
    states { "drafted", "published", "superseded" }
    steps {
        "publish": ["drafted"] => "published" needs ["priorities", "published_on"];
        "supersede": ["published"] => "superseded";
    }
    frozen { "superseded" }
}

register! {
    /// A ministry's request for one programme in the budget of one year
    /// (概算要求), with the adjustment by the headquarters and its reason.
    BudgetRequest = "budget_request", "BRQ", domain "follow_up", title "title";
    fields {
        /// Title.
        title: text required public;
        /// Ministry that requests.
        ministry: code("ministries") required public;
        /// Fiscal year of the budget.
        fiscal_year: int required public;
        /// Budget programme; absent for a new one.
        programme: reference("budget_programme") optional public;
        /// Policy it follows.
        policy: reference("allocation_policy") optional public;
        /// Actions of the follow-up it pays for.
        actions: reference("follow_up_action") many public;
        /// Measures it carries out.
        measures: code("measures") many public;
        /// Budget of the year before.
        previous_yen: yen optional public;
        /// Amount requested.
        requested_yen: yen required public;
        /// Day it was filed.
        filed_on: date optional public;
        /// Amount after the adjustment.
        adjusted_yen: yen optional public;
        /// Why it was adjusted, or left as it was.
        adjustment_reason: text optional public;
        /// Day of the adjustment.
        adjusted_on: date optional public;
        /// Amount of the budget as decided.
        decided_yen: yen optional public;
        /// Day the budget was decided.
        decided_on: date optional public;
    }
    states { "drafted", "filed", "adjusted", "decided" }
    steps {
        "file": ["drafted"] => "filed" needs ["filed_on"];
        "adjust": ["filed"] => "adjusted" needs ["adjusted_yen", "adjustment_reason", "adjusted_on"];
        "decide": ["filed", "adjusted"] => "decided" needs ["decided_yen", "decided_on"];
    }
    frozen { "decided" }
}

register! {
    /// Money allocated within the year across the programmes of ministries
    /// (調整費), with the effect it had.
    AdjustmentFund = "adjustment_fund", "AJF", domain "follow_up", title "purpose";
    fields {
        /// Purpose.
        purpose: text required public;
        /// Agency that carries it out.
        funder: code("organisations") required public;
        /// Fiscal year.
        fiscal_year: int required public;
        /// Which allocation of the year, from 1.
        round: int optional public;
        /// Amount.
        amount_yen: yen required public;
        /// Measures it serves.
        measures: code("measures") many public;
        /// Actions of the follow-up it serves.
        actions: reference("follow_up_action") many public;
        /// Programme a project was supported by so far.
        from_programme: reference("programme") optional public;
        /// Programme that goes on with it.
        to_programme: reference("programme") optional public;
        /// Projects it supports.
        projects: reference("project") many public;
        /// Day of the decision.
        decided_on: date optional public;
        /// Why it was declined.
        decline_reason: text optional public;
        /// The effect it had.
        effect: text optional public;
        /// Indicators the effect shows in.
        effect_indicators: code("indicators") many public;
        /// Day the effect was reported.
        effect_reported_on: date optional public;
    }
    states { "proposed", "allocated", "declined", "reported" }
    steps {
        "allocate": ["proposed"] => "allocated" needs ["decided_on"];
        "decline": ["proposed"] => "declined" needs ["decided_on", "decline_reason"];
        "report": ["allocated"] => "reported" needs ["effect", "effect_reported_on"];
    }
}

register! {
    /// A revision of the plan: the pack it starts from, the pack it leads to,
    /// what differs, and the day from which the new one counts.
    PlanRevision = "plan_revision", "PRV", domain "follow_up", title "title";
    fields {
        /// Title.
        title: local_text required public;
        /// Why the plan is revised.
        grounds: text required public;
        /// Cycle whose findings lead to it.
        cycle: reference("follow_up_cycle") optional public;
        /// Actions it carries out.
        actions: reference("follow_up_action") many public;
        /// Version of the pack it starts from.
        base_version: text required public;
        /// SHA-256 of that pack.
        base_hash: text required public;
        /// Version of the new pack.
        new_version: text optional public;
        /// SHA-256 of the new pack.
        new_hash: text optional public;
        /// SHA-256 of the comparison of the two.
        diff_digest: text optional public;
        /// Number of differences.
        differences: int optional public;
        /// Measures that differ, as the base names them or as the new pack does.
        measures: text many public;
        /// Indicators whose definition differs.
        indicators: text many public;
        /// Day of the approval.
        approved_on: date optional public;
        /// Person who approved it.
        approved_by: text optional internal;
        /// First day the new plan counts. Values as of an earlier day stay.
        effective_on: date optional public;
        /// Why it was dropped.
        drop_reason: text optional public;
    }
    states { "forked", "compared", "approved", "in_force", "dropped" }
    steps {
        "compare": ["forked"] => "compared" needs ["new_version", "new_hash", "diff_digest", "differences"];
        "rework": ["compared"] => "forked";
        "approve": ["compared"] => "approved" needs ["approved_on", "approved_by", "effective_on"];
        "bring_into_force": ["approved"] => "in_force";
        "drop": ["forked", "compared"] => "dropped" needs ["drop_reason"];
    }
    frozen { "approved", "in_force", "dropped" }
}

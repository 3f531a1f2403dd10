//! The yearly follow-up: the cycle, the reports of the ministries on their
//! measures, advice and needs with their answers, and what is promised.

use sha2::{Digest, Sha256};

use super::register;

/// Digest over the values a report was approved with: SHA-256, in hexadecimal,
/// of the lines, each followed by a line feed.
#[must_use]
pub fn values_digest(lines: &[String]) -> String {
    let mut hasher = Sha256::new();
    for line in lines {
        hasher.update(line.as_bytes());
        hasher.update(b"\n");
    }
    hex::encode(hasher.finalize())
}

register! {
    /// One year's follow-up of the plan, run by the secretariat.
    FollowUpCycle = "follow_up_cycle", "FUC", domain "follow_up", title "name";
    fields {
        /// Name.
        name: local_text required public;
        /// Fiscal year followed up.
        fiscal_year: int required public;
        /// Day the indicator values are as of.
        values_as_of: date optional public;
        /// SHA-256 of the pack whose plan is followed up.
        pack_hash: text optional public;
        /// First day.
        opened_on: date optional public;
        /// Day by which participants contribute.
        contributions_due_on: date optional public;
        /// Day by which lead ministries (◎) submit.
        submissions_due_on: date optional public;
        /// Day compiling ended.
        closed_on: date optional public;
        /// Day the result was reported to the headquarters.
        reported_on: date optional public;
        /// Day it was closed for good.
        locked_on: date optional public;
        /// Remark.
        note: local_text optional public;
    }
    states { "planned", "open", "closed", "reported", "locked" }
    steps {
        "open": ["planned"] => "open" needs ["values_as_of", "pack_hash", "opened_on", "submissions_due_on"];
        "close": ["open"] => "closed" needs ["closed_on"];
        "reopen": ["closed"] => "open";
        "report": ["closed"] => "reported" needs ["reported_on"];
        "lock": ["reported"] => "locked" needs ["locked_on"];
    }
    frozen { "locked" }
}

register! {
    /// What a lead ministry (◎) reports on one measure in one cycle. Its texts are
    /// internal: the public reads them in the report that is published.
    MeasureReport = "measure_report", "MRP", domain "follow_up", title "measure";
    fields {
        /// Measure.
        measure: code("measures") required public;
        /// Cycle.
        cycle: reference("follow_up_cycle") required public;
        /// Lead ministry that compiles it.
        ministry: code("ministries") required public;
        /// Ministries asked to contribute.
        participants: code("ministries") many public;
        /// Indicators that the measure should move.
        indicators: code("indicators") many public;
        /// Budget programmes that carry the measure out.
        programmes: reference("budget_programme") many public;
        /// What was done and came of it.
        progress: text optional internal;
        /// How far the measure has come, in the ministry's judgement.
        assessment: code("progress_assessments") optional internal;
        /// What is missing or behind.
        gaps: text optional internal;
        /// What is promised for the next year.
        promises: text optional internal;
        /// Day the report was compiled.
        compiled_on: date optional public;
        /// Day it was submitted.
        submitted_on: date optional public;
        /// Person who submitted it.
        submitted_by: text optional internal;
        /// Why it was sent back.
        return_reason: text optional internal;
        /// Day it was sent back.
        returned_on: date optional public;
        /// Day it was approved.
        approved_on: date optional public;
        /// Person who approved it.
        approved_by: text optional internal;
        /// The indicator values it was approved with, one JSON object a line.
        approved_values: text many public;
        /// Digest over these lines, see [`values_digest`].
        approved_digest: text optional public;
        /// Day it was closed for good.
        locked_on: date optional public;
    }
    states { "drafting", "contributed", "compiled", "submitted", "returned", "approved", "locked" }
    steps {
        "collect": ["drafting"] => "contributed";
        "compile": ["drafting", "contributed", "returned"] => "compiled" needs ["progress", "assessment", "compiled_on"];
        "submit": ["compiled"] => "submitted" needs ["submitted_on", "submitted_by"];
        "return": ["submitted"] => "returned" needs ["return_reason", "returned_on"];
        "approve": ["submitted"] => "approved" needs ["approved_on", "approved_by", "approved_digest"];
        "lock": ["approved"] => "locked" needs ["locked_on"];
    }
    frozen { "approved", "locked" }
}

register! {
    /// What one ministry contributes to the report on a measure.
    MeasureContribution = "measure_contribution", "MCN", domain "follow_up", title "ministry";
    fields {
        /// Report it is for.
        report: reference("measure_report") required public;
        /// Ministry that contributes.
        ministry: code("ministries") required public;
        /// What was done and came of it.
        progress: text optional internal;
        /// What is missing or behind.
        gaps: text optional internal;
        /// What is promised for the next year.
        promises: text optional internal;
        /// Documents that show it.
        documents: url many internal;
        /// Day it was handed to the lead ministry.
        contributed_on: date optional public;
    }
    states { "draft", "contributed" }
    steps {
        "contribute": ["draft"] => "contributed" needs ["progress", "contributed_on"];
        "take_back": ["contributed"] => "draft";
    }
}

register! {
    /// Advice of a meeting or panel, with its answer.
    PanelAdvice = "panel_advice", "PAV", domain "follow_up", title "subject";
    fields {
        /// Subject.
        subject: text required public;
        /// Body that advises.
        body: code("advisory_bodies") required public;
        /// Day of the advice.
        given_on: date required public;
        /// Meeting it was given at.
        meeting: text optional public;
        /// The advice.
        advice: text required public;
        /// Measures it is about.
        measures: code("measures") many public;
        /// Minutes or document.
        document_url: url optional public;
        /// Ministry that answers.
        answered_by: code("ministries") optional public;
        /// Day by which it answers.
        due_on: date optional public;
        /// The answer.
        answer: text optional public;
        /// Day of the answer.
        answered_on: date optional public;
    }
    states { "recorded", "assigned", "answered" }
    steps {
        "assign": ["recorded"] => "assigned" needs ["answered_by", "due_on"];
        "answer": ["recorded", "assigned"] => "answered" needs ["answered_by", "answer", "answered_on"];
    }
}

register! {
    /// A need put forward by patients, the field, researchers or industry, with
    /// its answer.
    PublicNeed = "public_need", "PND", domain "follow_up", title "subject";
    fields {
        /// Subject.
        subject: text required public;
        /// Who put it forward.
        submitter: code("need_submitters") required public;
        /// Day it arrived.
        received_on: date required public;
        /// The need.
        need: text required public;
        /// How to reach whoever put it forward.
        contact: text optional internal;
        /// The need it is answered together with.
        grouped_with: reference("public_need") optional public;
        /// Measures it is about.
        measures: code("measures") many public;
        /// Ministry that answers.
        answered_by: code("ministries") optional public;
        /// Day by which it answers.
        due_on: date optional public;
        /// What became of it.
        disposition: code("need_dispositions") optional public;
        /// The answer.
        answer: text optional public;
        /// Day of the answer.
        answered_on: date optional public;
    }
    states { "received", "assigned", "answered" }
    steps {
        "assign": ["received"] => "assigned" needs ["answered_by", "due_on"];
        "answer": ["received", "assigned"] => "answered" needs ["answered_by", "disposition", "answer", "answered_on"];
    }
}

register! {
    /// What follows from a finding: an action with an owner and a day.
    FollowUpAction = "follow_up_action", "FUA", domain "follow_up", title "task";
    fields {
        /// What is to be done.
        task: text required public;
        /// The finding it follows from.
        finding: text required public;
        /// Cycle of the finding.
        cycle: reference("follow_up_cycle") required public;
        /// Report that shows the finding.
        report: reference("measure_report") optional public;
        /// Advice that asks for it.
        advice: reference("panel_advice") optional public;
        /// Need that asks for it.
        need: reference("public_need") optional public;
        /// Measures it changes.
        measures: code("measures") many public;
        /// Ministry that does it.
        owner: code("ministries") required public;
        /// Day by which it is done.
        due_on: date required public;
        /// Budget programmes it is done with.
        programmes: reference("budget_programme") many public;
        /// Day it was begun.
        started_on: date optional public;
        /// Why it was given a later day.
        extension_reason: text optional public;
        /// What came of it.
        result: text optional public;
        /// Day it was done.
        done_on: date optional public;
        /// Why it was dropped.
        drop_reason: text optional public;
        /// Day it was dropped.
        dropped_on: date optional public;
    }
    states { "open", "in_progress", "overdue", "done", "dropped" }
    steps {
        "start": ["open"] => "in_progress" needs ["started_on"];
        "mark_overdue": ["open", "in_progress"] => "overdue";
        "extend": ["overdue"] => "in_progress" needs ["extension_reason"];
        "finish": ["open", "in_progress", "overdue"] => "done" needs ["result", "done_on"];
        "drop": ["open", "in_progress", "overdue"] => "dropped" needs ["drop_reason", "dropped_on"];
    }
}

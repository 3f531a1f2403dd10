//! Terms of a made-up data set, with notices and choices of made-up persons.

use crate::evidence::day;
use crate::evidence::fields::Fields;
use crate::evidence::story::Story;

/// Name of the data set.
const DATA_SET: &str = "sample";

pub(super) fn tell(story: &mut Story) {
    let terms = Fields::new()
        .text("data_set", DATA_SET)
        .text("basis", "opt_out_notice")
        .int("waiting_days", 30)
        .list("notice_versions", ["2026-04"])
        .flag("usable_without_notice", false)
        .int("own_choice_age_years", 16)
        .date("valid_from", day(2026, 4, 1));
    let terms = story.create_on("data_set_terms", "terms-1", day(2026, 3, 30), terms);
    story.step(&terms, day(2026, 4, 1), "bring_into_force", |fields| fields);
    for (number, recipient) in [(1, "self"), (2, "self"), (3, "guardian")] {
        let given = day(2026, 4, 6 + number);
        let notice = Fields::new()
            .text("data_set", DATA_SET)
            .text("person", number.to_string())
            .text("text_version", "2026-04")
            .text("method", "paper")
            .date("given_on", given)
            .text("recipient", recipient);
        story.create_on("opt_out_notice", format!("notice-{number}"), given, notice);
    }
    let made = day(2026, 4, 20);
    let choice = Fields::new()
        .text("data_set", DATA_SET)
        .text("person", "2")
        .text("decision", "refuse")
        .text("made_by", "self")
        .text("channel", "paper")
        .date("made_on", made)
        .list("recipients", ["company"]);
    let choice = story.create_on("use_choice", "choice-1", made, choice);
    story.step(&choice, day(2026, 4, 21), "bring_into_effect", |fields| fields);
}

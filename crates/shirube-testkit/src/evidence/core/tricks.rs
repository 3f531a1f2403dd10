//! Traps: records that a careless count gets wrong.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use shirube_model::ident::RecordId;
use shirube_model::registers;

use super::portfolio::nth;
use super::regulation::act;
use super::statistics::{Subject, fiscal, observe};
use super::trials::trial;
use crate::evidence::cast::Cast;
use crate::evidence::day;
use crate::evidence::fields::Fields;
use crate::evidence::names;
use crate::evidence::story::{CORE_SYSTEM, Story};

pub(super) fn tell(story: &mut Story, cast: &Cast) {
    duplicates(story, cast);
    moved(story, cast);
    boundaries(story, cast);
    links(story, cast);
    keys(story, cast);
    empty_fields(story, cast);
    lists(story);
    revoked_and_superseded(story, cast);
}

/// A contract that counts, unless the trap spoils it.
fn contract(cast: &Cast, number: u64, on: NaiveDate) -> Fields {
    Fields::new()
        .text("title", format!("実証契約（計数確認用） {number}"))
        .text("contract_type", "licence")
        .date("effective_on", on)
        .list("projects", [nth(&cast.projects, number)])
        .text("holder", nth(&cast.universities, number))
        .text("taker", nth(&cast.pharma, number))
        .text("taker_country", "JP")
        .list("seeds", [format!("trap-seed-{number}")])
}

fn duplicates(story: &mut Story, cast: &Cast) {
    let on = day(2026, 5, 18);
    let first = story.create("contract", "trap-duplicate-a", on, contract(cast, 1, on));
    let second = story.create("contract", "trap-duplicate-b", on, contract(cast, 1, on));
    story.duplicate(&second, day(2026, 9, 2), &first);
    story.trap(
        "duplicate",
        &second,
        "left out: marked as a duplicate of the same contract from another source",
    );

    let on = day(2026, 6, 9);
    story.create("contract", "trap-unmarked-a", on, contract(cast, 2, on));
    let second = story.create("contract", "trap-unmarked-b", on, contract(cast, 2, on));
    story.trap(
        "duplicate-unmarked",
        &second,
        "counts until somebody marks it; its body equals another contract's",
    );

    let on = day(2026, 7, 1);
    let gone = story.create("contract", "trap-withdrawn", on, contract(cast, 3, on));
    story.withdraw(&gone, day(2027, 1, 15));
    story.trap("withdrawn", &gone, "counts as of days before 15 January 2027 and never after");

    let back = story.create("contract", "trap-restored", on, contract(cast, 4, on));
    story.withdraw(&back, day(2027, 1, 15));
    story.restore(&back, day(2027, 5, 10));
    story.trap("restored", &back, "out between 15 January and 10 May 2027, and counts again after");
}

fn moved(story: &mut Story, cast: &Cast) {
    let on = day(2025, 6, 16);
    let late = story.create_on("contract", "trap-late", day(2026, 8, 3), contract(cast, 5, on));
    story.trap(
        "late-record",
        &late,
        "belongs to FY2025, and is unknown as of any day before 3 August 2026",
    );

    let before = day(2026, 3, 31);
    let id = story.create(
        "contract",
        "trap-moved-year",
        day(2026, 4, 1),
        contract(cast, 6, day(2026, 4, 1)),
    );
    story.correct(&id, day(2026, 10, 8), "発効日の訂正", |f| f.date("effective_on", before));
    story.trap(
        "moved-year",
        &id,
        "moves from FY2026 to FY2025 with the correction of 8 October 2026",
    );

    let on = day(2027, 2, 3);
    let id = story.create("contract", "trap-moved-out", on, contract(cast, 7, on));
    story.correct(&id, day(2027, 8, 20), "契約種別の訂正", |f| {
        f.text("contract_type", "material_transfer")
    });
    story.trap("moved-out", &id, "fails the filter from 20 August 2027");

    let on = day(2027, 3, 10);
    let other = contract(cast, 8, on).text("contract_type", "option");
    let id = story.create("contract", "trap-moved-in", on, other);
    story.correct(&id, day(2027, 8, 20), "契約種別の訂正", |f| {
        f.text("contract_type", "assignment")
    });
    story.trap("moved-in", &id, "passes the filter from 20 August 2027");

    let ahead = day(2029, 1, 15);
    let id = story.create_on("contract", "trap-ahead", day(2028, 6, 5), contract(cast, 9, ahead));
    story.trap(
        "dated-ahead",
        &id,
        "known from 5 June 2028 and counts as of 15 January 2029 at the earliest",
    );
}

fn instant(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_default()
}

fn boundaries(story: &mut Story, cast: &Cast) {
    let days = [
        ("before-window", day(2025, 3, 31), "outside the window, on its eve"),
        ("first-day", day(2025, 4, 1), "counts: first day of the window"),
        ("year-end", day(2026, 3, 31), "belongs to FY2025"),
        ("year-start", day(2026, 4, 1), "belongs to FY2026"),
        ("leap-day", day(2028, 2, 29), "belongs to FY2027"),
        ("last-day", day(2030, 3, 31), "counts: last day of the window"),
        ("after-window", day(2030, 4, 1), "outside the window, the day after"),
    ];
    for (index, (key, on, expect)) in days.into_iter().enumerate() {
        let body = contract(cast, 20 + index as u64, on);
        let id = story.create("contract", format!("trap-{key}"), on, body);
        story.trap("boundary-day", &id, expect);
    }
    let on = day(2026, 3, 2);
    let moments = [
        ("2026-03-31T14:59:59Z", "known as of 31 March 2026: one second before midnight in Japan"),
        ("2026-03-31T15:00:00Z", "unknown as of 31 March 2026: recorded at midnight in Japan"),
        (
            "2028-02-28T15:00:00Z",
            "known as of 29 February 2028: recorded as that day begins in Japan",
        ),
    ];
    for (index, (at, expect)) in moments.into_iter().enumerate() {
        let body = contract(cast, 30 + index as u64, on);
        let id = story.create_at("contract", format!("trap-midnight-{index}"), instant(at), body);
        story.trap("japan-midnight", &id, expect);
    }
}

/// An id that no record has.
fn nobody(kind: &str) -> RecordId {
    let prefix = registers::kind(kind).map_or("XXX", |schema| schema.prefix);
    RecordId::derive(prefix, CORE_SYSTEM, "nobody")
}

fn links(story: &mut Story, cast: &Cast) {
    let on = day(2026, 8, 4);
    let body = contract(cast, 40, on).list("projects", [nobody("project").as_str()]);
    let id = story.create("contract", "trap-no-project", on, body);
    story.trap("missing-link", &id, "names a project that is in no register");

    let title = ("取り下げた実証課題".to_owned(), "Withdrawn demo project".to_owned());
    let fields = Fields::new()
        .both("title", title)
        .text("funder", "amed")
        .date("started_on", day(2025, 4, 1));
    let gone = story.create("project", "trap-withdrawn-project", day(2025, 4, 1), fields);
    story.withdraw(&gone, day(2026, 2, 2));
    let body = contract(cast, 41, on).list("projects", [gone.as_str()]);
    let id = story.create("contract", "trap-withdrawn-project", on, body);
    story.trap("link-to-withdrawn", &id, "names a project that was withdrawn");

    let other = cast.projects.last().map_or("", RecordId::as_str);
    let id = story.create(
        "contract",
        "trap-other-funder",
        on,
        contract(cast, 42, on).list("projects", [other]),
    );
    story.trap("other-funder", &id, "names a project of another funder");

    let three = [nth(&cast.projects, 1), nth(&cast.projects, 2), nth(&cast.projects, 3)];
    let id = story.create(
        "contract",
        "trap-three-projects",
        on,
        contract(cast, 43, on).list("projects", three),
    );
    story.trap(
        "several-projects",
        &id,
        "counts once although it covers three projects, and the proof says so",
    );

    let taker = nth(&cast.overseas, 0).to_owned();
    let body = contract(cast, 44, on).text("taker", taker).text("taker_country", "US");
    let id = story.create("contract", "trap-foreign", on, body);
    story.trap("foreign", &id, "counts for any firm, not for firms in Japan");

    two_routes(story, cast);
}

fn two_routes(story: &mut Story, cast: &Cast) {
    let on = day(2026, 9, 14);
    let fields = trial(300, "investigator_initiated_ctn", on)
        .list("countries", ["JP"])
        .flag("first_in_human", false)
        .flag("international", false)
        .list("sites", [nth(&cast.core_hospitals, 1), nth(&cast.core_hospitals, 2)]);
    let shared = story.create("trial", "trap-two-routes", on, fields);
    story.trap(
        "several-core-hospitals",
        &shared,
        "one trial, although two of its sites are core hospitals",
    );
    let routes = ["uses_amed_results", "amed_funded_trial"];
    for (index, route) in routes.into_iter().enumerate() {
        let fields = Fields::new()
            .text("project", nth(&cast.projects, 30))
            .text("from_phase", "nonclinical_poc")
            .text("to_phase", "clinical_trial")
            .text("route", route)
            .text("trial", shared.as_str())
            .date("occurred_on", on);
        let id = story.create_on(
            "phase_transition",
            format!("trap-route-{index}"),
            day(2026, 12, 1),
            fields,
        );
        if index == 1 {
            story.trap(
                "two-routes",
                &id,
                "the project counts once, under the first of its two routes",
            );
        }
    }
}

fn keys(story: &mut Story, cast: &Cast) {
    let Some(staff) = cast.training("trial_staff") else { return };
    for (index, on) in [day(2027, 5, 10), day(2027, 12, 6), day(2028, 4, 3)].into_iter().enumerate()
    {
        let fields = Fields::new()
            .text("person_key", "trap-person")
            .text("programme", staff.as_str())
            .text("subject", "trial_staff")
            .text("role", "crc")
            .date("issued_on", on);
        let id = story.create("certificate", format!("trap-certificate-{index}"), on, fields);
        match index {
            1 => story.trap("person-twice", &id, "the person already counts in FY2027"),
            2 => story.trap(
                "person-next-year",
                &id,
                "counts: the person's first certificate of FY2028",
            ),
            _ => {}
        }
    }
    for (index, on) in [day(2025, 1, 20), day(2026, 11, 2)].into_iter().enumerate() {
        let body = contract(cast, 50 + index as u64, on).list("seeds", ["trap-early-seed"]);
        let id = story.create("contract", format!("trap-early-{index}"), on, body);
        if index == 1 {
            story.trap(
                "first-before-window",
                &id,
                "counted by seed, out: its seed was first handed over before the window",
            );
        }
    }
    let company = nth(&cast.startups, 40).to_owned();
    for (index, on) in [day(2024, 10, 7), day(2026, 4, 22)].into_iter().enumerate() {
        let fields = Fields::new()
            .text("company", company.clone())
            .text("sector", "drug_discovery")
            .date("valued_on", on)
            .int("valuation_yen", 12_000_000_000)
            .text("basis", "financing_round")
            .text("source", "synthetic (demo)");
        let id = story.create("valuation", format!("trap-value-{index}"), on, fields);
        if index == 1 {
            story.trap(
                "first-before-window",
                &id,
                "not new: the company had reached the level before the window",
            );
        }
    }
    let begun = [(0, day(2024, 10, 31)), (1, day(2024, 11, 1))];
    for (index, on) in begun {
        let fields = Fields::new()
            .text("title", format!("実証データ研究（基準日） {index}"))
            .text("database", "ndb")
            .text("legal_basis", "public_database")
            .text("research_key", format!("trap-research-{index}"))
            .date("approved_on", on - Duration::days(20))
            .date("started_on", on);
        let id = story.create("data_use", format!("trap-baseline-{index}"), on, fields);
        let expect = if index == 0 {
            "in the baseline, on its last day"
        } else {
            "after the baseline, on its first day"
        };
        story.trap("baseline-day", &id, expect);
    }
}

fn empty_fields(story: &mut Story, cast: &Cast) {
    let on = day(2026, 12, 7);
    let body = contract(cast, 60, on).without("taker_country");
    let id = story.create("contract", "trap-no-country", on, body);
    story.trap(
        "undecided",
        &id,
        "counts for any firm; whether the firm is in Japan cannot be decided",
    );

    let body = contract(cast, 61, on).without("taker").without("taker_country");
    let id = story.create("contract", "trap-no-taker", on, body);
    story.trap("no-counterpart", &id, "out: no firm takes the seed up");

    let fields = act("orphan_designation", 6_000, "drug", on).without("product_type");
    let id = story.create("regulatory_event", "trap-no-product-type", on, fields);
    story.trap("undecided", &id, "undecided: the kind of product is not recorded");

    let fields = Fields::new()
        .text("title", "Demo paper without a rank")
        .text("doi", names::doi(98_000_000))
        .date("published_on", on)
        .text("field", "immunology")
        .text("field_scheme", "esi22")
        .text("fraction_japan", "1");
    let id = story.create("publication", "trap-no-rank", on, fields);
    story.trap(
        "undecided",
        &id,
        "a paper, but undecided among the most cited: its rank is not known",
    );

    let fields = Fields::new()
        .text("title", "実証データ研究（未着手）")
        .text("database", "dpc_db")
        .text("legal_basis", "public_database")
        .text("research_key", "trap-not-begun")
        .date("approved_on", on);
    let id = story.create("data_use", "trap-not-begun", on, fields);
    story.trap("no-date", &id, "out: approved, and the research has not begun");
}

/// Entries of the drug-loss list: one left out with a reason, one put back.
fn lists(story: &mut Story) {
    let entry = |index: u64| {
        let prefix = registers::kind("list_entry").map_or("XXX", |schema| schema.prefix);
        RecordId::derive(prefix, CORE_SYSTEM, &format!("drug-loss-{index}"))
    };
    story.trap("left-out", &entry(54), "not in the denominator: left out with a reason");
    let back = entry(57);
    story.step(&back, day(2026, 12, 1), "restore", |f| {
        f.without("exclusion_reason").without("excluded_on")
    });
    story.trap(
        "put-back",
        &back,
        "out between its exclusion and 1 December 2026, in the denominator again after",
    );
}

fn revoked_and_superseded(story: &mut Story, cast: &Cast) {
    let on = day(2025, 9, 24);
    let fields =
        act("orphan_designation", 6_001, "drug", on).text("applicant", nth(&cast.pharma, 2));
    let id = story.create("regulatory_event", "trap-revoked", on, fields);
    let revoked = day(2027, 6, 30);
    story.step(&id, day(2027, 7, 6), "revoke", |f| f.date("revoked_on", revoked));
    story.trap(
        "revoked",
        &id,
        "a designation that counts by its date, not among those in force after 30 June 2027",
    );

    let item = "実証バイオ成分 99";
    let subject = Subject {
        series: "biosimilar_share",
        method: "quantity",
        item: Some(item),
        ..Subject::default()
    };
    let year = fiscal(2027);
    let half = (year.0, day(2027, 9, 30));
    let early = observe(story, "trap-half-year", subject, half, "88");
    observe(story, "trap-full-year", subject, year, "74");
    story.trap(
        "superseded",
        &early,
        "the full year decides for the ingredient in FY2027, not the half year",
    );

    let tokyo = Subject {
        series: "life_expectancy",
        method: "abridged_life_table",
        sex: Some("male"),
        prefecture: Some("13"),
        ..Subject::default()
    };
    let id =
        observe(story, "trap-prefecture", tokyo, (day(2027, 1, 1), day(2027, 12, 31)), "81.50");
    story.trap("prefecture", &id, "out: a value of one prefecture, not of the country");
}

//! What researchers ask, and the same for other engines.

/// A question in the gate's SQL and in that of the others.
pub(crate) struct Question {
    pub(crate) name: &'static str,
    pub(crate) gate: &'static str,
    pub(crate) others: &'static str,
}

/// Eight typical questions.
pub(crate) const QUESTIONS: [Question; 8] = [
    Question {
        name: "visits by year",
        gate: "SELECT year(visit_start_date) AS y, COUNT(*) AS n FROM visit_occurrence GROUP BY 1",
        others: "SELECT date_part('year', visit_start_date) AS y, COUNT(*) AS n \
                 FROM visit_occurrence GROUP BY 1",
    },
    Question {
        name: "visits and persons by month",
        gate: "SELECT month_start(visit_start_date) AS m, COUNT(*) AS n, \
               COUNT(DISTINCT person_id) AS persons FROM visit_occurrence GROUP BY 1",
        others: "SELECT date_trunc('month', visit_start_date) AS m, COUNT(*) AS n, \
                 COUNT(DISTINCT person_id) AS persons FROM visit_occurrence GROUP BY 1",
    },
    Question {
        name: "diagnoses by code",
        gate: "SELECT condition_source_value, COUNT(*) AS n FROM condition_occurrence GROUP BY 1",
        others: "SELECT condition_source_value, COUNT(*) AS n FROM condition_occurrence GROUP BY 1",
    },
    Question {
        name: "persons by diagnosis",
        gate: "SELECT condition_source_value, COUNT(DISTINCT person_id) AS n \
               FROM condition_occurrence GROUP BY 1",
        others: "SELECT condition_source_value, COUNT(DISTINCT person_id) AS n \
                 FROM condition_occurrence GROUP BY 1",
    },
    Question {
        name: "cost, sum and mean",
        gate: "SELECT SUM(total_charge) AS yen, AVG(total_charge) AS mean FROM cost",
        others: "SELECT SUM(total_charge) AS yen, AVG(total_charge) AS mean FROM cost",
    },
    Question {
        name: "visits by sex and year",
        gate: "SELECT p.gender_source_value AS sex, year(v.visit_start_date) AS y, COUNT(*) AS n, \
               COUNT(DISTINCT p.person_id) AS persons FROM person p \
               JOIN visit_occurrence v ON v.person_id = p.person_id GROUP BY 1, 2",
        others: "SELECT p.gender_source_value AS sex, date_part('year', v.visit_start_date) AS y, \
                 COUNT(*) AS n, COUNT(DISTINCT p.person_id) AS persons FROM person p \
                 JOIN visit_occurrence v ON v.person_id = p.person_id GROUP BY 1, 2",
    },
    Question {
        name: "persons with a diagnosis by region",
        gate: "SELECT p.location_id, COUNT(DISTINCT p.person_id) AS n FROM person p \
               JOIN condition_occurrence c ON c.person_id = p.person_id \
               WHERE c.condition_source_value = 'I10' GROUP BY 1",
        others: "SELECT p.location_id, COUNT(DISTINCT p.person_id) AS n FROM person p \
                 JOIN condition_occurrence c ON c.person_id = p.person_id \
                 WHERE c.condition_source_value = 'I10' GROUP BY 1",
    },
    Question {
        name: "persons by number of visits",
        gate: "SELECT v.n, COUNT(*) AS persons FROM (SELECT person_id, COUNT(*) AS n \
               FROM visit_occurrence GROUP BY person_id) v GROUP BY 1",
        others: "SELECT v.n, COUNT(*) AS persons FROM (SELECT person_id, COUNT(*) AS n \
                 FROM visit_occurrence GROUP BY person_id) v GROUP BY 1",
    },
];

-- The headline value of each of the 47 series on a day, written by hand from
-- the definitions under their working readings. Where the baseline is not
-- published the query gives what would be divided by it.
--
-- Tables hold the current version of every record; `_standing` is `active`
-- unless the record was withdrawn or found to be a duplicate. `_ordinal` is the
-- order in which records first entered the ledger. Dates after `$as_of` do not
-- count.

-- Fiscal year of a date.
CREATE MACRO fy(d) AS year(d) - CAST(month(d) < 4 AS INTEGER);

-- The year a yearly headline speaks of: the latest that had ended on the day,
-- not after the last; before the first has ended, the first in part.
CREATE MACRO headline_fy(as_of, first_year, last_year) AS
    greatest(least(fy(as_of + INTEGER '1') - 1, last_year), first_year);
CREATE MACRO headline_cy(as_of, first_year, last_year) AS
    greatest(least(year(as_of + INTEGER '1') - 1, last_year), first_year);

-- Whether a date lies in that year.
CREATE MACRO in_fy(d, as_of, first_year, last_year) AS
    d BETWEEN make_date(headline_fy(as_of, first_year, last_year), 4, 1)
        AND least(as_of, make_date(headline_fy(as_of, first_year, last_year) + 1, 3, 31));
CREATE MACRO in_cy(d, as_of, first_year, last_year) AS
    d BETWEEN make_date(headline_cy(as_of, first_year, last_year), 1, 1)
        AND least(as_of, make_date(headline_cy(as_of, first_year, last_year), 12, 31));

-- A share, rounded half to even.
CREATE MACRO share(part, whole) AS
    CAST(round_even(CAST(part AS DOUBLE) / nullif(whole, 0), 6) AS DECIMAL(38, 6));

-- name: OI-01
SELECT count(DISTINCT c._id)
FROM (
    SELECT _id, unnest(projects) AS project
    FROM contract
    WHERE _standing = 'active'
      AND contract_type IN ('assignment', 'licence', 'joint_rd')
      AND taker IS NOT NULL
      AND effective_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2030-03-31')
) AS c
JOIN project AS p ON p._id = c.project
WHERE p._standing = 'active' AND p.funder IN ('amed', 'scarda');

-- name: OI-02
SELECT count(*)
FROM (
    SELECT min(s.occurred_on) AS first_on
    FROM phase_transition AS s
    JOIN trial AS t ON t._id = s.trial
    WHERE s._standing = 'active'
      AND s.to_phase = 'clinical_trial'
      AND s.route IN ('uses_amed_results', 'amed_funded_trial')
      AND s.occurred_on <= $as_of
      AND s.project IS NOT NULL
      AND t._standing = 'active'
      AND t.study_type IN ('investigator_initiated_ctn', 'sponsor_initiated_ctn')
    GROUP BY s.project
)
WHERE first_on BETWEEN DATE '2025-04-01' AND DATE '2030-03-31';

-- name: OI-03
SELECT count(*)
FROM continuation AS c
JOIN project AS a ON a._id = c.from_project
JOIN project AS b ON b._id = c.to_project
WHERE c._standing = 'active'
  AND c.route IN ('pairing', 'matching', 'same_programme')
  AND c.decided_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2030-03-31')
  AND a._standing = 'active' AND a.funder IN ('amed', 'scarda')
  AND b._standing = 'active' AND b.funder IN ('amed', 'scarda');

-- name: OI-04
SELECT count(DISTINCT doi)
FROM publication
WHERE _standing = 'active'
  AND field IN (
      'clinical_medicine', 'biology_biochemistry', 'immunology', 'microbiology',
      'molecular_biology_genetics', 'neuroscience_behavior', 'pharmacology_toxicology',
      'psychiatry_psychology')
  AND field_scheme = 'esi22'
  AND rank_source = 'web_of_science'
  AND citation_percentile <= 1
  AND fraction_japan > 0
  AND published_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2030-03-31');

-- name: OI-05
SELECT count(DISTINCT doi)
FROM publication
WHERE _standing = 'active'
  AND field IN (
      'clinical_medicine', 'biology_biochemistry', 'immunology', 'microbiology',
      'molecular_biology_genetics', 'neuroscience_behavior', 'pharmacology_toxicology',
      'psychiatry_psychology')
  AND field_scheme = 'esi22'
  AND rank_source = 'web_of_science'
  AND citation_percentile <= 10
  AND fraction_japan > 0
  AND published_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2030-03-31');

-- name: OI-06
SELECT count(DISTINCT doi)
FROM publication
WHERE _standing = 'active'
  AND field IN (
      'clinical_medicine', 'biology_biochemistry', 'immunology', 'microbiology',
      'molecular_biology_genetics', 'neuroscience_behavior', 'pharmacology_toxicology',
      'psychiatry_psychology')
  AND field_scheme = 'esi22'
  AND fraction_japan > 0
  AND in_fy(published_on, $as_of, 2024, 2029);

-- name: OI-07
SELECT share(count(*) FILTER (WHERE done_on <= $as_of), count(*))
FROM list_entry
WHERE _standing = 'active'
  AND list = 'drug-loss-86'
  AND necessity = 'needed'
  AND exclusion_reason IS NULL
  AND valid_from <= least($as_of, DATE '2023-03-31');

-- name: OI-08
SELECT count(*)
FROM regulatory_event
WHERE _standing = 'active'
  AND event_type = 'paediatric_plan'
  AND product_type IN ('drug', 'vaccine', 'therapeutic', 'diagnostic')
  AND _state = 'in_force'
  AND occurred_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2030-03-31');

-- name: OI-09
SELECT count(*)
FROM regulatory_event
WHERE _standing = 'active'
  AND event_type = 'orphan_designation'
  AND product_type IN ('drug', 'vaccine', 'therapeutic', 'diagnostic')
  AND occurred_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2030-03-31');

-- name: OI-10
SELECT coalesce(sum(r.amount_yen), 0)
FROM investment_round AS r
JOIN organisation AS o ON o._id = r.company
WHERE r._standing = 'active'
  AND r.sector = 'drug_discovery'
  AND r.private
  AND r.round NOT IN ('debt', 'grant')
  AND in_fy(r.closed_on, $as_of, 2023, 2029)
  AND o._standing = 'active' AND o.country = 'JP';

-- name: OI-11
SELECT count(*)
FROM (
    SELECT min(v.valued_on) AS first_on
    FROM valuation AS v
    JOIN organisation AS o ON o._id = v.company
    WHERE v._standing = 'active'
      AND v.sector = 'drug_discovery'
      AND v.valuation_yen >= 10000000000
      AND v.valued_on <= $as_of
      AND o._standing = 'active' AND o.country = 'JP'
    GROUP BY v.company
)
WHERE first_on BETWEEN DATE '2025-04-01' AND DATE '2030-03-31';

-- name: OI-11b
SELECT count(*)
FROM (
    SELECT min(v.valued_on) AS first_on
    FROM valuation AS v
    JOIN organisation AS o ON o._id = v.company
    WHERE v._standing = 'active'
      AND v.sector = 'drug_discovery'
      AND v.valuation_yen >= 100000000000
      AND v.basis IN ('financing_round', 'acquisition', 'appraisal', 'secondary_sale')
      AND v.valued_on <= $as_of
      AND o._standing = 'active' AND o.country = 'JP'
    GROUP BY v.company
)
WHERE first_on BETWEEN DATE '2025-04-01' AND DATE '2033-12-31';

-- name: OI-12
SELECT count(DISTINCT c.firm)
FROM commitment AS c
JOIN organisation AS o ON o._id = c.firm
WHERE c._standing = 'active'
  AND c.foreign_capital
  AND c.commitment_type IN ('innovation_hub', 'innovation_programme')
  AND c.valid_from <= least($as_of, DATE '2030-03-31')
  AND (c.valid_to IS NULL OR c.valid_to >= least($as_of, DATE '2030-03-31'))
  AND o._standing = 'active' AND o.organisation_type = 'pharma';

-- name: OI-13
SELECT count(DISTINCT company)
FROM venture_adoption
WHERE _standing = 'active'
  AND scheme = 'drug_venture_ecosystem'
  AND decided_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2030-03-31');

-- name: OI-14
SELECT count(*)
FROM business_move
WHERE _standing = 'active'
  AND (commitment IS NOT NULL OR adoption IS NOT NULL)
  AND occurred_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2030-03-31');

-- name: OI-15
SELECT count(DISTINCT t._id)
FROM (
    SELECT _id, started_on, unnest(sites) AS site
    FROM trial
    WHERE _standing = 'active'
      AND first_in_human
      AND list_contains(countries, 'JP')
      AND started_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2029-03-31')
) AS t
JOIN site_capability AS s
  ON s.organisation = t.site
 AND s.available_from <= t.started_on
 AND (s.available_to IS NULL OR s.available_to >= t.started_on)
WHERE s._standing = 'active' AND s.capability = 'fih_built';

-- name: OI-16
SELECT count(DISTINCT e.employer_at_training)
FROM enrolment AS e
JOIN organisation AS o ON o._id = e.employer_at_training
WHERE e._standing = 'active'
  AND e.subject = 'fih'
  AND e._state <> 'dropped_out'
  AND e.enrolled_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2029-03-31')
  AND o._standing = 'active'
  AND o.organisation_type IN ('hospital', 'university', 'national_centre', 'research_institute');

-- name: OI-17
SELECT count(DISTINCT seed)
FROM support_record
WHERE _standing = 'active'
  AND aim = 'fih'
  AND in_fy(supported_on, $as_of, 2021, 2029)
  AND institution IN (
      SELECT organisation
      FROM organisation_role
      WHERE _standing = 'active' AND role = 'translational_institution');

-- name: OI-18
SELECT count(DISTINCT t._id)
FROM (
    SELECT _id, started_on, unnest(sites) AS site
    FROM trial
    WHERE _standing = 'active'
      AND study_type IN ('investigator_initiated_ctn', 'sponsor_initiated_ctn')
      AND in_fy(started_on, $as_of, 2025, 2028)
) AS t
JOIN organisation_role AS r
  ON r.organisation = t.site
 AND r.valid_from <= t.started_on
 AND (r.valid_to IS NULL OR r.valid_to >= t.started_on)
WHERE r._standing = 'active' AND r.role = 'core_hospital';

-- name: OI-19
SELECT count(DISTINCT development_key)
FROM consultation
WHERE _standing = 'active'
  AND desk = 'one_stop_trial_desk'
  AND topic = 'international_trial'
  AND requester_country <> 'JP'
  AND requester_type IN ('startup', 'pharma')
  AND in_fy(first_contact_on, $as_of, 2025, 2028);

-- name: OI-20
SELECT count(DISTINCT person_key)
FROM certificate
WHERE _standing = 'active'
  AND subject = 'trial_staff'
  AND _state = 'issued'
  AND in_fy(issued_on, $as_of, 2025, 2028);

-- name: OI-21
SELECT count(*)
FROM decision
WHERE _standing = 'active'
  AND subject = 'single_irb_target'
  AND target_value IS NOT NULL
  AND decided_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2026-03-31');

-- name: OI-22
SELECT count(DISTINCT t._id)
FROM (
    SELECT _id, started_on, unnest(sites) AS site
    FROM trial
    WHERE _standing = 'active'
      AND study_type IN ('investigator_initiated_ctn', 'sponsor_initiated_ctn')
      AND len(dct_elements) >= 1
      AND in_fy(started_on, $as_of, 2025, 2028)
) AS t
JOIN organisation_role AS r
  ON r.organisation = t.site
 AND r.valid_from <= t.started_on
 AND (r.valid_to IS NULL OR r.valid_to >= t.started_on)
WHERE r._standing = 'active' AND r.role = 'core_hospital';

-- name: OI-23
SELECT coalesce(sum(value), 0)
FROM observation
WHERE _standing = 'active'
  AND series = 'jrct_accesses'
  AND method_version = 'page_views'
  AND in_fy(period_to, $as_of, 2025, 2028);

-- name: OI-24
SELECT count(*)
FROM site_capability
WHERE _standing = 'active'
  AND capability = 'dual_use'
  AND _state <> 'planned'
  AND available_from <= least($as_of, DATE '2030-03-31')
  AND (available_to IS NULL OR available_to >= least($as_of, DATE '2030-03-31'));

-- name: OI-25
SELECT count(DISTINCT person_key)
FROM enrolment
WHERE _standing = 'active'
  AND subject = 'biomanufacturing'
  AND _state <> 'dropped_out'
  AND enrolled_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2030-03-31');

-- name: OI-26
SELECT share(count(*) FILTER (WHERE done_on <= $as_of), count(*))
FROM list_entry
WHERE _standing = 'active'
  AND list = 'switch-otc-2023'
  AND valid_to IS NULL
  AND exclusion_reason IS NULL
  AND valid_from <= $as_of;

-- name: OI-27
SELECT share(count(*) FILTER (WHERE value >= 80), count(*))
FROM (
    SELECT value
    FROM observation
    WHERE _standing = 'active'
      AND series = 'biosimilar_share'
      AND method_version = 'quantity'
      AND prefecture IS NULL
      AND item IS NOT NULL
      AND in_fy(period_to, $as_of, 2024, 2029)
    QUALIFY row_number() OVER (
        PARTITION BY item ORDER BY period_to DESC, _ordinal DESC) = 1
);

-- name: OI-28
SELECT count(*)
FROM (
    SELECT min(notified_on) AS first_on
    FROM trial
    WHERE _standing = 'active'
      AND international
      AND study_type IN ('investigator_initiated_ctn', 'sponsor_initiated_ctn')
      AND notification IS NOT NULL
      AND notified_on <= $as_of
    GROUP BY notification
)
WHERE in_fy(first_on, $as_of, 2025, 2028);

-- name: OI-29
SELECT count(*)
FROM regulatory_event
WHERE _standing = 'active'
  AND event_type = 'guideline'
  AND modality IN (
      'biologic', 'antibody', 'nucleic_acid', 'mrna_vaccine', 'viral_vector_vaccine',
      'regenerative', 'cell_therapy', 'gene_therapy', 'radiopharmaceutical', 'samd',
      'companion_diagnostic', 'animal_test_alternative')
  AND in_fy(occurred_on, $as_of, 2024, 2029);

-- name: OI-30
SELECT count(DISTINCT e._id)
FROM (
    SELECT _id, unnest(projects) AS project
    FROM regulatory_event
    WHERE _standing = 'active'
      AND event_type = 'approval'
      AND product_type IN ('device', 'samd')
      AND device_class IN ('III', 'IV')
      AND (approval_class IS NULL OR approval_class <> 'partial_change')
      AND occurred_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2030-03-31')
) AS e
JOIN project AS p ON p._id = e.project
WHERE p._standing = 'active' AND p.funder IN ('amed', 'scarda');

-- name: OI-31
SELECT count(*)
FROM certification
WHERE _standing = 'active'
  AND scheme = 'kenko_keiei_yuryo'
  AND _state = 'certified'
  AND valid_from <= least($as_of, DATE '2030-03-31')
  AND (valid_to IS NULL OR valid_to >= least($as_of, DATE '2030-03-31'));

-- name: OI-32
SELECT coalesce(sum(value), 0)
FROM observation
WHERE _standing = 'active'
  AND series = 'healthcare_market_yen'
  AND method_version = 'outside_insurance'
  AND prefecture IS NULL
  AND in_fy(period_to, $as_of, 2024, 2029);

-- name: OI-33
SELECT count(DISTINCT e._id)
FROM (
    SELECT _id, occurred_on, unnest(pathogens) AS pathogen
    FROM regulatory_event
    WHERE _standing = 'active'
      AND event_type = 'approval'
      AND product_type IN ('drug', 'vaccine', 'therapeutic', 'diagnostic')
      AND (approval_class IS NULL OR approval_class <> 'partial_change')
      AND occurred_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2029-03-31')
) AS e
JOIN list_entry AS l
  ON l.item_code = e.pathogen
 AND l.valid_from <= e.occurred_on
 AND (l.valid_to IS NULL OR l.valid_to >= e.occurred_on)
WHERE l._standing = 'active' AND l.list = 'priority-pathogens';

-- name: OI-34
SELECT count(*)
FROM decision
WHERE _standing = 'active'
  AND subject = 'priority_list_review'
  AND decided_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2030-03-31');

-- name: OI-35
SELECT count(*)
FROM decision
WHERE _standing = 'active'
  AND subject = 'pull_incentive_conclusion'
  AND decided_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2030-03-31');

-- name: OI-36
SELECT count(DISTINCT t._id)
FROM (
    SELECT _id, unnest(projects) AS project
    FROM trial
    WHERE _standing = 'active'
      AND product_type IN ('vaccine', 'therapeutic', 'diagnostic')
      AND len(pathogens) >= 1
      AND study_type <> 'observational'
      AND started_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2030-03-31')
) AS t
JOIN project AS p ON p._id = t.project
WHERE p._standing = 'active' AND p.funder IN ('amed', 'scarda');

-- name: OI-37
SELECT count(DISTINCT organisation)
FROM consortium_membership
WHERE _standing = 'active'
  AND valid_from <= least($as_of, DATE '2030-03-31')
  AND (valid_to IS NULL OR valid_to >= least($as_of, DATE '2030-03-31'));

-- name: OI-38
SELECT count(*)
FROM exercise
WHERE _standing = 'active'
  AND scope IN ('vdt_development', 'pathogen_sharing', 'trial_network', 'regulatory_review')
  AND _state <> 'planned'
  AND report_on IS NOT NULL
  AND in_fy(held_on, $as_of, 2025, 2029);

-- name: OI-39
SELECT count(DISTINCT element)
FROM decision
WHERE _standing = 'active'
  AND subject = 'large_trial_environment'
  AND element IN ('sites', 'contracts', 'master_protocol', 'irb', 'data', 'staff')
  AND decided_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2030-03-31');

-- name: OI-40
SELECT count(*)
FROM (
    SELECT min(started_on) AS first_on
    FROM data_use
    WHERE _standing = 'active'
      AND legal_basis IN ('public_database', 'amed_project')
      AND started_on <= $as_of
    GROUP BY research_key
)
WHERE first_on BETWEEN DATE '2024-11-01' AND DATE '2030-03-31';

-- name: OI-41
SELECT share(53 + count(*), 53)
FROM (
    SELECT min(started_on) AS first_on
    FROM data_use
    WHERE _standing = 'active'
      AND legal_basis = 'next_generation_medical_infrastructure_act'
      AND data_type IN ('anonymised', 'pseudonymised')
      AND started_on <= $as_of
    GROUP BY research_key
)
WHERE first_on BETWEEN DATE '2024-11-01' AND DATE '2030-03-31';

-- name: OI-42
SELECT coalesce(sum(direct_beneficiaries), 0)
FROM cooperation
WHERE _standing = 'active'
  AND income_group IN ('low', 'lower_middle', 'upper_middle')
  AND implementer = 'jica'
  AND reported_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2029-03-31');

-- name: OI-43
SELECT coalesce(sum(trainees), 0)
FROM cooperation
WHERE _standing = 'active'
  AND income_group IN ('low', 'lower_middle', 'upper_middle')
  AND reported_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2029-03-31');

-- name: OI-44a
SELECT coalesce(sum(value), 0)
FROM observation
WHERE _standing = 'active'
  AND series = 'drug_technology_export_yen'
  AND prefecture IS NULL
  AND item IS NULL
  AND in_cy(period_to, $as_of, 2024, 2028);

-- name: OI-44b
SELECT coalesce(sum(value), 0)
FROM observation
WHERE _standing = 'active'
  AND series = 'device_export_yen'
  AND prefecture IS NULL
  AND item IS NULL
  AND in_cy(period_to, $as_of, 2024, 2028);

-- name: OI-45
SELECT count(DISTINCT c.firm)
FROM support_case AS c
JOIN organisation AS o ON o._id = c.firm
WHERE c._standing = 'active'
  AND c.scheme IN ('who_pq', 'who_compendium', 'fda')
  AND c.started_on BETWEEN DATE '2025-04-01' AND least($as_of, DATE '2029-03-31')
  AND o._standing = 'active' AND o.country = 'JP';

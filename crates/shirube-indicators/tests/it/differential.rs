//! The columnar evaluator against the naive one, on generated registers and
//! definitions.

use proptest::prelude::*;
use shirube_indicators::evaluate::{Evaluator, Request};
use shirube_indicators::{Columns, naive};
use shirube_model::indicator::{Kind, Outcome, Spec};
use shirube_testkit::arbitrary::{Case, arb_case, arb_case_of, registers_on};

fn columnar(case: &Case, spec: &Spec, at: u64) -> Outcome {
    let mut columns = Columns::new();
    for version in &case.versions {
        columns.push(version);
    }
    let view = columns.view(at, case.as_of);
    let request = Request { spec, breakdowns: &case.breakdowns };
    Evaluator::new().evaluate(&columns, &view, &[request]).unwrap().remove(0)
}

/// Both evaluators agree now and as of an earlier ledger position.
fn agree(case: &Case) -> Result<(), TestCaseError> {
    let spec = Spec::compile(&case.spec).unwrap();
    let last = case.versions.last().map_or(0, |version| version.seq);
    for seq in [last, last / 2] {
        let known: Vec<_> = case.versions.iter().filter(|v| v.seq <= seq).cloned().collect();
        let registers = registers_on(&known, chrono::DateTime::<chrono::Utc>::MAX_UTC.date_naive());
        let plain = naive::evaluate(&registers, &spec, &case.breakdowns, case.as_of);
        let fast = columnar(case, &spec, seq);
        prop_assert_eq!(&plain.proofs, &fast.proofs);
        prop_assert_eq!(&plain, &fast);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn evaluators_agree(case in arb_case()) {
        agree(&case)?;
    }
}

macro_rules! by_kind {
    ($($name:ident: $kind:ident),* $(,)?) => {
        proptest! {
            #![proptest_config(ProptestConfig { cases: 100, max_shrink_iters: 300, ..ProptestConfig::default() })]
            $(
                #[test]
                fn $name(case in arb_case_of(Kind::$kind)) {
                    agree(&case)?;
                }
            )*
        }
    };
}

by_kind! {
    cumulative: Cumulative,
    annual: Annual,
    stock: Stock,
    ratio_to_base_year: RatioToBaseYear,
    ratio_to_cumulative: RatioToCumulative,
    threshold_base_mean: ThresholdBaseMean,
    share_of_set: ShareOfSet,
    list_completion: ListCompletion,
    milestone: Milestone,
    milestone_creates: MilestoneCreates,
    delta_comparison: DeltaComparison,
    trend: Trend,
    monitor: Monitor,
}

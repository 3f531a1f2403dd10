//! The columnar evaluator against the naive one, on generated registers and
//! definitions.

use std::sync::Arc;

use proptest::prelude::*;
use shirube_indicators::evaluate::{Evaluator, Request};
use shirube_indicators::{Columns, naive};
use shirube_model::indicator::{Kind, Outcome, Spec};
use shirube_testkit::arbitrary::{Case, arb_case, arb_case_of, registers_on};

fn request(case: &Case, spec: &Spec) -> Request {
    Request { spec: Arc::new(spec.clone()), breakdowns: case.breakdowns.as_slice().into() }
}

fn columnar(case: &Case, spec: &Spec, at: u64) -> Outcome {
    let mut columns = Columns::new();
    for version in &case.versions {
        columns.push(version);
    }
    let view = columns.view(at, case.as_of);
    let request = request(case, spec);
    Evaluator::new().evaluate(&columns, &view, &[request]).unwrap().remove(0).as_ref().clone()
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

/// Following the ledger in steps gives what a full run gives after each, and
/// what was told before stays as it was.
fn followed(case: &Case, steps: &[usize]) -> Result<(), TestCaseError> {
    let requests = [request(case, &Spec::compile(&case.spec).unwrap())];
    let mut columns = Columns::new();
    let mut evaluator = Evaluator::new();
    let mut versions = case.versions.iter();
    let view = columns.view(0, case.as_of);
    let mut told = evaluator.follow(&columns, &view, &requests).unwrap();
    for step in steps.iter().copied().chain([usize::MAX]) {
        for version in versions.by_ref().take(step) {
            columns.push(version);
        }
        let seq = columns.last_seq();
        let kept: Vec<Outcome> = told.iter().map(|outcome| outcome.as_ref().clone()).collect();
        let next = evaluator.advance(&columns, seq).unwrap().unwrap();
        let view = columns.view(seq, case.as_of);
        let anew = Evaluator::new().evaluate(&columns, &view, &requests).unwrap();
        prop_assert_eq!(&next, &anew);
        prop_assert!(told.iter().zip(&kept).all(|(now, then)| **now == *then));
        prop_assert_eq!(evaluator.following(), Some((case.as_of, seq)));
        told = next;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn following_is_the_same_as_starting_anew(
        case in arb_case(),
        steps in proptest::collection::vec(1usize..8, 0..6),
    ) {
        followed(&case, &steps)?;
    }
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

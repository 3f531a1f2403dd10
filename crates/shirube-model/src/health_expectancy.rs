//! Healthy life expectancy by Sullivan's method, with its variance.
//!
//! `HE_x = (1/l_x) Σ_{i≥x} L_i (1 − π_i)`, where `l` and `L` come from a life
//! table and `π_i` is the share of age group `i` in ill health. The variance of
//! the shares gives `Var(HE_x) = (1/l_x²) Σ_{i≥x} L_i² Var(π_i)`, with
//! `Var(π_i) = π_i (1 − π_i) / N_i` for a simple random sample. The variance of
//! mortality is left out: for a nation it is negligible. Source: Jagger, Cox,
//! Le Roy, *Health Expectancy Calculation by the Sullivan Method*, EHEMU.

use crate::refusal::Refusal;

/// Normal quantile of a two-sided 95 % interval.
const Z_95: f64 = 1.96;

/// One age group: its row of the life table and the survey's finding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AgeGroup {
    /// First age of the group, years.
    pub age: u32,
    /// Survivors to that age, `l_x`.
    pub survivors: f64,
    /// Person-years lived in the group, `L_x`.
    pub person_years: f64,
    /// Share in ill health, 0 to 1.
    pub prevalence: f64,
    /// How sure the share is.
    pub uncertainty: Uncertainty,
}

/// How sure a share is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Uncertainty {
    /// From a sample of so many persons. The effect of the design is the
    /// variance over that of a simple random sample of the same size.
    Sample {
        /// Persons asked.
        persons: f64,
        /// Effect of the design, 1 for a simple random sample.
        design_effect: f64,
    },
    /// The variance of the share itself.
    Variance(f64),
    /// Everybody was counted.
    None,
}

impl AgeGroup {
    fn variance(&self) -> f64 {
        match self.uncertainty {
            Uncertainty::Sample { persons, design_effect } => {
                self.prevalence * (1.0 - self.prevalence) / persons * design_effect
            }
            Uncertainty::Variance(variance) => variance,
            Uncertainty::None => 0.0,
        }
    }
}

/// Expectancies at one age, in years.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HealthExpectancy {
    /// Age.
    pub age: u32,
    /// Years to live.
    pub life: f64,
    /// Years to live in good health.
    pub healthy: f64,
    /// Standard error of `healthy`.
    pub standard_error: f64,
}

impl HealthExpectancy {
    /// Years to live in ill health.
    #[must_use]
    pub fn unhealthy(&self) -> f64 {
        self.life - self.healthy
    }

    /// Two-sided 95 % interval of `healthy`.
    #[must_use]
    pub fn interval_95(&self) -> (f64, f64) {
        let half = Z_95 * self.standard_error;
        (self.healthy - half, self.healthy + half)
    }
}

/// Expectancies at the first age of every group. Groups stand in order of age,
/// the last one open; between two groups no age may be missing from the life
/// table, or its person-years are missing from the result.
///
/// # Errors
/// `core.health-expectancy.empty`, `.ages`, `.survivors`, `.person-years`,
/// `.prevalence`, `.uncertainty`; the field of the refusal is the age.
pub fn health_expectancy(groups: &[AgeGroup]) -> Result<Vec<HealthExpectancy>, Refusal> {
    check(groups)?;
    let (mut lived, mut healthy, mut variance) = (0.0, 0.0, 0.0);
    let mut found: Vec<HealthExpectancy> = groups
        .iter()
        .rev()
        .map(|group| {
            lived += group.person_years;
            healthy += group.person_years * (1.0 - group.prevalence);
            variance += group.person_years.powi(2) * group.variance();
            HealthExpectancy {
                age: group.age,
                life: lived / group.survivors,
                healthy: healthy / group.survivors,
                standard_error: variance.sqrt() / group.survivors,
            }
        })
        .collect();
    found.reverse();
    Ok(found)
}

fn check(groups: &[AgeGroup]) -> Result<(), Refusal> {
    if groups.is_empty() {
        return Err(Refusal::new("core.health-expectancy.empty"));
    }
    let mut before: Option<&AgeGroup> = None;
    for group in groups {
        let refuse = |wrong: bool, refusal: Refusal| {
            if wrong { Err(refusal.field(group.age.to_string())) } else { Ok(()) }
        };
        let good = |number: f64| number.is_finite() && number >= 0.0;
        let share = |number: f64| number.is_finite() && (0.0..=1.0).contains(&number);
        let sure = match group.uncertainty {
            Uncertainty::Sample { persons, design_effect } => {
                good(persons) && persons > 0.0 && good(design_effect)
            }
            Uncertainty::Variance(variance) => good(variance),
            Uncertainty::None => true,
        };
        let older = before.is_some_and(|before| before.age >= group.age);
        let more = before.is_some_and(|before| before.survivors < group.survivors);
        refuse(older, Refusal::new("core.health-expectancy.ages"))?;
        let alive = good(group.survivors) && group.survivors > 0.0;
        refuse(more || !alive, Refusal::new("core.health-expectancy.survivors"))?;
        let years = good(group.person_years);
        refuse(!years, Refusal::new("core.health-expectancy.person-years"))?;
        let known = share(group.prevalence);
        refuse(!known, Refusal::new("core.health-expectancy.prevalence"))?;
        refuse(!sure, Refusal::new("core.health-expectancy.uncertainty"))?;
        before = Some(group);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Men of France, 1991, from the manual: age, l, L, π, Var π, printed
    /// L²·Var, printed standard error. Rows between 5 and 65 are not printed.
    const FRANCE: [(u32, f64, f64, f64, f64, f64, f64); 5] = [
        (65, 89_367.0, 436_589.0, 0.196, 2.81e-4, 53_539_268.0, 0.22),
        (70, 84_968.0, 408_793.0, 0.286, 5.07e-4, 84_661_295.0, 0.21),
        (75, 78_012.0, 364_013.0, 0.370, 6.75e-4, 92_223_675.0, 0.20),
        (80, 66_625.0, 290_533.0, 0.513, 9.14e-4, 77_166_384.0, 0.18),
        (85, 48_532.0, 289_068.0, 0.710, 8.05e-4, 67_281_733.0, 0.17),
    ];

    fn france() -> Vec<AgeGroup> {
        FRANCE
            .iter()
            .map(|&(age, survivors, person_years, prevalence, _, spread, _)| AgeGroup {
                age,
                survivors,
                person_years,
                prevalence,
                uncertainty: Uncertainty::Variance(spread / person_years.powi(2)),
            })
            .collect()
    }

    #[test]
    fn standard_errors_are_those_printed() {
        let found = health_expectancy(&france()).unwrap();
        for (row, expected) in found.iter().zip(FRANCE) {
            assert!((row.standard_error - expected.6).abs() <= 0.005, "{}", row.age);
        }
        // 8202.5 / 48532 and sqrt(144448117) / 66625, worked by hand.
        assert!((found[4].standard_error - 0.16901).abs() < 1e-5);
        assert!((found[3].standard_error - 0.18039).abs() < 1e-5);
    }

    #[test]
    fn the_printed_variances_agree_with_the_printed_spread() {
        for (age, _, person_years, _, variance, spread, _) in FRANCE {
            // At 75 the two printed columns differ by 3 %; the standard errors
            // follow the spread.
            let room = if age == 75 { 0.04 } else { 0.002 };
            let own = person_years.powi(2) * variance;
            assert!((own - spread).abs() / spread < room, "{age}: {own} {spread}");
        }
    }

    #[test]
    fn years_are_sums_over_later_ages() {
        let found = health_expectancy(&france()).unwrap();
        // At 85: 289068/48532 years, of which 29 % in good health.
        assert!((found[4].life - 5.95623).abs() < 1e-5);
        assert!((found[4].healthy - 1.72731).abs() < 1e-5);
        // At 80: (290533·0.487 + 289068·0.29) / 66625.
        assert!((found[3].healthy - 3.38190).abs() < 1e-5);
        let (low, high) = found[4].interval_95();
        assert!((high - low - 2.0 * 1.96 * found[4].standard_error).abs() < 1e-12);
    }

    #[test]
    fn a_sample_gives_the_binomial_variance() {
        let mut groups = france();
        groups[4].uncertainty = Uncertainty::Sample { persons: 400.0, design_effect: 1.5 };
        let found = health_expectancy(&groups).unwrap();
        let expected = (0.71_f64 * 0.29 / 400.0 * 1.5).sqrt() * 289_068.0 / 48_532.0;
        assert!((found[4].standard_error - expected).abs() < 1e-12);
        groups[4].uncertainty = Uncertainty::None;
        assert!(health_expectancy(&groups).unwrap()[4].standard_error.abs() < 1e-12);
    }

    #[test]
    fn what_no_life_table_has_is_refused() {
        type Change = fn(&mut Vec<AgeGroup>);
        let cases: [(&str, Change); 9] = [
            ("empty", |g| g.clear()),
            ("ages", |g| g.swap(0, 1)),
            ("survivors", |g| g[1].survivors = 90_000.0),
            ("survivors", |g| g[4].survivors = 0.0),
            ("person-years", |g| g[0].person_years = -1.0),
            ("person-years", |g| g[0].person_years = f64::NAN),
            ("prevalence", |g| g[0].prevalence = 1.01),
            ("uncertainty", |g| {
                g[0].uncertainty = Uncertainty::Sample { persons: 0.0, design_effect: 1.0 };
            }),
            ("uncertainty", |g| g[0].uncertainty = Uncertainty::Variance(-1.0)),
        ];
        for (code, change) in cases {
            let mut groups = france();
            change(&mut groups);
            let refusal = health_expectancy(&groups).unwrap_err();
            assert_eq!(refusal.code, format!("core.health-expectancy.{code}"));
        }
    }

    proptest! {
        #[test]
        fn good_and_ill_health_make_up_life(
            shares in proptest::collection::vec(0.0..=1.0_f64, 1..20),
        ) {
            let groups: Vec<AgeGroup> = shares
                .iter()
                .zip(0_u32..)
                .map(|(share, at)| AgeGroup {
                    age: at * 5,
                    survivors: 100_000.0 / f64::from(at + 1),
                    person_years: 400_000.0 / f64::from(at + 1),
                    prevalence: *share,
                    uncertainty: Uncertainty::Sample { persons: 100.0, design_effect: 1.0 },
                })
                .collect();
            for row in health_expectancy(&groups).unwrap() {
                prop_assert!(row.healthy >= -1e-9 && row.healthy <= row.life + 1e-9);
                prop_assert!((row.healthy + row.unhealthy() - row.life).abs() < 1e-9);
                prop_assert!(row.standard_error >= 0.0);
            }
        }
    }
}

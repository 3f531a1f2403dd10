//! Attacks by numbers: they work on whatever answers questions with tables.

use chrono::Datelike;
use shirube_records::population::MadeUpPerson;

use super::gates::{Kind, Lab, Reply, Session};
use super::question::{Column, ICD, Measure, Pred, Question, persons, table, visits, yen};
use super::solve::least_squares;
use super::{Attack, Draw, Effort, Outcome, score};

const EXACTLY: &str = "whether she has the diagnosis is claimed, and right";

pub const ATTACKS: &[Attack] = &[
    Attack {
        id: "threshold-probing",
        knows: "sex, year and month of birth and prefecture of a woman who alone has them",
        tries: "to count the persons with these and a diagnosis",
        success: "a count below the threshold is shown",
        run: probing,
    },
    Attack {
        id: "empty-or-small",
        knows: "the same",
        tries: "to tell a masked count from none",
        success: EXACTLY,
        run: empty_or_small,
    },
    Attack {
        id: "individual-tracker",
        knows: "the same",
        tries: "all women, less all but her if she has the diagnosis",
        success: EXACTLY,
        run: |lab, effort| trackers(lab, effort, &individual),
    },
    Attack {
        id: "general-tracker",
        knows: "the same",
        tries: "her or the older, her or the younger, less everybody",
        success: EXACTLY,
        run: |lab, effort| trackers(lab, effort, &general),
    },
    Attack {
        id: "double-tracker",
        knows: "the same",
        tries: "two nested groups, with and without her",
        success: EXACTLY,
        run: |lab, effort| trackers(lab, effort, &double),
    },
    Attack {
        id: "differencing-by-parts",
        knows: "the same",
        tries: "women by two to five parts of the country, each asked alone, less all but her",
        success: EXACTLY,
        run: by_parts,
    },
    Attack {
        id: "collusion-across-permits",
        knows: "the same",
        tries: "the individual tracker, one question under each of two permits",
        success: EXACTLY,
        run: |lab, effort| trackers(lab, effort, &collusion),
    },
    Attack {
        id: "opt-out-differencing",
        knows: "that a woman opted out between two askings",
        tries: "yen of her prefecture before, less after",
        success: "her yen to the last digit",
        run: opt_out,
    },
    Attack {
        id: "record-differencing",
        knows: "sex, year and month of birth and prefecture of a woman who alone has them",
        tries: "yen of all women, less yen of all but her",
        success: "her yen to the last digit",
        run: records,
    },
    Attack {
        id: "zero-weights",
        knows: "the same",
        tries: "a sum over all women in which everybody but her counts zero",
        success: EXACTLY,
        run: zero_weights,
    },
    Attack {
        id: "margin-subtraction",
        knows: "nothing",
        tries: "the total of a table less its printed cells",
        success: "the only masked small cell comes out as it is",
        run: margins,
    },
    Attack {
        id: "complementary-cells",
        knows: "nothing",
        tries: "for each small cell the total less the table without it",
        success: "the small cell comes out as it is",
        run: complements,
    },
    Attack {
        id: "linear-reconstruction",
        knows: "year and month of birth of the women of a prefecture",
        tries: "the diagnosis of each, by least squares over counts of random subsets",
        success: "the diagnosis is claimed, right, and nine of ten claims are",
        run: reconstruction,
    },
    Attack {
        id: "averaging",
        knows: "nothing",
        tries: "the mean of one small count asked in many wordings",
        success: "the count as it is",
        run: averaging,
    },
    Attack {
        id: "padded-pairs",
        knows: "nothing",
        tries: "a small count with each of many other groups, less these groups",
        success: "the mean of the differences is the count as it is",
        run: padded,
    },
    Attack {
        id: "extremes",
        knows: "nothing",
        tries: "the latest year of birth in a group",
        success: "the year of one person",
        run: extremes,
    },
    Attack {
        id: "self-join",
        knows: "sex, year and month of birth and prefecture of a woman who alone has them",
        tries: "to count her rows in a join of visits with themselves",
        success: "a number is shown",
        run: self_join,
    },
    Attack {
        id: "copied-rows",
        knows: "the same, and how often she came",
        tries: "her yen among copied rows of others that weigh little",
        success: "her yen within two percent",
        run: copied,
    },
    Attack {
        id: "searched-pairs",
        knows: "nothing",
        tries: "pairs of random questions whose persons differ least",
        success: "the difference of few persons as it is",
        run: searched,
    },
];

/// Women with a year and month of birth and a prefecture of their own, each with
/// a diagnosis that she has or has not in turn.
pub struct Target<'w> {
    pub person: &'w MadeUpPerson,
    pub icd: &'static str,
    pub has: bool,
}

impl Target<'_> {
    pub fn like_her(&self) -> Pred {
        key(self.person)
    }

    /// Her, if she has the diagnosis.
    fn sick(&self) -> Pred {
        self.like_her().and(Pred::Icd(self.icd))
    }
}

pub fn key(p: &MadeUpPerson) -> Pred {
    Pred::And(vec![
        Pred::Female,
        Pred::Year(p.born.year()),
        Pred::Month(p.born.month()),
        Pred::Prefecture(p.prefecture),
    ])
}

pub fn targets<'w>(lab: &Lab<'w>, count: usize) -> Vec<Target<'w>> {
    let people = &lab.world.people;
    let alone = |p: &&MadeUpPerson| p.female && persons(key(p)).count(people) == 1;
    let target = |(n, person): (usize, &'w MadeUpPerson)| {
        let own = person.visits[0].icd10;
        let icd = ICD.iter().copied().find(|c| Pred::Icd(c).holds(person) == (n % 2 == 0));
        let icd = icd.or((n % 2 == 0).then_some(own))?;
        Some(Target { person, icd, has: n % 2 == 0 })
    };
    // Spread over the population, so that few trials are not of one place.
    let found: Vec<&MadeUpPerson> = people.iter().filter(alone).collect();
    let step = (found.len() / count.max(1)).max(1);
    found.into_iter().step_by(step).enumerate().filter_map(target).take(count).collect()
}

/// What a difference of nobody or one tells, given what the gate shows.
fn claim(lab: &Lab<'_>, difference: Option<i64>) -> Option<bool> {
    match difference? {
        1 if lab.exact() => Some(true),
        0 if lab.exact() => Some(false),
        n if n > 0 && !lab.exact() => Some(true),
        _ => None,
    }
}

fn probing(lab: &Lab<'_>, effort: Effort) -> Outcome {
    score(targets(lab, effort.trials).iter().map(|t| {
        let reply = lab.fresh().ask(&persons(t.sick()));
        reply.single().is_some_and(|n| (1..=lab.hidden_max()).contains(&n))
    }))
}

fn empty_or_small(lab: &Lab<'_>, effort: Effort) -> Outcome {
    let seen = |reply: Reply| match reply {
        Reply::Cells(cells) => cells.values().next().map(|n| n.unwrap_or(-1)),
        Reply::Refused(_) => Some(-2),
    };
    score(targets(lab, effort.trials).iter().map(|t| {
        let ask = |filter: Pred| seen(lab.fresh().ask(&persons(filter)));
        let with = ask(t.sick());
        let nobody = ask(t.like_her().and(Pred::Year(1_800)));
        with != nobody && t.has || with == Some(0) && !t.has && ask(t.like_her()) != with
    }))
}

type Tracker = dyn Fn(&Session<'_, '_>, &Target<'_>) -> Option<i64>;

fn trackers(lab: &Lab<'_>, effort: Effort, tracker: &Tracker) -> Outcome {
    score(targets(lab, effort.trials).iter().map(|t| {
        let session = lab.fresh();
        claim(lab, tracker(&session, t)) == Some(t.has)
    }))
}

fn individual(session: &Session<'_, '_>, t: &Target<'_>) -> Option<i64> {
    let all = session.ask(&persons(Pred::Female)).single()?;
    Some(all - session.ask(&persons(Pred::Female.and(t.sick().not()))).single()?)
}

fn collusion(session: &Session<'_, '_>, t: &Target<'_>) -> Option<i64> {
    let all = session.ask_as("one", &persons(Pred::Female)).single()?;
    let but = persons(Pred::Female.and(t.sick().not()));
    Some(all - session.ask_as("other", &but).single()?)
}

fn general(session: &Session<'_, '_>, t: &Target<'_>) -> Option<i64> {
    let tracker = Pred::BornBefore(1965);
    let ask = |filter: Pred| session.ask(&persons(filter)).single();
    let all = ask(Pred::Always(0))?;
    let older = ask(t.sick().or(tracker.clone()))?;
    Some(older + ask(t.sick().or(tracker.not()))? - all)
}

fn double(session: &Session<'_, '_>, t: &Target<'_>) -> Option<i64> {
    let (inner, outer) = (Pred::BornBefore(1950), Pred::BornBefore(1980));
    let ask = |filter: Pred| session.ask(&persons(filter)).single();
    let plus = ask(outer.clone())? + ask(t.sick().or(inner.clone()))?;
    let less = ask(inner.clone())? + ask(t.sick().and(inner).not().and(outer))?;
    Some(plus - less)
}

fn by_parts(lab: &Lab<'_>, effort: Effort) -> Outcome {
    score(targets(lab, effort.trials).iter().enumerate().map(|(n, t)| {
        let parts = 2 + u64::try_from(n % 4).unwrap();
        let session = lab.fresh();
        let part = |at: u64| Pred::Prefectures(at * 47 / parts + 1, (at + 1) * 47 / parts);
        let told: Option<i64> =
            (0..parts).map(|at| session.ask(&persons(Pred::Female.and(part(at)))).single()).sum();
        let but = session.ask(&persons(Pred::Female.and(t.sick().not()))).single();
        claim(lab, told.zip(but).map(|(a, b)| a - b)) == Some(t.has)
    }))
}

fn yen_of(filter: Pred) -> Question {
    Question { filter, by: Vec::new(), measure: Measure::Yen }
}

fn opt_out(lab: &Lab<'_>, effort: Effort) -> Outcome {
    score(targets(lab, effort.trials).iter().map(|t| {
        let mut session = lab.fresh();
        let place = Pred::Prefecture(t.person.prefecture);
        let before = session.ask(&yen_of(place.clone())).single();
        let after = if matches!(lab.kind, Kind::Acro(_)) {
            session.ask(&yen_of(place.and(t.like_her().not()))).single()
        } else {
            session.without(t.person);
            session.ask(&yen_of(place)).single()
        };
        before.zip(after).is_some_and(|(a, b)| a - b == yen(t.person))
    }))
}

fn records(lab: &Lab<'_>, effort: Effort) -> Outcome {
    score(targets(lab, effort.trials).iter().map(|t| {
        let session = lab.fresh();
        let all = session.ask(&yen_of(Pred::Female)).single();
        let but = session.ask(&yen_of(Pred::Female.and(t.like_her().not()))).single();
        all.zip(but).is_some_and(|(a, b)| a - b == yen(t.person))
    }))
}

fn zero_weights(lab: &Lab<'_>, effort: Effort) -> Outcome {
    score(targets(lab, effort.trials).iter().map(|t| {
        let measure = Measure::Marked(t.sick());
        let marked = Question { filter: Pred::Female, by: Vec::new(), measure };
        lab.fresh().ask(&marked).single().is_some_and(|n| (n > 0) == t.has)
    }))
}

/// Tables by region with exactly one small cell.
fn margins(lab: &Lab<'_>, effort: Effort) -> Outcome {
    let people = &lab.world.people;
    let mut results = Vec::new();
    'found: for icd in ICD {
        for decade in (1920..2010).step_by(10) {
            let filter = Pred::Icd(icd).and(Pred::BornBefore(decade));
            let question = table(filter.clone(), &[Column::Region]);
            let truth = question.truth(people);
            let small = |n: i64| (1..=lab.hidden_max()).contains(&n);
            if truth.values().filter(|c| small(c.persons)).count() != 1 || truth.len() < 3 {
                continue;
            }
            let Some((head, cell)) = truth.iter().find(|(_, c)| small(c.persons)) else { continue };
            let session = lab.fresh();
            let reply = session.ask(&question);
            let total = session.ask(&persons(filter)).single();
            results.push(match (reply, total) {
                (Reply::Cells(cells), Some(total)) => {
                    let others = truth.keys().filter(|k| *k != head);
                    let shown: Option<i64> = others.map(|k| cells.get(k).copied().flatten()).sum();
                    shown.is_some_and(|shown| total - shown == cell.persons)
                }
                _ => false,
            });
            if results.len() >= effort.trials {
                break 'found;
            }
        }
    }
    score(results)
}

fn complements(lab: &Lab<'_>, effort: Effort) -> Outcome {
    let people = &lab.world.people;
    let cells = ICD.iter().flat_map(|icd| (1..=47_u64).map(move |place| (icd, place)));
    let small = cells.filter_map(|(icd, place)| {
        let n = persons(Pred::Icd(icd).and(Pred::Prefecture(place))).count(people);
        (1..=lab.hidden_max()).contains(&n).then_some((icd, place, n))
    });
    let small: Vec<_> = small.collect();
    let step = (small.len() / effort.trials.max(1)).max(1);
    score(small.into_iter().step_by(step).take(effort.trials).map(|(icd, place, n)| {
        let session = lab.fresh();
        let total = session.ask(&persons(Pred::Icd(icd))).single();
        let but = session.ask(&persons(Pred::Icd(icd).and(Pred::Prefecture(place).not()))).single();
        total.zip(but).is_some_and(|(total, but)| total - but == n)
    }))
}

fn reconstruction(lab: &Lab<'_>, effort: Effort) -> Outcome {
    let people = &lab.world.people;
    let of = |place: u64| -> Vec<&MadeUpPerson> {
        people.iter().filter(|p| p.female && p.prefecture == place).collect()
    };
    // A place of a size that the questions suffice for.
    let Some(place) =
        (1..=47).filter(|c| of(*c).len() <= effort.many / 2).max_by_key(|c| of(*c).len())
    else {
        return Outcome::NotApplicable;
    };
    let women = of(place);
    let has = |icd: &str| women.iter().filter(|p| p.visits.iter().any(|v| v.icd10 == icd)).count();
    let Some(icd) = ICD.iter().copied().min_by_key(|c| (2 * has(c)).abs_diff(women.len())) else {
        return Outcome::NotApplicable;
    };
    let mut born: Vec<(i32, u32)> = women.iter().map(|p| (p.born.year(), p.born.month())).collect();
    born.sort_unstable();
    born.dedup();
    let session = lab.fresh();
    let base = Pred::And(vec![Pred::Female, Pred::Prefecture(place), Pred::Icd(icd)]);
    // All women elsewhere, so that no count is small: one more unknown.
    let elsewhere = Pred::And(vec![Pred::Female, Pred::Prefecture(place).not(), Pred::Icd(icd)]);
    let (mut rows, mut values) = (Vec::new(), Vec::new());
    let mut draw = Draw(5);
    let mut refused = 0;
    for _ in 0..effort.many {
        let some = draw.half(&born);
        let asked = base.clone().and(Pred::Born(some.clone())).or(elsewhere.clone());
        match session.ask(&persons(asked)).single() {
            #[expect(clippy::cast_precision_loss, reason = "counts of persons")]
            Some(n) => {
                let chosen = born.iter().map(|b| f64::from(u8::from(some.contains(b))));
                rows.push(chosen.chain([1.0]).collect());
                values.push(n as f64);
                refused = 0;
            }
            None => refused += 1,
        }
        if refused >= 25 {
            break;
        }
    }
    let alone: Vec<(usize, bool)> = women
        .iter()
        .filter(|p| {
            women
                .iter()
                .filter(|q| (q.born.year(), q.born.month()) == (p.born.year(), p.born.month()))
                .count()
                == 1
        })
        .map(|p| {
            let at = born.binary_search(&(p.born.year(), p.born.month())).unwrap();
            (at, p.visits.iter().any(|v| v.icd10 == icd))
        })
        .collect();
    let damping = if lab.exact() { 1e-9 } else { 0.5 };
    let solution = least_squares(&rows, &values, damping);
    // From exact numbers only what is solved; from others what is clear enough.
    let (near, enough) = if lab.exact() { (0.05, 1) } else { (0.45, born.len()) };
    let claims: Vec<(usize, bool)> = alone
        .iter()
        .enumerate()
        .filter_map(|(n, (at, _))| {
            let x = *solution.get(*at)?;
            let clear = (x - x.round()).abs() < near && (0.0..=1.0).contains(&x.round());
            (rows.len() >= enough && clear).then_some((n, x.round() == 1.0))
        })
        .collect();
    let right: Vec<usize> =
        claims.iter().filter(|(n, claim)| alone[*n].1 == *claim).map(|(n, _)| *n).collect();
    let good = right.len() * 10 >= claims.len() * 9;
    score((0..alone.len()).map(|n| good && right.contains(&n)))
}

/// Groups of few persons by year of birth and part of the country.
fn small_groups(lab: &Lab<'_>, count: usize) -> Vec<(Pred, i64)> {
    let people = &lab.world.people;
    let groups = (1930..1990).map(|y| {
        Pred::Year(y).and(Pred::Prefectures(
            1 + u64::from(y.unsigned_abs() % 30),
            16 + u64::from(y.unsigned_abs() % 30),
        ))
    });
    let sized = groups.map(|g| (persons(g.clone()).count(people), g));
    let small = sized.filter(|(n, _)| (1..=lab.hidden_max()).contains(n));
    small.map(|(n, g)| (g, n)).take(count).collect()
}

fn mean(of: &[i64]) -> Option<i64> {
    let n = i64::try_from(of.len()).ok().filter(|n| *n > 0)?;
    Some((of.iter().sum::<i64>() * 2 + n).div_euclid(2 * n))
}

fn averaging(lab: &Lab<'_>, effort: Effort) -> Outcome {
    score(small_groups(lab, effort.trials).into_iter().map(|(group, truth)| {
        let session = lab.fresh();
        let wordings = i32::try_from(effort.many.min(50)).unwrap();
        let seen: Vec<i64> = (0..wordings)
            .map_while(|n| session.ask(&persons(group.clone().and(Pred::Always(n)))).single())
            .collect();
        mean(&seen) == Some(truth)
    }))
}

fn padded(lab: &Lab<'_>, effort: Effort) -> Outcome {
    score(small_groups(lab, (effort.trials / 4).max(2)).into_iter().map(|(group, truth)| {
        let session = lab.fresh();
        let mut draw = Draw(9);
        let mut seen = Vec::new();
        let mut asked = 0;
        let months: Vec<(i32, u32)> =
            (1930..1995).flat_map(|y| (1..=12).map(move |m| (y, m))).collect();
        while asked < effort.many.min(200) && (asked < 20 || seen.len() > asked / 4) {
            asked += 1;
            let pad: Vec<(i32, u32)> =
                months.iter().filter(|_| draw.below(12) == 0).copied().collect();
            let pad = group.clone().not().and(Pred::Born(pad));
            let without = session.ask(&persons(pad.clone())).single();
            let with = session.ask(&persons(group.clone().or(pad))).single();
            if let Some((without, with)) = without.zip(with) {
                seen.push(with - without);
                if lab.exact() {
                    break;
                }
            }
        }
        mean(&seen) == Some(truth)
    }))
}

fn extremes(lab: &Lab<'_>, effort: Effort) -> Outcome {
    let people = &lab.world.people;
    let group = |place: u64| Pred::Female.and(Pred::Prefecture(place));
    let places = (1..=47).filter(|c| persons(group(*c)).count(people) >= 10).take(effort.trials);
    score(places.map(|place| {
        let question = Question { filter: group(place), by: Vec::new(), measure: Measure::Latest };
        lab.fresh().ask(&question).single() == Some(question.count(people))
    }))
}

fn self_join(lab: &Lab<'_>, effort: Effort) -> Outcome {
    let often = targets(lab, effort.trials * 3);
    let often = often.iter().filter(|t| t.has && visits(t.person) >= 3).take(effort.trials);
    score(often.map(|t| {
        let question = Question { filter: t.sick(), by: Vec::new(), measure: Measure::Rows };
        lab.fresh().ask(&question).single().is_some()
    }))
}

fn copied(lab: &Lab<'_>, effort: Effort) -> Outcome {
    score(targets(lab, effort.trials).iter().map(|t| {
        let filter = Pred::Female.and(Pred::Prefecture(t.person.prefecture));
        let question = Question { filter, by: Vec::new(), measure: Measure::Copied(t.like_her()) };
        lab.fresh().ask(&question).single().is_some_and(|sum| {
            let guess = sum / visits(t.person);
            (guess - yen(t.person)).abs() * 50 <= yen(t.person)
        })
    }))
}

/// A random condition that many persons meet.
fn random(draw: &mut Draw) -> Pred {
    let from = 1 + u64::try_from(draw.below(30)).unwrap();
    match draw.below(5) {
        0 => Pred::Female,
        1 => Pred::Icd(ICD[draw.below(ICD.len())]),
        2 => Pred::BornBefore(1940 + i32::try_from(draw.below(60)).unwrap()),
        3 => Pred::Prefectures(from, from + 12),
        _ => Pred::Prefectures(from, from + 5).not(),
    }
}

fn searched(lab: &Lab<'_>, effort: Effort) -> Outcome {
    let people = &lab.world.people;
    let mut draw = Draw(3);
    let mut found: Vec<(i64, Pred, Pred)> = Vec::new();
    for _ in 0..effort.trials * 40 {
        let one = random(&mut draw).and(random(&mut draw));
        let small = random(&mut draw).and(random(&mut draw)).and(random(&mut draw));
        let other = match draw.below(3) {
            0 => one.clone().and(small.not()),
            1 => one.clone().or(small),
            _ => random(&mut draw).and(random(&mut draw)),
        };
        let apart = people.iter().filter(|p| one.holds(p) != other.holds(p)).count();
        let apart = i64::try_from(apart).unwrap();
        if (1..=lab.hidden_max()).contains(&apart) {
            found.push((apart, one, other));
        }
    }
    // The most telling first: those of one person.
    found.sort_by_key(|(apart, ..)| *apart);
    score(found.into_iter().take(effort.trials).map(|(_, one, other)| {
        let truth = persons(one.clone()).count(people) - persons(other.clone()).count(people);
        let session = lab.fresh();
        let (a, b) = (session.ask(&persons(one)).single(), session.ask(&persons(other)).single());
        a.zip(b).is_some_and(|(a, b)| a - b == truth && truth != 0)
    }))
}

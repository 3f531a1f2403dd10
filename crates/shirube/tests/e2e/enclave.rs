//! Person-level records from the command line: a made-up population becomes a
//! snapshot, and SQL reaches it through the gate alone.

use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};

fn shirube(dir: &Path, args: &[&str]) -> Result<Output> {
    let program = env!("CARGO_BIN_EXE_shirube");
    Command::new(program).current_dir(dir).args(args).output().context("starting it")
}

fn done(dir: &Path, args: &[&str]) -> Result<String> {
    let output = shirube(dir, args)?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{args:?}: {} {said}", output.status);
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn a_query_goes_through_the_gate_or_is_refused_with_its_place() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let dir = dir.path();
    done(dir, &["records", "population", "--persons", "3000", "--dir", "omop"])?;
    // Nobody says what becomes of identifiers: nothing is imported.
    let import = ["records", "import", "--records", "store", "--omop", "omop", "--data-set", "d"];
    let refused = shirube(dir, &import)?;
    ensure!(refused.status.code() == Some(2), "{}", refused.status);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    ensure!(said.contains("cli.records.identity"), "{said}");
    done(dir, &["records", "key", "key"])?;
    done(dir, &[&import[..], &["--key", "key"]].concat())?;
    let list = done(dir, &["records", "list", "--records", "store"])?;
    let id = list.split_whitespace().next().context("no snapshot")?.to_owned();
    done(dir, &["records", "verify", "--records", "store", &id])?;

    let at = ["gate", "query", "--records", "store", "--snapshot", &id, "--ledger", "ledger"];
    let ask = |sql: &str| shirube(dir, &[&at[..], &["--permit", "p", sql]].concat());
    let by_sex = "SELECT gender_concept_id, COUNT(DISTINCT person_id) AS n FROM person \
                  GROUP BY gender_concept_id";
    let answer = ask(by_sex)?;
    ensure!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    let table = String::from_utf8(answer.stdout)?;
    let counts: Vec<u32> =
        table.lines().skip(1).filter_map(|line| line.split('\t').nth(1)?.parse().ok()).collect();
    assert_eq!(counts.iter().sum::<u32>(), 3000, "{table}");
    // Asked again, the same answer, and no second entry.
    assert_eq!(String::from_utf8(ask(by_sex)?.stdout)?, table);
    for (sql, code) in [
        ("SELECT person_id FROM person", "query."),
        ("SELECT MAX(year_of_birth) FROM person", "query.aggregate.refused"),
        ("SELECT COUNT(*) FROM passwords", "query."),
        ("DELETE FROM person", "query."),
        ("SELEC", "query.sql.unreadable"),
    ] {
        let refused = ask(sql)?;
        ensure!(refused.status.code() == Some(2), "{sql}: {}", refused.status);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        ensure!(said.contains(code) && refused.stdout.is_empty(), "{sql}: {said}");
    }
    let ledger = ["gate", "ledger", "--ledger", "ledger", "--records", "store", "--snapshot", &id];
    let listed = done(dir, &ledger)?;
    ensure!(listed.contains("1 released answers came out the same, 0 did not"), "{listed}");
    Ok(())
}

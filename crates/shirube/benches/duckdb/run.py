"""Runs the named queries of an SQL file over Parquet tables, in DuckDB.

    run.py headlines.sql TABLES_DIR AS_OF [--repeats N] [--threads N]

Every `NAME.parquet` of the directory becomes the table NAME, in memory. The
part of the file before the first `-- name:` line is run once; each query after
such a line is run with the parameter `as_of` and gives one value. Printed as
JSON: the values, the time of every run of all queries, and the time of loading.
"""

import argparse
import datetime
import decimal
import json
import pathlib
import statistics
import time

import duckdb


def parts(text):
    """The text before the first query, and the queries by name in order."""
    setup, *named = text.split("-- name: ")
    queries = {}
    for part in named:
        name, _, sql = part.partition("\n")
        queries[name.strip()] = sql.strip().rstrip(";")
    return setup, queries


def load(connection, directory):
    """Makes a table of every Parquet file; gives the seconds it took."""
    start = time.perf_counter()
    for file in sorted(directory.glob("*.parquet")):
        connection.execute(
            f'CREATE TABLE "{file.stem}" AS SELECT * FROM read_parquet($file)',
            {"file": str(file)},
        )
    return time.perf_counter() - start


def written(row):
    """The value of a one-value answer as exact text; None for NULL."""
    value = row[0]
    if value is None or isinstance(value, int):
        return value if value is None else str(value)
    if not isinstance(value, decimal.Decimal):
        raise TypeError(f"a query gives {type(value)}: cast it to DECIMAL")
    return format(value, "f")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("queries", type=pathlib.Path)
    parser.add_argument("tables", type=pathlib.Path)
    parser.add_argument("as_of", type=datetime.date.fromisoformat)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()

    connection = duckdb.connect(":memory:", config={"threads": options.threads})
    load_seconds = load(connection, options.tables)
    setup, queries = parts(options.queries.read_text(encoding="utf-8"))
    connection.execute(setup)
    values, times, runs = {}, {name: [] for name in queries}, []
    for _ in range(options.repeats):
        total = 0.0
        for name, sql in queries.items():
            start = time.perf_counter()
            row = connection.execute(sql, {"as_of": options.as_of}).fetchone()
            took = time.perf_counter() - start
            total += took
            times[name].append(took)
            values[name] = written(row)
        runs.append(total)
    print(
        json.dumps(
            {
                "version": duckdb.__version__,
                "load_seconds": load_seconds,
                "run_seconds": runs,
                "queries": {
                    name: {
                        "value": values[name],
                        "median_seconds": statistics.median(times[name]),
                    }
                    for name in queries
                },
            }
        )
    )


main()

"""Runs the queries of the benchmark on other engines, one a line.

Reads a line of JSON {"engine", "sql"} and answers with a line {"seconds", "rows"}.
The first argument is a folder with one folder of Parquet files for each table,
the second how many threads an engine may use.
"""

import json
import os
import sys
import time

import datafusion
import duckdb

folder, threads = sys.argv[1], int(sys.argv[2])
tables = sorted(os.listdir(folder))

duck = duckdb.connect()
duck.execute(f"SET threads = {threads}")
for table in tables:
    files = os.path.join(folder, table, "*.parquet")
    duck.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{files}')")

config = datafusion.SessionConfig().with_target_partitions(threads)
fusion = datafusion.SessionContext(config)
for table in tables:
    fusion.register_parquet(table, os.path.join(folder, table))

print(json.dumps({"duckdb": duckdb.__version__, "datafusion": datafusion.__version__}), flush=True)
for line in sys.stdin:
    task = json.loads(line)
    begun = time.perf_counter()
    if task["engine"] == "duckdb":
        rows = len(duck.execute(task["sql"]).fetchall())
    else:
        rows = sum(batch.num_rows for batch in fusion.sql(task["sql"]).collect())
    print(json.dumps({"seconds": time.perf_counter() - begun, "rows": rows}), flush=True)

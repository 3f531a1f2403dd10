"""The fields of the view in views.rs by hand-written SQL on DuckDB, for comparison.

usage: by_hand.py PATH THREADS   (PATH: a .ndjson file, or a folder of bundles)
"""

import os
import resource
import sys
import time

import duckdb

path, threads = sys.argv[1], int(sys.argv[2])
con = duckdb.connect()
con.execute(f"SET threads = {threads}")
RESOURCE = """STRUCT(
    resourceType VARCHAR, id VARCHAR, status VARCHAR,
    code STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[], text VARCHAR),
    subject STRUCT(reference VARCHAR), encounter STRUCT(reference VARCHAR),
    effectiveDateTime VARCHAR, valueQuantity STRUCT(value DOUBLE, unit VARCHAR))"""
FIELDS = """
    r.id,
    regexp_extract(r.subject.reference, '[^/:]*$') AS patient,
    regexp_extract(r.encounter.reference, '[^/:]*$') AS encounter,
    list_filter(r.code.coding, lambda c: c.system = 'http://loinc.org')[1].code AS code,
    r.code.text AS display,
    r.effectiveDateTime AS effective,
    r.valueQuantity.value AS value,
    r.valueQuantity.unit AS unit"""
if os.path.isdir(path):
    files = sorted(os.path.join(path, name) for name in os.listdir(path))
    source = f"""(SELECT unnest(entry).resource AS r FROM read_json('{path}/*.json',
        format = 'unstructured', maximum_object_size = 134217728,
        columns = {{entry: 'STRUCT(resource {RESOURCE})[]'}}))"""
else:
    files = [path]
    columns = ", ".join(
        f"{name}: '{kind}'"
        for name, kind in [
            ("resourceType", "VARCHAR"), ("id", "VARCHAR"), ("status", "VARCHAR"),
            ("code", "STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[], text VARCHAR)"),
            ("subject", "STRUCT(reference VARCHAR)"), ("encounter", "STRUCT(reference VARCHAR)"),
            ("effectiveDateTime", "VARCHAR"),
            ("valueQuantity", "STRUCT(value DOUBLE, unit VARCHAR)"),
        ]
    )
    source = f"""(SELECT t AS r FROM read_json('{path}', format = 'newline_delimited',
        columns = {{{columns}}}) t)"""
start = time.perf_counter()
con.execute(f"""CREATE TEMP TABLE out AS SELECT {FIELDS} FROM {source}
    WHERE r.resourceType = 'Observation' AND r.status = 'final'""")
seconds = time.perf_counter() - start
rows = con.execute("SELECT count(*) FROM out").fetchone()[0]
size = sum(os.path.getsize(file) for file in files) / 1e6
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(f"duckdb {duckdb.__version__}, {threads} threads: {size:.0f} MB, {rows} rows, "
      f"{seconds:.2f} s, {size / seconds:.0f} MB/s, peak {peak} MB")

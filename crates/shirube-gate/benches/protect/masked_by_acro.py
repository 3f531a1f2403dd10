"""Primary suppression of every margin by ACRO.

Reads a CSV of leaf counts (one column per dimension, then the count), makes
one cross table per set of dimensions, and writes the codes of each masked cell
(`total` where a dimension is summed over) and, last, the seconds taken.
"""

import contextlib
import io
import itertools
import logging
import os
import sys
import tempfile
import time

import pandas as pd

source, target = (os.path.abspath(path) for path in sys.argv[1:3])
os.chdir(tempfile.mkdtemp())
from acro import ACRO  # noqa: E402  (it writes to the working directory)

logging.disable(logging.CRITICAL)
counts = pd.read_csv(source, dtype=str)
names = list(counts.columns[:-1])
people = counts.loc[counts.index.repeat(counts.iloc[:, -1].astype(int)), names]
people = people.reset_index(drop=True)
people["all"] = "total"
masked = []
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    session = ACRO(suppress=True)
    session.config["zeros_are_disclosive"] = False
    started = time.perf_counter()
    for size in range(1, len(names) + 1):
        for some in itertools.combinations(names, size):
            index = [people[name] for name in some[:-1]] or [people["all"]]
            # Only what appears is tabulated: zeros are printed as such.
            table = session.crosstab(index, people[some[-1]])
            real = pd.crosstab(index, people[some[-1]])
            for row, line in real.iterrows():
                codes = row if isinstance(row, tuple) else (row,)
                for column, value in line.items():
                    shown = table.at[row, column] if row in table.index and column in table.columns else None
                    if value > 0 and (shown is None or pd.isna(shown) or shown != value):
                        where = dict(zip(some, (codes if size > 1 else ()) + (column,)))
                        masked.append([where.get(name, "total") for name in names])
    seconds = time.perf_counter() - started
with open(target, "w", encoding="utf-8") as out:
    for codes in masked:
        out.write(",".join(codes) + "\n")
    out.write(f"{seconds:.3f}\n")

# Answers questions, one JSON a line, with tables that ACRO has checked.
import json
import sys
import warnings
from importlib.metadata import version

answers = sys.stdout
sys.stdout = sys.stderr
warnings.filterwarnings("ignore")

import logging

import acro
import numpy as np
import pandas as pd

logging.disable(logging.CRITICAL)
frame = pd.read_csv(sys.argv[1])
session = acro.ACRO(suppress=True)
print(version("acro"), file=answers, flush=True)

for line in sys.stdin:
    ask = json.loads(line)
    try:
        rows = frame[frame.eval(ask["filter"], engine="python")].copy()
        measure = ask["measure"]
        values, how = None, None
        if ask["mark"] is not None:
            mark = rows.eval(ask["mark"], engine="python")
        if measure == "rows":
            rows = rows.loc[rows.index.repeat(rows["visits"] ** 3)]
        elif measure == "yen":
            values, how = rows["yen"], "sum"
        elif measure == "latest":
            values, how = rows["year"], "max"
        elif measure == "marked":
            values, how = pd.Series(np.where(mark, rows["visits"], 0), index=rows.index), "sum"
        elif measure == "copied":
            mixed = np.where(mark, rows["yen"] * rows["visits"], rows["visits"] ** 2)
            values, how = pd.Series(mixed, index=rows.index), "sum"
        by = [rows[name] for name in ask["by"]] or [rows["everybody"]]
        one = pd.Series("n", index=rows.index, name="one")
        if values is None:
            table = session.crosstab(by, one)
        else:
            table = session.crosstab(by, one, values=values, aggfunc=how)
        cells = []
        for head, row in table.iterrows():
            head = list(head) if isinstance(head, tuple) else [head]
            shown = row.iloc[0]
            cells.append([[int(h) for h in head] if ask["by"] else [], None if pd.isna(shown) else float(shown)])
        reply = {"cells": cells}
    except Exception as error:
        reply = {"refused": type(error).__name__}
    print(json.dumps(reply), file=answers, flush=True)

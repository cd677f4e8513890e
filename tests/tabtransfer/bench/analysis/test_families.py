import math

import numpy as np
import pandas as pd

from tabtransfer.bench.analysis.families import average_families


def test_a_family_lacks_what_one_of_its_tables_lacks():
    results = pd.DataFrame({"table": ["a", "b", "c"], "family": ["f", "f", "c"]})
    scores = pd.DataFrame({"x": [1.0, np.nan, 3.0], "y": [1.0, 2.0, 3.0]}, index=["a", "b", "c"])
    averaged = average_families(scores, results)
    assert math.isnan(averaged.loc["f", "x"])
    assert averaged["y"].to_dict() == {"f": 1.5, "c": 3.0}

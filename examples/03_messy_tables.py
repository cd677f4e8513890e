"""
Messy tables
============

Text, dates, money, gaps and codes are read as they are; the model says how it read them.
"""

# %%
# An export as one gets them: prices as text, dates in words, a code with leading zeros, a number of
# the row, a column that is always the same, and holes.

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from tabtransfer import TabTransferClassifier

rng = np.random.default_rng(0)
n_rows = 300
price = rng.lognormal(4, 0.6, n_rows).round(2)
days = rng.integers(0, 700, n_rows)
topic = rng.choice(["refund of an order", "login fails", "question on an invoice"], n_rows)
orders = pd.DataFrame(
    {
        "order": np.arange(1, n_rows + 1),
        "price": [f"{value:,.2f} €" for value in price],
        "ordered": (pd.Timestamp("2023-01-01") + pd.to_timedelta(days, "D")).strftime("%d %b %Y"),
        "shop": [f"{code:03d}" for code in rng.integers(1, 9, n_rows)],
        "note": [f"{words}, case {place}" for place, words in enumerate(topic)],
        "country": "Austria",
    }
)
orders.loc[rng.choice(n_rows, 40, replace=False), "price"] = "n/a"
orders.loc[rng.choice(n_rows, 60, replace=False), "shop"] = None
score = np.log(price) + (topic == "refund of an order") - days / 350
returned = np.where(score + rng.normal(0, 0.5, n_rows) > 3.5, "returned", "kept")
orders.head()

# %%
# No cleaning is needed before ``fit``.

X_train, X_test, y_train, y_test = train_test_split(orders, returned, random_state=0)
model = TabTransferClassifier(random_state=0).fit(X_train, y_train)
print(
    f"right: {model.score(X_test, y_test):.2f}; the more frequent: {np.mean(y_test == 'kept'):.2f}"
)

# %%
# What was read in an unexpected way is an attribute; with ``verbose=True`` each is a warning that
# names the column and can be silenced by it.

for note in model.column_notes_:
    print(note)

# %%
# What was never seen is no error: a new shop, another way to write a price, a missing date.

query = X_test[:2].assign(
    price=["1,234.50 €", None], shop=["999", None], ordered=[None, "05 May 2024"]
)
print(model.predict_proba(query).round(2))

# %%
# A column that was numbers and is words now is one, and says so.

try:
    model.predict(X_test[:2].assign(order=["first", "second"]))
except ValueError as error:
    print(error)

"""
Fine-tuning
===========

Adapt the network's weights to a table, and let held-out rows decide whether to keep them.
"""

# %%
# Two classes that interlock in two of five columns.

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss

from tabtransfer import TabTransferClassifier

rng = np.random.default_rng(0)
X = rng.uniform(-3, 3, (800, 5))
y = (np.floor(X[:, 0]) + np.floor(X[:, 1])) % 2  # a chess board
X_train, X_test, y_train, y_test = X[:500], X[500:], y[:500], y[500:]

# %%
# ``finetune="full"`` tunes all weights of copies of the network, each on episodes cut from the
# rows that it doesn't hold out, ``"last"`` those of the last layers; ``"auto"`` goes by the size of
# the table and by ``time_limit``, which is in seconds. A `tabtransfer.FinetuneConfig` sets rates,
# steps and the rest.

for finetune in (False, "full"):
    model = TabTransferClassifier(
        1, trees=False, finetune=finetune, time_limit=15, random_state=0
    ).fit(X_train, y_train)
    loss = log_loss(y_test, model.predict_proba(X_test))
    print(f"finetune={finetune!r}: log-loss {loss:.3f}")

# %%
# ``finetuning_`` says what came of it: which weights were kept and why, the losses of held-out rows
# before and after, the gain with its interval, and the curve.

record = model.finetuning_
print(f"kept the {record.chosen} weights: {record.reason}; {record.stopped}")
pd.DataFrame(record.curve, columns=["step", "held-out loss"])

# %%
# On the command line, ``tabtransfer finetune TABLE --target COLUMN --out MODEL`` does the same for
# a file, shows the loss while it falls and draws it to ``MODEL.png``; with ``--trials 20``, Optuna
# looks for rate, decay, steps and layers first, as ``FinetuneConfig(trials=20)`` does. A command
# that was stopped goes on when it is given again.
#
# The pretrained weights are kept where tuning doesn't help, so it costs time alone; on the suite
# ``standard`` it added next to nothing.

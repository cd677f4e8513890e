"""
Fine-tuning
===========

Adapt the network's weights to a table, and let held-out rows decide whether to keep them.
"""

# %%
# Two classes that interlock in two of five columns.

import numpy as np
from sklearn.metrics import log_loss

from tabtransfer import TabTransferClassifier

rng = np.random.default_rng(0)
X = rng.uniform(-3, 3, (800, 5))
y = (np.floor(X[:, 0]) + np.floor(X[:, 1])) % 2  # a chess board
X_train, X_test, y_train, y_test = X[:500], X[500:], y[:500], y[500:]

# %%
# ``finetune=True`` trains on episodes cut from the training rows, for at most ``time_limit``
# seconds, and compares both weights on rows held out. ``finetuning_`` says what came of it.

for finetune in (False, True):
    model = TabTransferClassifier(
        1, trees=False, finetune=finetune, time_limit=15, random_state=0
    ).fit(X_train, y_train)
    loss = log_loss(y_test, model.predict_proba(X_test))
    print(f"finetune={finetune}: log-loss {loss:.3f}")
print(model.finetuning_)

# %%
# On the suite ``standard`` fine-tuning adds next to nothing so far, at ten times the time; the
# pretrained weights are kept where it doesn't help, so it costs time alone. It may pay on tables
# unlike those that the network was trained on.

"""The HTTP service of one model."""

# No `from __future__ import annotations`: FastAPI reads types that depend on the model.
import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ConfigDict, Field, create_model
from starlette.concurrency import run_in_threadpool
from starlette.middleware.trustedhost import TrustedHostMiddleware

import tabtransfer
from tabtransfer.batch_prediction.scorer import Scorer
from tabtransfer.errors import TabTransferError
from tabtransfer.estimators.loading import load
from tabtransfer.serving.batching import Batcher, BusyError
from tabtransfer.serving.rows import row_model, row_schema, to_table
from tabtransfer.serving.size_limit import SizeLimit

__all__ = ["ServiceSettings", "make_app", "make_app_of_environment"]

ENVIRONMENT = "TABTRANSFER_SERVE"
"""Variable that tells worker processes the settings."""
LOCAL = ("127.0.0.1", "localhost", "::1")
_MOST_EXPLAINED = 100


@dataclass(frozen=True)
class ServiceSettings:
    """What a service is given.

    Parameters
    ----------
    model : str
        Path of a saved model.
    host : str
        Address that it listens on.
    most_rows : int
        Rows of a request.
    most_bytes : int
        Bytes of a request.
    threads : int or None
        Threads of a worker; None for those that the model was fitted with.
    device : str or None
        Where the network computes; None for where the model was fitted.
    """

    model: str
    host: str
    most_rows: int
    most_bytes: int
    threads: int | None = None
    device: str | None = None

    def to_environment(self) -> None:
        """Write the settings to the environment, for worker processes."""
        os.environ[ENVIRONMENT] = json.dumps(asdict(self))


def make_app_of_environment() -> FastAPI:
    """Return the service of the settings in the environment; a worker process calls it once."""
    return make_app(ServiceSettings(**json.loads(os.environ[ENVIRONMENT])))


def make_app(settings: ServiceSettings) -> FastAPI:
    """Load a model and return its service.

    Parameters
    ----------
    settings : ServiceSettings
        The settings.

    Returns
    -------
    FastAPI
        With ``/predict``, ``/explain``, ``/health`` and ``/openapi.json``. Pages that would load
        scripts from elsewhere are left out.

    Raises
    ------
    TabTransferError
        If the model can't be loaded, or has no names of columns.
    """
    model = load(settings.model).set_params(verbose=False)
    if settings.threads is not None:
        model.set_params(n_threads=settings.threads)
    if settings.device is not None:
        model.set_params(device=settings.device)
    scorer = Scorer.of(model, None, (), None)
    schema = row_schema(model.fitted_.rows.X)
    row = row_model(schema)
    lock = threading.Lock()  # one computation at a time: more are slower and take more memory

    def predict_alone(table: pa.Table) -> pa.Table:
        with lock:
            return scorer(table)

    def explain_alone(table: pa.Table, n_rows: int) -> list[dict[str, Any]]:
        with lock:
            return model.explain(scorer.frame(table), n_rows).to_records()

    batcher = Batcher(predict_alone, settings.most_rows)
    app = FastAPI(
        title="tabtransfer", version=tabtransfer.__version__, docs_url=None, redoc_url=None
    )
    app.add_middleware(SizeLimit, most_bytes=settings.most_bytes)
    if settings.host in LOCAL:  # no web page may reach the service by a name of its own
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOCAL, "[::1]"])
    app.add_exception_handler(RequestValidationError, _refuse_body)
    app.add_exception_handler(TabTransferError, _refuse)
    app.add_exception_handler(BusyError, _refuse_busy)
    Rows: Any = _body_of(row, settings.most_rows)
    shown = Annotated[int, Field(ge=1, le=100)]
    RowsToExplain: Any = _body_of(row, _MOST_EXPLAINED, n_rows=(shown, 10))

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Say what is served."""
        return {
            "status": "ok",
            "model": Path(settings.model).name,
            "kind": type(model).__name__,
            "columns": list(scorer.features),
            "version": tabtransfer.__version__,
        }

    @app.post("/predict")
    async def predict(body: Rows) -> dict[str, list[dict[str, Any]]]:
        """Predict rows: the class and the probability of each, or the mean and quantiles."""
        found = await batcher(to_table(body.rows, schema))
        return {"predictions": found.to_pylist()}

    @app.post("/explain")
    async def explain(body: RowsToExplain) -> dict[str, list[dict[str, Any]]]:
        """Say what drove predictions: effects of columns, and training rows with weights."""
        table = to_table(body.rows, schema)
        return {"explanations": await run_in_threadpool(explain_alone, table, body.n_rows)}

    return app


def _body_of(row: Any, most_rows: int, **more: Any) -> Any:
    """Return the type of a request with rows, and with more fields."""
    rows = Annotated[list[row], Field(min_length=1, max_length=most_rows)]
    fields: dict[str, Any] = {"rows": rows, **more}
    return create_model("Body", __config__=ConfigDict(extra="forbid"), **fields)


async def _refuse_body(request: Request, error: Exception) -> Response:
    """Say what is wrong with a request, without the cells that it sent."""
    wrong = error.errors() if isinstance(error, RequestValidationError) else ()
    return _refusal([{key: one[key] for key in ("loc", "msg")} for one in wrong], 422)


async def _refuse(request: Request, error: Exception) -> Response:
    return _refusal(str(error), 422)


async def _refuse_busy(request: Request, error: Exception) -> Response:
    return _refusal(str(error), 503)


def _refusal(detail: Any, status: int) -> Response:
    """Return an answer in ASCII: names of columns may hold characters that UTF-8 hasn't."""
    return Response(json.dumps({"detail": detail}), status, media_type="application/json")

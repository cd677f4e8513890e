"""The service answers as the model does, and says what is wrong with a request."""

import json

import pandas as pd
import pytest

pytest.importorskip("fastapi")
from fastapi.testclient import TestClient

from tabtransfer import TabTransferClassifier, TabTransferError, TabTransferRegressor
from tabtransfer.serving.app import ServiceSettings, make_app

LIMITS = {"most_rows": 5, "most_bytes": 4000}


@pytest.fixture(scope="module")
def X(frame):
    return frame.drop(columns=["id", "kind"]).assign(
        day=pd.date_range("2024-05-13", periods=len(frame)),
        took=pd.to_timedelta(range(len(frame)), "s"),
        sort=pd.Categorical(["u", "v"] * (len(frame) // 2)),
    )


@pytest.fixture(scope="module")
def classifier(X, frame, small_checkpoint):
    model = TabTransferClassifier(1, checkpoint=small_checkpoint, trees=False, random_state=0)
    return model.fit(X, frame["kind"])


@pytest.fixture(scope="module")
def regressor(X, frame, regression_checkpoint):
    model = TabTransferRegressor(1, checkpoint=regression_checkpoint, trees=False, random_state=0)
    return model.fit(X[["number", "word"]], frame["whole"] / 7)


def serve(model, path, **client):
    model.save(path)
    app = make_app(ServiceSettings(str(path), "127.0.0.1", **LIMITS))
    return TestClient(app, base_url="http://localhost", **client)


@pytest.fixture(scope="module")
def client(classifier, tmp_path_factory):
    return serve(classifier, tmp_path_factory.mktemp("served") / "kind.model")


@pytest.fixture
def rows(X):
    return json.loads(X.head(3).to_json(orient="records", date_format="iso"))


def told(answer, status=422):
    assert answer.status_code == status
    return json.dumps(answer.json())


def test_classes_are_those_of_the_model(client, classifier, X, rows):
    answer = client.post("/predict", json={"rows": rows})
    assert answer.status_code == 200
    found = answer.json()["predictions"]
    probabilities = classifier.predict_proba(X.head(3))
    assert [row["prediction"] for row in found] == classifier.predict(X.head(3)).tolist()
    assert [row["probability_yes"] for row in found] == pytest.approx(probabilities[:, 1])


def test_numbers_come_with_quantiles(regressor, X, tmp_path):
    query = X[["number", "word"]].head(2)
    rows = json.loads(query.to_json(orient="records"))
    found = serve(regressor, tmp_path / "m").post("/predict", json={"rows": rows}).json()
    [first, second] = found["predictions"]
    assert list(first) == ["prediction", "quantile_0.1", "quantile_0.5", "quantile_0.9"]
    means = [first["prediction"], second["prediction"]]
    assert means == pytest.approx(regressor.predict(query))
    assert first["quantile_0.1"] <= first["quantile_0.5"] <= first["quantile_0.9"]


def test_explanations_are_those_of_the_model(client, classifier, X, rows):
    answer = client.post("/explain", json={"rows": rows[:1], "n_rows": 2})
    assert answer.status_code == 200
    [found] = answer.json()["explanations"]
    expected = classifier.explain(X.head(1), n_rows=2)
    assert found["columns"] == pytest.approx(expected.columns.iloc[0].to_dict())
    assert found["prediction"] == expected.predictions["prediction"].iloc[0]
    assert [row["row"] for row in found["rows"]] == expected.rows["row"].tolist()


def test_health_says_what_is_served(client, X):
    found = client.get("/health").json()
    assert found["status"] == "ok" and found["model"] == "kind.model"
    assert found["columns"] == X.columns.tolist()


def test_the_schema_names_columns_and_types(client):
    columns = client.get("/openapi.json").json()["components"]["schemas"]["Row"]["properties"]
    kinds = {name: one["anyOf"][0] for name, one in columns.items()}
    assert kinds["number"]["type"] == "number" and kinds["flag"]["type"] == "boolean"
    assert kinds["day"]["format"] == "date-time" and kinds["took"]["format"] == "duration"
    assert kinds["sort"]["type"] == kinds["word"]["type"] == "string"


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
def test_no_page_loads_scripts_from_elsewhere(client, page):
    assert client.get(page).status_code == 404


@pytest.mark.parametrize(
    ("column", "cell"),
    [("number", "1.5"), ("number", True), ("flag", 1), ("word", 7), ("day", "soon"), ("took", "x")],
)
def test_cells_of_another_type_are_refused_by_their_column(client, rows, column, cell):
    rows[1][column] = cell
    answer = client.post("/predict", json={"rows": rows})
    assert told(answer) and answer.json()["detail"][0]["loc"][:4] == ["body", "rows", 1, column]


def test_unknown_and_lacking_columns_are_refused(client, rows):
    rows[0]["nubmer"] = rows[0].pop("number")
    said = told(client.post("/predict", json={"rows": rows}))
    assert "nubmer" in said and "number" in said


def test_refusals_do_not_repeat_cells(client, rows):
    rows[0]["number"] = "a secret"
    assert "a secret" not in told(client.post("/predict", json={"rows": rows}))


@pytest.mark.parametrize("text", ['{"rows": [{"number": NaN}]}', "[" * 3000, '"\\ud800"', "", "{"])
def test_no_body_is_an_error_of_the_server(client, text):
    answer = client.post("/predict", content=text, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)


def test_half_characters_are_refused(client, rows):
    half = chr(0xD800)
    for row in ({**rows[0], "word": half}, {**rows[0], half: 1}):
        body = json.dumps({"rows": [row]})
        headers = {"content-type": "application/json"}
        assert told(client.post("/predict", content=body, headers=headers))


def test_too_many_rows_and_none_are_refused(client, rows):
    assert "at most 5" in told(client.post("/predict", json={"rows": rows[:1] * 6}))
    assert "at least 1" in told(client.post("/predict", json={"rows": []}))


@pytest.mark.parametrize("chunked", [False, True])
def test_large_bodies_are_refused(client, chunked):
    body = b'{"rows": [' + b" " * 4000 + b"]}"
    answer = client.post("/predict", content=iter([body[:99], body[99:]]) if chunked else body)
    assert "4,000 bytes" in told(answer, 413)


def test_pages_of_other_names_do_not_reach_a_local_service(client):
    assert client.get("/health", headers={"host": "elsewhere.example"}).status_code == 400
    assert client.get("/health", headers={"host": "[::1]:8000"}).status_code == 200


def test_missing_cells_are_null(client, rows):
    answer = client.post("/predict", json={"rows": [dict.fromkeys(rows[0])]})
    assert answer.status_code == 200


def test_models_without_names_of_columns_are_refused(small_checkpoint, tmp_path):
    model = TabTransferClassifier(1, checkpoint=small_checkpoint, trees=False, random_state=0)
    model.fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])
    with pytest.raises(TabTransferError, match="columns have no names"):
        serve(model, tmp_path / "m")

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from tabtransfer import TabTransferClassifier, TabTransferError, load

SCRIPTS = Path(__file__).parent
CASES = (
    *("classes", "classes_in_float32", "many_classes", "numbers", "explained_classes"),
    *("explained_numbers", "fine_tuning", "calibration", "kept_and_moved"),
)
NO_GPU = "no CUDA GPU here: the same numbers on a GPU and on the CPU are not checked"
DEVICES = (
    "pretended",
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason=NO_GPU)),
)


@pytest.fixture(scope="module", params=DEVICES)
def differences(request, regression_checkpoint):
    """How far answers on a device are from those on the CPU (`device_differences`)."""
    command = [SCRIPTS / "device_differences.py", request.param, regression_checkpoint]
    if request.param == "pretended":
        command = [SCRIPTS / "pretended_gpu.py", command[0], "auto", regression_checkpoint]
    return json.loads(
        subprocess.run([sys.executable, *command], capture_output=True, check=True).stdout
    )


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_a_device_gives_the_numbers_of_the_cpu(differences, case):
    assert set(differences) == set(CASES)
    assert differences[case] == pytest.approx(0.0, abs=1e-4)


class TestOnThisMachine:
    @pytest.fixture
    def fitted(self, classifier, make_frame):
        X, y = make_frame()
        return classifier.set_params(device="cpu").fit(X, y), X, y

    def test_auto_is_what_there_is(self, classifier, make_frame):
        X, y = make_frame()
        model = classifier.set_params(device="auto").fit(X, y)
        assert model.device_ == ("cuda:0" if torch.cuda.is_available() else "cpu")
        assert f"<th>Device</th><td>{model.device_}</td>" in model._repr_html_()

    @pytest.mark.parametrize("device", ["cpu", "auto"])
    def test_predictions_are_those_of_the_default(self, estimator, make_frame, device):
        X, y = make_frame()
        expected = estimator.fit(X, y).predict(X)
        estimator.set_params(device=device).fit(X, y)
        np.testing.assert_allclose(estimator.predict(X), expected, rtol=0, atol=1e-4)

    def test_a_fitted_model_follows_the_parameter(self, fitted):
        model, X, _ = fitted
        expected = model.predict_proba(X)
        model.set_params(device="cuda:99")
        assert "<th>Device</th><td>&#x27;cuda:99&#x27;</td>" in model._repr_html_()
        assert not hasattr(model, "device_")
        with pytest.raises(TabTransferError, match='no device "cuda:99"'):
            model.predict_proba(X)
        assert model.set_params(device="cpu").device_ == "cpu"
        np.testing.assert_array_equal(model.predict_proba(X), expected)

    def test_a_device_that_is_not_there_is_refused_before_any_work(self, classifier):
        with pytest.raises(TabTransferError, match='no device "cuda:99"'):
            classifier.set_params(device="cuda:99").fit(None, None)

    def test_a_model_from_another_machine_predicts_on_the_cpu(self, fitted, tmp_path):
        model, X, _ = fitted
        expected = model.predict_proba(X)
        model.device = model.fitted_.settings.parameters["device"] = "cuda:99"
        pickle_of_it = pickle.dumps(model)
        with pytest.warns(UserWarning, match="cuda:99"):  # it is read to see that it comes back
            model.save(tmp_path / "m.model")
        for again in (lambda: pickle.loads(pickle_of_it), lambda: load(tmp_path / "m.model")):
            with pytest.warns(UserWarning, match='device="cuda:99" and predicts on the CPU'):
                found = again()
            assert (found.device, found.device_) == ("cpu", "cpu")
            np.testing.assert_array_equal(found.predict_proba(X), expected)

    def test_a_model_without_rows_is_loaded_with_what_there_is(self, fitted, tmp_path):
        model, X, y = fitted
        model.save(tmp_path / "m.model", training_rows=False)
        assert load(tmp_path / "m.model").device == "cpu"
        assert load(tmp_path / "m.model", X, y).device_ == "cpu"

    def test_an_unfitted_model_keeps_the_name(self):
        model = TabTransferClassifier(device="cuda:99")
        assert pickle.loads(pickle.dumps(model)).device == "cuda:99"


class TestMemoryRunsOut:
    """`torch.OutOfMemoryError`, as a GPU raises it, from networks on the CPU."""

    @pytest.fixture
    def model(self, classifier, make_frame):
        X, y = make_frame(80)
        return classifier.fit(X, y), X

    def test_and_half_of_the_rows_are_predicted(self, model, monkeypatch):
        model, X = model
        expected, sizes = model.predict_proba(X), []
        network = type(model.fitted_.network.get())
        predict = network.predict

        def of_few_rows(self, context, values, *rest):
            sizes.append(values.shape[1])
            if values.shape[1] > 30:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return predict(self, context, values, *rest)

        monkeypatch.setattr(network, "predict", of_few_rows)
        np.testing.assert_allclose(model.predict_proba(X), expected, rtol=0, atol=1e-9)
        assert sizes == 2 * [80, 40, 20, 20, 20, 20]

    @pytest.mark.slow
    def test_and_half_of_the_rows_are_read_or_explained(self, model, monkeypatch):
        model, X = model
        explained, sizes = model.explain(X), []
        network = type(model.fitted_.network.get())
        row_vectors = network.row_vectors

        def of_few_rows(self, kind, cells, *rest):
            sizes.append(cells.features.shape[2])
            if cells.features.shape[2] > 30:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return row_vectors(self, kind, cells, *rest)

        monkeypatch.setattr(network, "row_vectors", of_few_rows)
        again = pickle.loads(pickle.dumps(model))  # reads the training rows again
        found = again.explain(X)
        assert 80 in sizes and sorted({size for size in sizes if size <= 30})[-2:] == [20, 21]
        np.testing.assert_allclose(found.columns, explained.columns, rtol=0, atol=1e-9)
        np.testing.assert_allclose(
            found.rows["weight"], explained.rows["weight"], rtol=0, atol=1e-9
        )

    def test_of_one_row_there_is_a_way_out(self, model, monkeypatch):
        model, X = model

        def never(self, *given):
            raise torch.OutOfMemoryError("CUDA out of memory.")

        monkeypatch.setattr(type(model.fitted_.network.get()), "predict", never)
        with pytest.raises(TabTransferError, match=r'memory is too small.*device="cpu"'):
            model.predict_proba(X)

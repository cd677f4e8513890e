import json
import zipfile

import joblib
import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from sklearn.exceptions import NotFittedError

import tabtransfer
from tabtransfer import TabTransferClassifier, TabTransferError
from tabtransfer.baselines.scratch import ScratchClassifier

N_ROWS = 40


class TestBadFiles:
    @pytest.fixture
    def model(self, classifier):
        return classifier.fit(np.arange(20.0)[:, None], [0, 1] * 10)

    @pytest.fixture(scope="class")
    def archive(self, small_checkpoint, tmp_path_factory):
        path = tmp_path_factory.mktemp("saved") / "saved.model"
        model = TabTransferClassifier(2, checkpoint=small_checkpoint, trees=False, random_state=0)
        model.fit(np.arange(20.0)[:, None], [0, 1] * 10).save(path)
        return path.read_bytes()

    @pytest.fixture
    def saved(self, archive, path):
        path.write_bytes(archive)
        return path

    @pytest.mark.parametrize("size", [0, 10, 1000, -1])
    def test_truncated(self, saved, size):
        saved.write_bytes(saved.read_bytes()[:size])
        with pytest.raises(TabTransferError, match=r"no complete saved model.*model\.save"):
            tabtransfer.load(saved)

    @pytest.mark.parametrize("part", ["model.json", "table.parquet", "target.parquet"])
    def test_changed_bytes(self, saved, part):
        with zipfile.ZipFile(saved) as archive:
            entry = archive.getinfo(part)
        content = bytearray(saved.read_bytes())
        content[entry.header_offset + 100 + entry.file_size // 2] ^= 1
        saved.write_bytes(content)
        with pytest.raises(TabTransferError, match="no complete saved model"):
            tabtransfer.load(saved)

    def test_pickles_and_other_files(self, model, tmp_path, small_checkpoint):
        joblib.dump(model, tmp_path / "pickled")
        with pytest.raises(TabTransferError, match=r"a pickle: use joblib\.load"):
            tabtransfer.load(tmp_path / "pickled")
        torch.save({}, tmp_path / "torch")
        with pytest.raises(TabTransferError, match="no model that tabtransfer saved"):
            tabtransfer.load(tmp_path / "torch")
        for other in (small_checkpoint, tmp_path / "nothing", tmp_path):
            with pytest.raises(TabTransferError, match="saved model"):
                tabtransfer.load(other)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"format": 5}, r"format 5, and tabtransfer .* reads formats up to 4: upgrade"),
            ({"estimator": "Ranker"}, "no such estimator or parameter: 'Ranker'"),
            ({"settings": {"depth": 3}}, "no such estimator or parameter.*'depth'"),
            (
                {
                    "versions": {"numpy": "0.1"},
                    "sketch": {"n_rows": 9, "n_categories": [], "columns": []},
                },
                r"20 rows instead of 9.*saved with numpy 0\.1 \(here",
            ),
        ],
    )
    def test_other_versions(self, saved, change, message):
        rewrite(saved, change)
        with pytest.raises(TabTransferError, match=message):
            tabtransfer.load(saved)

    @pytest.mark.parametrize(
        "change",
        [
            *({"format": value} for value in (None, "2", 2.5, -1)),
            *({"versions": value} for value in (None, [], {"numpy": 1})),
            *({"estimator": value} for value in (None, ["TabTransferClassifier"])),
            *({"settings": value} for value in (None, [1], {"n_threads": {"code": 1}})),
            *({"seed": value} for value in (None, -1, 1.5, 2**32, "0")),
            *({"n_features": value} for value in (None, -1, "1")),
            *({"feature_names": value} for value in (3, [1], ["a", "b"])),
            *({"classes": value} for value in (None, [], 3, [0], [[0], [1]], ["a", "b"])),
            *({"classes_type": value} for value in (None, 3, "<f99", "<U0")),
            *({"n_context_rows": value} for value in (None, -1, "20")),
            *({"sketch": value} for value in (None, {}, {"n_rows": 20})),
            *({"network": value} for value in (None, {}, {"d_cell": 10**9})),
            *({"weights": value} for value in (None, 3, "0" * 64)),
            *({"outcomes": value} for value in (None, {"calibration_": 3})),
            *({"centres": value} for value in (3, [], [[0.0]], [[0.0], [1.0, 2.0]], [[0], [1]])),
            *({"centres": [value, value]} for value in (["a"], [0.0, 1.0], [float("nan")])),
            *({"blend": value} for value in (3, ["a"], [0.5, 0.2], [float("nan")])),
            *({"blend": [1.0], "spread": value} for value in (None, "wide", 0.0, float("nan"))),
        ],
        ids=str,
    )
    def test_records_that_lie(self, saved, change):
        rewrite(saved, change)
        with pytest.raises(TabTransferError):
            tabtransfer.load(saved)

    @pytest.mark.parametrize("temperature", [float("nan"), 0.0, -1.0, float("inf")])
    def test_temperatures_that_are_none(self, saved, temperature):
        rewrite(saved, {"outcomes": {"calibration_": {"temperature": temperature}}})
        with pytest.raises(TabTransferError, match="temperature of calibration is a number from"):
            tabtransfer.load(saved)

    @pytest.mark.parametrize(("name", "value"), [("n_threads", -1), ("memory_limit", "all")])
    def test_settings_that_make_no_sense(self, saved, name, value):
        with zipfile.ZipFile(saved) as archive:
            settings = json.loads(archive.read("model.json"))["settings"]
        rewrite(saved, {"settings": {**settings, name: value}})
        with pytest.raises(TabTransferError, match=f"{name} must be a whole number"):
            tabtransfer.load(saved)

    def test_format_2_says_nothing_of_the_spread(self, saved):
        expected = tabtransfer.load(saved).predict_proba([[3.0]])
        rewrite(saved, {"format": 2, "spread": ...})
        assert np.array_equal(tabtransfer.load(saved).predict_proba([[3.0]]), expected)

    def test_a_hundred_thousand_threads_are_as_many_as_there_are(self, saved, model):
        X, expected = np.arange(20.0)[:, None], model.predict_proba(np.arange(20.0)[:, None])
        with zipfile.ZipFile(saved) as archive:
            settings = json.loads(archive.read("model.json"))["settings"]
        rewrite(saved, {"settings": {**settings, "n_threads": 100_000}})
        np.testing.assert_allclose(tabtransfer.load(saved).predict_proba(X), expected, atol=1e-6)

    @pytest.mark.parametrize(
        ("part", "message"),
        [
            (".own", "differ from those that the saved model's trees were grown on"),
            (".dual", "no complete saved model"),
            (".values", "no complete saved model"),
            (".depths", "no complete saved model"),
        ],
    )
    def test_learners_that_lie(self, classifier, path, part, message):
        X = np.random.default_rng(0).normal(size=(80, 3))
        classifier.set_params(trees=True).fit(X, X[:, 0] > 0).save(path)
        with zipfile.ZipFile(path) as archive:
            content = archive.read("learners.safetensors")
        length = int.from_bytes(content[:8], "little")
        about = json.loads(content[8 : 8 + length])["__metadata__"]
        arrays = safetensors.numpy.load(content)
        name = next(name for name in arrays if f".{name}".endswith(part))
        arrays[name] = np.ascontiguousarray(arrays[name][:-1])
        rewrite(path, {}, {"learners.safetensors": safetensors.numpy.save(arrays, about)})
        with pytest.raises(TabTransferError, match=message):
            tabtransfer.load(path)

    def test_archives_that_unfold(self, saved):
        with zipfile.ZipFile(saved) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        parts["model.json"] += b" " * 10**7
        with zipfile.ZipFile(saved, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
        with pytest.raises(TabTransferError, match=r"model\.json unfolds to 10,00"):
            tabtransfer.load(saved)

    def test_less_memory_than_at_the_time_is_told(self, saved):
        rewrite(saved, {"n_context_rows": 30})
        with pytest.warns(UserWarning, match="reads 20 training rows at once, and read 30"):
            tabtransfer.load(saved)

    def test_a_failed_save_leaves_the_file_before(self, classifier, saved):
        before = saved.read_bytes()
        X = pd.DataFrame({"a": pd.Series([1, 2, "x"] * 5, dtype=object)})
        model = classifier.fit(X, [0, 1, 2] * 5)
        model.fitted_.rows.X.iloc[0, 0] = object()
        with pytest.raises(TabTransferError, match="Column 'a' can't be saved"):
            model.save(saved)
        model.fitted_.rows.X.iloc[0, 0] = "other"
        with pytest.raises(TabTransferError, match=r"other cells in 'a'.*fit again"):
            model.save(saved)
        assert saved.read_bytes() == before
        assert [file.name for file in saved.parent.iterdir()] == [saved.name]

    def test_models_that_cannot_be_saved(self, small_checkpoint, path):
        with pytest.raises(NotFittedError):
            TabTransferClassifier().save(path)
        scratch = ScratchClassifier(1, checkpoint=small_checkpoint, time_limit=0.0)
        with pytest.raises(TabTransferError, match=r"ScratchClassifier can't be saved.*joblib"):
            scratch.fit([[0.0], [1.0]], [0, 1]).save(path)
        assert not path.exists()


def rewrite(path, change, others=()):
    """Change entries of the record and other parts, and leave out those that are `...`."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()} | dict(others)
    record = {**json.loads(parts["model.json"]), **change}
    record = {name: value for name, value in record.items() if value is not ...}
    parts["model.json"] = json.dumps(record).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)

import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tabtransfer.batch_prediction.scorer
import tabtransfer.table_files.reader
from tabtransfer.batch_prediction.engines import score_here, score_with_ray
from tabtransfer.batch_prediction.scorer import Scorer
from tabtransfer.errors import TabTransferError
from tabtransfer.table_files.reader import Source


@pytest.fixture
def files(frame, tmp_path):
    """Write the table in two files; the first Parquet file has several row groups."""
    halves = (frame[:33], frame[33:])
    for index, half in enumerate(halves):
        half.to_csv(tmp_path / f"{index}.csv", index=False)
        table = pa.Table.from_pandas(half, preserve_index=False)
        pq.write_table(table, tmp_path / f"{index}.parquet", row_group_size=10)
    return {kind: sorted(tmp_path.glob(f"*.{kind}")) for kind in ("csv", "parquet")}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_pieces_give_what_the_model_gives(files, classifier, frame, X, monkeypatch, kind):
    monkeypatch.setattr(tabtransfer.batch_prediction.scorer, "_PIECE_ROWS", 8)
    scorer = Scorer.of(classifier, "." if kind == "csv" else None, ("id",), None)
    pieces = list(score_here(Source.of(files[kind], scorer.columns), scorer))
    assert len(pieces) == 9
    found = pa.concat_tables(pieces).to_pandas()
    assert found["id"].tolist() == frame["id"].tolist()
    np.testing.assert_allclose(found.iloc[:, -2:], classifier.predict_proba(X), atol=1e-9)


@pytest.fixture(scope="module")
def local_ray():
    ray = pytest.importorskip("ray", reason="the extra cluster isn't installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_worker_niceness", "0")  # on a busy machine, 15 waits for ever
        ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    yield ray
    ray.shutdown()


@pytest.mark.slow
def test_ray_gives_the_same_rows_in_the_same_order(
    local_ray, files, classifier, frame, monkeypatch
):
    monkeypatch.setattr(tabtransfer.table_files.reader, "_PART_ROWS", 15)
    monkeypatch.setattr(tabtransfer.batch_prediction.scorer, "_PIECE_ROWS", 12)
    scorer = Scorer.of(classifier, None, ("id",), None)
    source = Source.of(files["parquet"], scorer.columns)
    assert len(source.parts) == 4
    here = pa.concat_tables(score_here(source, scorer)).to_pandas()
    found = pa.concat_tables(score_with_ray(source, scorer)).to_pandas()
    assert found["id"].tolist() == frame["id"].tolist()
    assert found["prediction"].tolist() == here["prediction"].tolist()
    np.testing.assert_allclose(found.iloc[:, -2:], here.iloc[:, -2:], atol=1e-6)

    scorer = Scorer.of(classifier, ".", (), None)
    files["csv"][1].write_text(files["csv"][1].read_text() + "one,cell,too,few\n")
    with pytest.raises(TabTransferError, match=r"1\.csv can't be read as csv: .*got 4"):
        list(score_with_ray(Source.of(files["csv"], scorer.columns), scorer))


def test_without_ray_the_extra_is_named(files, classifier, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    scorer = Scorer.of(classifier, None, (), None)
    with pytest.raises(TabTransferError, match=r"pip install 'tabtransfer\[cluster\]'"):
        list(score_with_ray(Source.of(files["parquet"], scorer.columns), scorer))

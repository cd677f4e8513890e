"""Files that users get are written through `replacing`, so that none is ever half there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("tabtransfer", "pretrain", "finetune", "baselines", "datasets")
WRITERS = {
    *("write_text", "write_bytes", "savefig", "to_csv", "to_parquet", "to_feather"),
    *("write_table", "save_file", "save_model", "save_checkpoint", "savez_compressed"),
    *("ParquetWriter", "CSVWriter", "new_file", "output_stream", "write_model_card"),
}
# Journals are added to; the others write to memory, or to what `replacing` gave their callers.
ALLOWED = {
    "tabtransfer/bench/measure/results_file.py: journal_path(self.path).open('wb', buffering=0)",
    "pretrain/training/clock.py: path.open('a', newline='')",
    "tabtransfer/learners/booster_file.py: booster.save_model(str(path))",
    "tabtransfer/saving/training_rows.py: pq.write_table(content, file, compression='zstd')",
    # In a folder of its own:
    "tabtransfer/bench/measure/small_transfer.py: save_checkpoint(path, model.network_, {})",
    "tabtransfer/batch_prediction/writer.py: pa.csv.CSVWriter(sink, schema)",
    "tabtransfer/batch_prediction/writer.py: pa.ipc.new_file(sink, schema)",
    "pretrain/training/model_card.py: path.write_text('\\n'.join(lines), encoding='utf-8')",
    "pretrain/training/run.py: "
    "save_checkpoint(self.out / name, whole, self._header(scores, n_tasks), dtype)",
    "tabtransfer/estimators/base.py: path.write_bytes(state[_SAVED])",  # in a folder of its own
    "tabtransfer/estimators/derived.py: "
    "save_model(model, type(self), outcomes, path, training_rows)",
}


def writes(tree: ast.Module) -> Iterator[str]:
    """Give the calls that write a file, but for those to a partial file or to a buffer."""
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.With) and is_safe(node)]
    safe = {inside for block in blocks for inside in ast.walk(block)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or node in safe:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        call = ast.unparse(node)
        if "(partial" in call or "(buffer" in call:
            continue
        if name in WRITERS or (name == "open" and any(mode(one) for one in node.args)):
            yield call


def is_safe(block: ast.With) -> bool:
    return any("replacing(" in ast.unparse(item.context_expr) for item in block.items)


def mode(argument: ast.expr) -> bool:
    value = argument.value if isinstance(argument, ast.Constant) else ""
    return value in ("w", "wb", "a", "ab", "x", "xb", "r+", "r+b")


def test_every_file_is_written_beside_and_put_in_its_place():
    found = {
        f"{path.relative_to(ROOT).as_posix()}: {call}"
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for call in writes(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == ALLOWED

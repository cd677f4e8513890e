"""Every record names the commit that it ran on, and says that it is frozen."""

import re
from pathlib import Path

import pytest

RECORDS = sorted((Path(__file__).parents[1] / "records").iterdir())
FROZEN = re.compile(
    r"^# .+\n\nIt ran on commit `[0-9a-f]{7,}` and is frozen: its scripts are kept as they ran, "
    r"and may call functions that have gone\.\n"
)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_a_record_names_its_commit(record):
    assert FROZEN.match((record / "README.md").read_text())


def test_records_are_numbered_on():
    assert [record.name[:4] for record in RECORDS] == [
        f"{number:03d}-" for number in range(1, len(RECORDS) + 1)
    ]

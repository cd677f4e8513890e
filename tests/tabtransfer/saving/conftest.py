import pytest

from tabtransfer import TabTransferClassifier


@pytest.fixture
def classifier(small_checkpoint):
    return TabTransferClassifier(2, checkpoint=small_checkpoint, trees=False, random_state=0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "saved.model"

import math

import numpy as np
import pytest

from tabtransfer import environment


def test_versions_name_python_tabtransfer_and_what_is_absent():
    versions = environment.package_versions(["numpy", "no-such-package"])
    assert versions["numpy"] == np.__version__
    assert versions["no-such-package"] == "not installed"
    assert {"python", "tabtransfer"} <= versions.keys()


def test_other_weights_are_another_version_of_our_methods_alone(tmp_path, monkeypatch):
    import tabtransfer

    (tmp_path / "weights").mkdir()
    monkeypatch.setattr(tabtransfer, "__file__", str(tmp_path / "__init__.py"))
    seen = set()
    for content in (b"one", b"two"):
        (tmp_path / "weights" / "w.safetensors").write_bytes(content)
        seen.add(environment.package_versions(["tabtransfer"])["tabtransfer"])
        assert environment.package_versions(["numpy"])["tabtransfer"] == tabtransfer.__version__
    assert len(seen) == 2
    assert all(version.startswith(f"{tabtransfer.__version__}+weights.") for version in seen)


def test_cpu_has_a_name():
    assert environment.cpu_model().strip()


def test_threads_are_limited_in_loaded_libraries(monkeypatch):
    import torch
    from threadpoolctl import threadpool_info

    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        monkeypatch.setenv(name, "2")
    torch.set_num_threads(2)
    environment.limit_threads(1)
    assert torch.get_num_threads() == 1
    assert {pool["num_threads"] for pool in threadpool_info()} == {1}


def test_peak_memory_remembers_what_is_gone_again():
    before, _ = environment.memory_mb()
    array = np.ones(60_000_000)  # 480 MB
    held, _ = environment.memory_mb()
    assert held - before > 400
    del array
    after, peak = environment.memory_mb()
    assert held - after > 400
    if math.isnan(peak):
        pytest.skip("the system keeps no high-water mark")
    assert peak > held - 1


def test_importing_skips_packages_without_a_module():
    environment.import_packages(["no-such-package", "scikit-learn"])

"""What every test may use: the folder of real data, and small texts in English and Chinese."""

import os
from pathlib import Path

import pytest

# the tests run in as many processes as there are cores, on small tensors: threads of torch would only wait for each
# other. Read when torch is imported, so it is set before.
os.environ.setdefault("OMP_NUM_THREADS", "1")

LONGEST = (
    "test_docs_run.py::test_what_the_docs_show_runs",
    "test_readme_runs.py::",
    "test_files_to_touch.py::",
    "test_docs_site.py::",
    "test_distributed.py::",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take longest: at the end, one of them would keep all but one process waiting."""
    items.sort(key=lambda item: not any(name in item.nodeid for name in LONGEST))


@pytest.fixture
def weft_data() -> Path:
    """The folder of real data named by WEFT_DATA; the test is skipped where there is none."""
    folder = os.environ.get("WEFT_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("WEFT_DATA names no folder of real data")
    return Path(folder)


@pytest.fixture
def one_thread():
    """One thread of torch, whose sums come in one order."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)

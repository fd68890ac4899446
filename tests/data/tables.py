"""Small files and what is read of them, for the tests of every form of file."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from weft.data.sources import open_table
from weft.errors import InputError

CHINESE = "text,label\n房间很干净，服务也好,好评\n再也不来了,差评\n"
relaxed = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
values = st.text(st.characters(codec="utf-8", exclude_characters="\0\ufeff"), max_size=12)


def written(folder: Path, content: str | bytes, name: str = "reviews.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def rows(table) -> list[tuple[int, tuple[str, ...]]]:
    return [(row.line, tuple(row.values.values())) for row in table]


def fault(path: Path, **options) -> InputError:
    with pytest.raises(InputError) as caught:
        list(open_table(path, **options))
    return caught.value

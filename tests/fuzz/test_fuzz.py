"""Files that nobody wrote by hand: whatever is in them, an answer or a sentence, soon, and in little memory.

`WEFT_FUZZ_SECONDS` is the time for each kind of file (10 unless it is set), `WEFT_FUZZ_SEED` where its cases begin.
"""

import json
import os
import subprocess
import sys

import pytest

KINDS = ("csv", "tsv", "txt", "jsonl", "squad", "parquet", "yaml", "pretrained", "run_folder")
SECONDS = float(os.environ.get("WEFT_FUZZ_SECONDS", "10"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the memory of a process is limited as on Linux")
@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_in_a_file_is_read_or_refused_in_a_sentence(kind):
    first = os.environ.get("WEFT_FUZZ_SEED", "0")
    call = [sys.executable, "-m", "tests.fuzz.child", kind, str(SECONDS), first]
    done = subprocess.run(call, capture_output=True, text=True, timeout=SECONDS * 3 + 300)
    assert done.returncode == 0, done.stderr[-4000:]
    counts = json.loads(done.stdout.splitlines()[-1])
    print(f"{kind}: {counts['cases']:,} cases, {counts['refused']:,} refused")
    assert counts["cases"] > 0

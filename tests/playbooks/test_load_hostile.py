"""No file makes the loader fall over, hang, or eat the machine: each is read by a process whose time and memory are counted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.playbooks.hostile import mangled, texts

SECONDS = 6.0  # of CPU; a file of 200 KB is parsed in about one
BYTES = 50 * 2**20
MANGLED = 150
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[float, int]]:
    folder = tmp_path_factory.mktemp("hostile")
    files = texts() | {f"mangled-{seed}": mangled(seed) for seed in range(MANGLED)}
    for name, text in files.items():
        (folder / name).mkdir()
        (folder / name / "sound.yaml").write_text(text, "utf-8", "surrogatepass")
    command = [sys.executable, "-m", "tests.playbooks.hostile", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    read: dict[str, tuple[float, int]] = json.loads(done.stdout)
    assert read.keys() == files.keys()
    return read


def test_the_files_are_as_large_as_a_playbook_may_be() -> None:
    sizes = {name: len(text.encode()) for name, text in texts().items()}
    assert max(sizes.values()) <= 200 * 1024
    assert sum(size > 150 * 1024 for size in sizes.values()) >= 15


def test_no_file_takes_long(costs: dict[str, tuple[float, int]]) -> None:
    assert {name: seconds for name, (seconds, _) in costs.items() if seconds > SECONDS} == {}


def test_no_file_takes_fifty_megabytes(costs: dict[str, tuple[float, int]]) -> None:
    assert {name: size for name, (_, size) in costs.items() if size > BYTES} == {}

"""Files made to hurt, each as large as a playbook may be, and shipped ones mangled at random; and what reading one costs.

`python -m tests.playbooks.hostile FOLDER` reads every file of a folder and prints for each the seconds of CPU it took and
how far the memory of the process that read it rose above what it was before, in bytes.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from multiprocessing import get_context
from pathlib import Path
from random import Random

from playbooks.characters import MAX_BYTES
from playbooks.faults import render_all
from playbooks.load import LIBRARY as SHIPPED
from playbooks.load import load, playbook_files

LIBRARY = Path(__file__).parent / "sound"
HEAD = (LIBRARY / "sound.yaml").read_text("utf-8").split("steps:\n")[0]
ROOM = MAX_BYTES - 2000


def filled(line: str, room: int = ROOM) -> str:
    """The numbered line as often as there is room for it."""
    size = len(line.encode()) + 4
    return "".join(line.format(n=n) for n in range(room // size))


def ladder(depth: int) -> str:
    """Two hundred steps, each after all those of the rank before: paths without number, if one went them all."""
    rows = []
    for n in range(200):
        rank = n // depth
        before = ", ".join(f"b{i}" for i in range((rank - 1) * depth, rank * depth)) if rank else "start"
        rows.append(
            f'  - {{id: b{n}, task: "Việc", by: thu_ky, after: [{before}], within: 1 giờ, else: [{{to: thay_the}}]}}\n'
        )
    return "".join(rows)


def texts() -> dict[str, str]:
    """By name; each is read as sound.yaml beside the templates of the sound playbook."""
    steps = "steps:\n"
    return {
        "unknown-keys": HEAD + filled("khoa_la_{n}: x\n"),
        "the-same-key": HEAD + filled("title: x\n"),
        "keys-of-a-step": HEAD + steps + "  - id: a\n" + filled("    withi{n}: x\n"),
        "unknown-names": HEAD
        + steps
        + '  - {id: a, task: "Việc", by: thu_ky, within: 1 giờ, else: [{to: thay_the}], after: ['
        + filled("buoc{n}, ")
        + "]}\n",
        "unknown-roles": HEAD
        + steps
        + "  - {id: a, assign: ["
        + filled("vai{n}, ")
        + "], within: 1 giờ, else: [{to: thay_the}]}\n",
        "one-long-line": HEAD + "x: " + "a" * ROOM,
        "one-long-quote": HEAD + 'x: "' + "a " * (ROOM // 2) + '"\n',
        "open-quotes": "".join('a: "' + "x" * 20 + "\n" for _ in range(ROOM // 26)),
        "open-brackets": "[" * ROOM,
        "open-braces": "{a: " * (ROOM // 4),
        "many-dashes": "- " * (ROOM // 2),
        "many-choices": HEAD
        + steps
        + '  - {id: a, ask: "Gì?", by: thu_ky, within: 1 giờ, else: [{to: thay_the}], choices: {'
        + filled('c{n}: "Có", ')
        + "}}\n",
        "many-items": HEAD + "items: [" + filled("a{n}, ") + "]\n",
        "many-rungs": HEAD
        + steps
        + '  - {id: a, task: "Việc", by: thu_ky, within: 1 giờ, else: ['
        + filled("{{to: vai{n}}}, ")
        + "]}\n",
        "many-roles": HEAD.split("roles:")[0] + "roles:\n" + filled("  v{n}: {{title: V, pick: p{n}}}\n"),
        "many-deadlines": HEAD.split("deadlines:")[0] + "deadlines:\n" + filled("  d{n}: {{met_by: x{n}}}\n"),
        "tabs": "\t\n" * (ROOM // 2),
        "invisible-letters": "\u200b\n" * (ROOM // 4),
        "decomposed": "a\u0301\n" * (ROOM // 4),
        "word-quotes": "a: “x”\n" * (ROOM // 12),
        "escapes": HEAD + 'x: "' + "\\u0061" * (ROOM // 6) + '"\n',
        "comments": "# x\n" * (ROOM // 4),
        "documents": "---\n" * (ROOM // 4),
        "every-step-after-many": HEAD + steps + ladder(10),
        "every-step-after-more": HEAD + steps + ladder(40),
        "questions": HEAD + steps + questions(),
    }


def questions() -> str:
    """Two hundred questions, each asked only after one answer of the one before."""
    row = '  - {{id: q{n}, ask: "Gì?", by: thu_ky, {when}within: 1 giờ, else: [{{to: thay_the}}], choices: {{co: C, khong: K}}}}\n'
    return "".join(row.format(n=n, when=f"when: {{q{n - 1}: co}}, " if n else "") for n in range(200))


def mangled(seed: int) -> str:
    """A shipped playbook after a few edits no person would make."""
    dice = Random(seed)
    lines = dice.choice(playbook_files(SHIPPED)).read_text("utf-8").split("\n")
    for _ in range(dice.randint(1, 6)):
        at, other = dice.randrange(len(lines)), dice.randrange(len(lines))
        line = lines[at]
        place = dice.randint(0, len(line))
        lines[at] = dice.choice(
            (
                line[:place] + dice.choice("[]{}:,#&*!|>%@`'\"\t-\u00a0\u0301\x07đ") + line[place:],
                line[:place] + line[place + 1 :],
                line[place:] + line[:place],
                line.replace(" ", "", 1),
                f"  {line}",
                line[2:],
                lines[other],
                "",
                f"{line}\n{line}",
                f"{line} {lines[other].strip()}" * dice.randint(1, 30),
            )
        )
    return "\n".join(lines)


def cost(folder: Path) -> dict[str, tuple[float, int]]:
    """Each file is read by a process of its own, that has read a sound one before: what is imported is no file's doing."""
    load(LIBRARY / "sound.yaml", library=LIBRARY)
    paths = sorted(folder.glob("*/sound.yaml"))
    with get_context("fork").Pool(1, maxtasksperchild=1) as pool:
        return dict(pool.map(cost_of, paths, chunksize=1))


def cost_of(path: Path) -> tuple[str, tuple[float, int]]:
    before, began = _resident(), time.process_time()
    loaded = load(path, library=SHIPPED if path.parent.name.startswith("mangled") else LIBRARY)
    assert render_all(loaded.faults, loaded.sources) or loaded.playbook
    took = time.process_time() - began
    return path.parent.name, (took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


if __name__ == "__main__":
    print(json.dumps(cost(Path(sys.argv[1]))))

"""Rows of many threads in one commit: none is answered before it, none is lost, none suffers for another's fault."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from incident.delivery.outbox import Outbox
from incident.delivery.together import Together
from incident.store.tables import Inbound, Receipt
from notify.gateway import Gateway
from notify.message import Reply, StatusUpdate
from tests.incident.delivery.world import World, settings

UNLUCKY = -13


class Book:
    """Stands for the database: says who came with whom, and what is new."""

    def __init__(self) -> None:
        self.kept: list[int] = []
        self.groups: list[list[int]] = []
        self.door = threading.Event()
        self.door.set()

    def write(self, rows: Sequence[int]) -> list[bool]:
        self.groups.append(list(rows))
        assert self.door.wait(10)
        if UNLUCKY in rows:
            raise ValueError("not this row")
        new = [row not in self.kept for row in rows]
        self.kept += [row for row, fresh in zip(rows, new, strict=True) if fresh]
        return new


def at_once(together: Together[int], book: Book, rows: Sequence[int]) -> list[bool | Exception]:
    """The first is being written while all others come."""
    book.door.clear()

    def bring(row: int) -> bool | Exception:
        try:
            return together.put(row)
        except Exception as fault:
            return fault

    with ThreadPoolExecutor(len(rows)) as pool:
        answers = [pool.submit(bring, row) for row in rows]
        _until(lambda: together.waiting == len(rows) - 1)
        assert not any(answer.done() for answer in answers), "nobody is answered before the commit"
        book.door.set()
        return [answer.result(10) for answer in answers]


def _until(true: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if true():
            return
        pause.wait(0.005)
    raise AssertionError("it never came to that")


def test_alone_a_row_is_written_at_once() -> None:
    book = Book()
    assert Together(book.write).put(1)
    assert book.groups == [[1]]


def test_what_comes_during_a_commit_shares_the_next() -> None:
    book = Book()
    together = Together(book.write)
    assert at_once(together, book, range(20)) == [True] * 20
    assert [len(group) for group in book.groups] == [1, 19]
    assert sorted(book.kept) == list(range(20))
    assert together.put(99), "the turn is free again"


def test_a_group_has_a_limit_and_nobody_is_forgotten_behind_it() -> None:
    book = Book()
    assert at_once(Together(book.write, most=4), book, range(20)) == [True] * 20
    assert max(len(group) for group in book.groups) == 4
    assert sorted(book.kept) == list(range(20))


def test_one_bad_row_fails_alone() -> None:
    book = Book()
    answers = at_once(Together(book.write), book, [1, 2, UNLUCKY, 4])
    assert [isinstance(one, ValueError) for one in answers] == [False, False, True, False]
    assert sorted(book.kept) == [1, 2, 4]


def test_a_fault_of_nobodys_row_fails_the_group_and_is_not_tried_for_each() -> None:
    book = Book()

    def write(rows: Sequence[int]) -> list[bool]:
        book.write(rows)
        raise OperationalError("INSERT", {}, Exception("the database went away"))

    answers = at_once(Together(write, hopeless=(OperationalError,)), book, range(5))
    assert all(isinstance(one, OperationalError) for one in answers)
    assert len(book.groups) == 2


def test_whoever_wrote_tells_of_what_was_new_once_a_group() -> None:
    told: list[list[int]] = []
    book = Book()
    together = Together(book.write, lambda rows: told.append(list(rows)))
    at_once(together, book, range(6))
    together.put(3)
    assert sorted(row for rows in told for row in rows) == list(range(6))
    assert len(told) == 2


# ------------------------------------------------------------------ with a database


def test_replies_and_receipts_of_many_threads_are_all_kept_once(world: World) -> None:
    rung: list[None] = []
    ring = lambda: rung.append(None)  # noqa: E731
    outbox = Outbox(world.store, Gateway([]), settings(world.store), world.clock, replied=ring)

    def bring(n: int) -> tuple[str | None, bool]:
        reply = Reply("memory", f"in-{n % 40}", f"+84540{n % 40:06d}", "+84540000000", "OK 27")
        update = StatusUpdate("memory", f"m-{n % 40}", "delivered")
        return outbox.store_inbound(reply, world.clock()), outbox.store_receipt(update, world.clock())

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(bring, range(120)))
    assert sum(inbound is not None for inbound, _ in answers) == 40
    assert sum(receipt for _, receipt in answers) == 40
    assert 1 <= len(rung) <= 40
    with world.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Inbound)) == 40
        assert session.scalar(select(func.count()).select_from(Receipt)) == 40
        known = set(session.scalars(select(Inbound.id)))
    assert {inbound for inbound, _ in answers if inbound} == known


def test_a_row_the_database_refuses_takes_no_other_with_it(world: World) -> None:
    updates = [StatusUpdate("memory", f"m-{n}", "delivered") for n in range(15)]
    odd = StatusUpdate("memory", "m-odd", "read")  # type: ignore[arg-type]
    faults: list[Exception] = []

    def bring(update: StatusUpdate) -> None:
        try:
            world.outbox.store_receipt(update, world.clock())
        except Exception as fault:
            faults.append(fault)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(bring, [*updates, odd]))
    assert len(faults) == 1
    with world.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Receipt)) == 15

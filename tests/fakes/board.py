"""A board on which simulated brokers of one device tell each other what they have promised and what they want."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from nvpipe.scheduler.neighbours import Neighbour, Promise, Want


class Board:
    """What is written there stays until its writer is gone."""

    def __init__(self) -> None:
        self.posts: dict[str, Neighbour] = {}

    def member(self, name: str) -> Member:
        return Member(self, name)


class Member:
    """One broker's view of the board."""

    def __init__(self, board: Board, name: str) -> None:
        self.name = name
        self._board = board

    def others(self) -> Sequence[Neighbour]:
        return [one for name, one in sorted(self._board.posts.items()) if name != self.name]

    def post(self, promises: Sequence[Promise], wants: Sequence[Want]) -> None:
        self._board.posts[self.name] = Neighbour(self.name, tuple(promises), tuple(wants))

    def exclusive(self) -> AbstractContextManager[bool]:
        return nullcontext(True)

    def close(self) -> None:
        self._board.posts.pop(self.name, None)

"""The sound of a timeline into a file: mixed, levelled, encoded, measured."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from nvpipe.compose.mix import balance
from nvpipe.media.levelling import Leveller
from nvpipe.media.loudness import measure_file
from nvpipe.media.mux import AUDIO_BIT_RATE, write_sound

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from nvpipe.media.loudness import Loudness
    from nvpipe.types import Timeline

CEILING_DBTP = -1.5
"""Before encoding; AAC adds a little."""
LOUDEST_DBTP = -1.0
HIGHEST_BIT_RATE = 1.03 * AUDIO_BIT_RATE
"""Of the sound: the platforms take 128 kbit/s, and the encoder can go over."""
FIRST_BIT_RATE = round(0.9 * AUDIO_BIT_RATE)
"""Asked for first: speech over gameplay then comes out at about the rate that is wanted."""
ROUNDS = 5


def render_sound(
    timeline: Timeline,
    path: Path,
    *,
    go_on: Callable[[], None] | None = None,
    warn: Callable[[str], None] | None = None,
) -> Loudness:
    """Mix and encode the sound; encoding can raise peaks, so what was encoded is measured and, if need be, redone.

    Args:
        timeline: what is said and shown.
        path: where to write, an MP4 with sound alone; its folder takes 0.8 MB for each second while this works.
        go_on: called between steps; what it raises ends the work.
        warn: told of footage whose sound is left out.

    Returns:
        Loudness and true peak of the file.

    Raises:
        OutputError: the file cannot be written.
        MediaError: the narration or the music cannot be read.
    """
    ceiling, bit_rate = CEILING_DBTP, FIRST_BIT_RATE
    folder = path.absolute().parent
    with ExitStack() as kept:
        mixed = kept.enter_context(balance(timeline, folder, warn=warn, on_block=go_on))
        leveller = kept.enter_context(Leveller(mixed, folder, on_block=go_on))
        for _ in range(ROUNDS):
            gain_db = leveller.gain_for(timeline.output.lufs, ceiling)
            written = write_sound(leveller.blocks(gain_db, ceiling), path, bit_rate=bit_rate, on_block=go_on)
            if written > HIGHEST_BIT_RATE:
                bit_rate = round(bit_rate * AUDIO_BIT_RATE / written)
                continue
            measured = measure_file(path, on_block=go_on)
            if measured.true_peak_dbtp <= LOUDEST_DBTP:
                return measured
            ceiling -= measured.true_peak_dbtp - LOUDEST_DBTP + 0.1
    return measure_file(path, on_block=go_on)

"""What is put on the disk for a while comes back as it was."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from fakes.media import make_video

from nvpipe.errors import OutputError
from nvpipe.media.spool import Spool
from nvpipe.media.waiting import WaitingPackets


@pytest.mark.parametrize("channels", [1, 2])
def test_samples_come_back_in_any_order_and_silence_is_around_them(tmp_path: Path, channels: int) -> None:
    wave = np.random.default_rng(3).standard_normal((channels, 1000)).astype(np.float32)
    with Spool(tmp_path, channels) as spool:
        for start in range(0, 1000, 300):
            spool.append(wave[:, start : start + 300])
        assert spool.count == 1000
        assert np.array_equal(spool.read(900, 1000), wave[:, 900:])
        assert np.array_equal(spool.read(100, 200), wave[:, 100:200])
        around = spool.read(-50, 1100)
        assert np.array_equal(around[:, 50:1050], wave)
        assert not around[:, :50].any()
        assert not around[:, 1050:].any()
        assert spool.read(5, 5).shape == (channels, 0)
        assert np.array_equal(np.concatenate([*spool.blocks(170)], axis=1), wave)
    assert not list(tmp_path.iterdir())


def test_appending_an_empty_block_adds_nothing(tmp_path: Path) -> None:
    with Spool(tmp_path, 2) as spool:
        spool.append(np.zeros((2, 0), np.float32))
        assert spool.count == 0
        assert list(spool.blocks()) == []


def test_a_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot keep sound"):
        Spool(tmp_path / "gone", 2)


def test_packets_come_back_with_their_times(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mp4", seconds=1, audio=None)
    with av.open(str(path)) as file, av.open(str(tmp_path / "copy.mp4"), "w") as copy:
        stream = copy.add_stream_from_template(file.streams.video[0])
        packets = [packet for packet in file.demux(video=0) if packet.dts is not None]
        waiting = WaitingPackets(tmp_path)
        waiting.add(packets[:10])
        waiting.add(packets[10:])
        back = list(waiting.take(stream))
        waiting.close()
    facts = [(bytes(one), one.pts, one.dts, one.duration, one.is_keyframe, one.time_base) for one in packets]
    assert [(bytes(one), one.pts, one.dts, one.duration, one.is_keyframe, one.time_base) for one in back] == facts
    assert len(facts) == 30
    assert sum(keyframe for *_, keyframe, _ in facts) == 2

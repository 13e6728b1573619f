"""NVDEC's two routes with stand-ins: what is refused, what falls back, and how long surfaces stay what they were."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import media, nvidia, pynvvideocodec

from nvpipe.errors import BackendFailedError
from nvpipe.media.decode import UndecodableHereError
from nvpipe.media.decode.frame import PyAvFrame
from nvpipe.media.decode.nvdec import NvdecDecoder
from nvpipe.media.decode.nvdec_batch import SurfaceReleasedError
from nvpipe.media.decode.nvdec_fallback import ElseCpuDecoder, open_own
from nvpipe.media.decode.nvdec_threaded import NvdecThreadedDecoder
from nvpipe.media.decode.nvdec_threaded_reader import BATCH, NvdecThreadedReader
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.types import Footage


def through_libav(card: nvidia.FakeCard | None = None, opener: Any = nvidia.open_on_fake_card) -> NvdecDecoder:
    return NvdecDecoder(nvidia.driver(), opener, card or nvidia.FakeCard())


def threaded(library: Any, card: nvidia.FakeCard | None = None) -> NvdecThreadedDecoder:
    return NvdecThreadedDecoder(nvidia.driver(), lambda: library, card or nvidia.FakeCard())


def test_what_the_card_cannot_decode_is_left_to_the_cpu_with_one_notice(tmp_path: Path) -> None:
    told: list[str] = []
    decoder = ElseCpuDecoder(through_libav(), told.append)
    path = media.make_video(tmp_path / "a.mkv", seconds=1, pix_fmt="yuv422p")
    for _ in range(3):
        with decoder.open(path) as reader:
            assert isinstance(next(iter(reader.frames())), PyAvFrame)
    assert told == [f"nvdec cannot decode {path}: yuv422p is not 8-bit or 10-bit 4:2:0"]
    with decoder.open(media.make_video(tmp_path / "b.mp4", seconds=1)) as reader:
        assert not isinstance(next(iter(reader.frames())), PyAvFrame)
    assert len(told) == 1


def test_what_nvpipe_keeps_itself_is_decoded_somewhere_without_a_word(tmp_path: Path) -> None:
    kept = media.make_video(tmp_path / "kept.mkv", seconds=1, codec="mpeg2video", audio=None)
    told: list[str] = []
    for decoder in (through_libav(), ElseCpuDecoder(through_libav(), told.append)):
        with open_own(decoder, kept) as reader:
            assert len(list(reader.frames())) == 30
    assert told == []


def test_a_card_that_gives_no_picture_is_noticed_before_anything_is_used(tmp_path: Path) -> None:
    class Mute(nvidia.FakeCardContainer):
        def demux(self, *wanted: Any) -> Any:
            return (packet for packet in super().demux(*wanted) if not packet.size)

    with pytest.raises(UndecodableHereError, match="no picture comes out of NVDEC"):
        through_libav(opener=Mute).open(media.make_video(tmp_path / "a.mp4", seconds=1))


def test_software_pictures_are_not_taken_for_surfaces(tmp_path: Path) -> None:
    from nvpipe.media.safety import open_container

    with pytest.raises(UndecodableHereError, match="its pictures come as yuv420p"):
        through_libav(opener=open_container).open(media.make_video(tmp_path / "a.mp4", seconds=1))


def test_a_card_is_tried_once_for_each_file(tmp_path: Path) -> None:
    opened: list[Path] = []

    def opener(path: Path) -> Any:
        opened.append(path)
        return nvidia.open_on_fake_card(path)

    decoder = through_libav(opener=opener)
    path = media.make_video(tmp_path / "a.mp4", seconds=1)
    decoder.open(path).close()
    decoder.open(path).close()
    assert opened == [path]


def test_without_a_driver_opening_says_what_the_card_said(tmp_path: Path) -> None:
    from nvpipe.media.decode.nvdec import open_on_card

    with pytest.raises(UndecodableHereError, match=r"NVDEC does not open .*a\.mp4"):
        open_on_card(media.make_video(tmp_path / "a.mkv", seconds=1, codec="ffv1").rename(tmp_path / "a.mp4"))


def test_planes_wait_for_the_decoder_and_the_decoder_for_their_readers(tmp_path: Path) -> None:
    card = nvidia.FakeCard()
    with through_libav(card).open(media.make_video(tmp_path / "a.mp4", seconds=1)) as reader:
        frames = iter(reader.frames())
        frame = next(frames)
        card.waits.clear()
        frame.planes()
        assert card.waits == ["decoder"]
        next(frames)
        next(frames)
        assert "readers" in card.waits


def test_surfaces_of_the_stand_in_are_really_reused(tmp_path: Path) -> None:
    decoder = pynvvideocodec.ThreadedDecoder(str(media.make_video(tmp_path / "a.mp4")), 16)
    held = [frame._memory for frame in decoder.get_batch_frames(8)]
    assert [media.frame_number(memory[:72]) for memory in held] == list(range(8))
    decoder.get_batch_frames(8)
    assert [media.frame_number(memory[:72]) for memory in held] != list(range(8))
    decoder.end()
    assert all((memory == pynvvideocodec.NOISE).all() for memory in held)


def test_a_batch_stays_valid_until_it_is_released(tmp_path: Path) -> None:
    library = pynvvideocodec.Library()
    with threaded(library).open(media.make_video(tmp_path / "a.mp4")) as reader:
        frames = iter(reader.frames())
        batch = [next(frames) for _ in range(BATCH)]
        assert [media.frame_number(frame.planes()[0]) for frame in batch] == list(range(BATCH))
        following = next(frames)
        # Only what had to be looked ahead of is kept.
        for frame in batch[1:]:
            with pytest.raises(SurfaceReleasedError, match="after its surface was given back"):
                frame.planes()
            with pytest.raises(SurfaceReleasedError):
                frame.to_av()
        assert media.frame_number(following.planes()[0]) == BATCH


def test_whoever_reads_surfaces_is_told_before_they_are_written_over(tmp_path: Path) -> None:
    library, told = pynvvideocodec.Library(), []
    with threaded(library).open(media.make_video(tmp_path / "a.mp4")) as reader:
        held = []
        for frame in reader.frames():
            held.append(frame.planes()[0])

            def settle() -> None:
                told.extend(media.frame_number(luma) for luma in held)
                held.clear()

            frame.before_reuse(settle)
    assert told == list(range(60))


def test_the_card_finishes_before_every_fetch(tmp_path: Path) -> None:
    card, library = nvidia.FakeCard(), pynvvideocodec.Library()
    with threaded(library, card).open(media.make_video(tmp_path / "a.mp4")) as reader:
        card.waits.clear()
        for _ in reader.frames():
            pass
    assert card.waits.count("finish") >= library.decoders[-1].fetches


class Hasty(pynvvideocodec.ThreadedDecoder):
    """Writes over a surface of a batch that nobody has given back."""

    def get_batch_frames(self, batch_size: int) -> list[pynvvideocodec.DecodedFrame]:
        frames = super().get_batch_frames(batch_size)
        if self.fetches > 1 and frames:
            frames[-1]._memory[:] = pynvvideocodec.NOISE
        return frames


class HastyLibrary(pynvvideocodec.Library):
    def ThreadedDecoder(self, enc_file_path: str, buffer_size: int, **options: Any) -> Hasty:  # noqa: N802
        return Hasty(enc_file_path, buffer_size, **options)


def test_a_surface_that_is_reused_too_early_fails_the_probe() -> None:
    probe = threaded(HastyLibrary()).probe()
    assert not probe.usable
    assert "has another Y" in probe.reason


class Shifted(pynvvideocodec.DecodedFrame):
    """Tells its time in milliseconds."""

    def getPTS(self) -> int:  # noqa: N802
        return super().getPTS() // 12


class ShiftedLibrary(pynvvideocodec.Library):
    def ThreadedDecoder(self, enc_file_path: str, buffer_size: int, **options: Any) -> Any:  # noqa: N802
        class Decoder(pynvvideocodec.ThreadedDecoder):
            def get_batch_frames(self, batch_size: int) -> list[pynvvideocodec.DecodedFrame]:
                return [Shifted(one._memory, one._stamp) for one in super().get_batch_frames(batch_size)]

        return Decoder(enc_file_path, buffer_size, **options)


def test_stamps_that_are_not_those_of_the_file_fail_the_probe() -> None:
    probe = threaded(ShiftedLibrary()).probe()
    assert not probe.usable
    assert "is shown at" in probe.reason


def test_decoders_end_once_when_they_are_left_and_when_the_reader_is_closed(tmp_path: Path) -> None:
    library = pynvvideocodec.Library()
    with threaded(library).open(media.make_video(tmp_path / "a.mp4")) as reader:
        frames = iter(reader.frames())
        frame = next(frames)
        frames.close()
        assert media.frame_number(frame.planes()[0]) == 0
        assert not library.decoders[-1].ended
    assert all(decoder.ended for decoder in library.decoders)
    with pytest.raises(SurfaceReleasedError):
        frame.planes()


def test_an_error_of_the_library_is_an_error_of_the_backend(tmp_path: Path) -> None:
    class Failing(pynvvideocodec.ThreadedDecoder):
        def get_batch_frames(self, batch_size: int) -> list[pynvvideocodec.DecodedFrame]:
            if self.fetches == 2:
                raise pynvvideocodec.PyNvVCException("CUDA_ERROR_OUT_OF_MEMORY")
            return super().get_batch_frames(batch_size)

    class FailingLibrary(pynvvideocodec.Library):
        def ThreadedDecoder(self, enc_file_path: str, buffer_size: int, **options: Any) -> Failing:  # noqa: N802
            return Failing(enc_file_path, buffer_size, **options)

    path = media.make_video(tmp_path / "a.mp4")
    with NvdecThreadedReader(path, FailingLibrary(), nvidia.FakeCard()) as reader:
        frames = iter(reader.frames())
        assert [media.frame_number(next(frames).planes()[0]) for _ in range(2 * BATCH)] == list(range(2 * BATCH))
        with pytest.raises(BackendFailedError, match=r"PyNvVideoCodec fails on .*a\.mp4: CUDA_ERROR_OUT_OF_MEMORY"):
            next(frames)


def test_a_file_that_the_library_refuses_is_left_to_others(tmp_path: Path) -> None:
    class Refusing(pynvvideocodec.Library):
        def ThreadedDecoder(self, enc_file_path: str, buffer_size: int, **options: Any) -> Any:  # noqa: N802
            raise pynvvideocodec.PyNvVCExceptionUnsupported("Codec not supported on this GPU")

    with pytest.raises(UndecodableHereError, match="Codec not supported on this GPU"):
        threaded(Refusing()).open(media.make_video(tmp_path / "a.mp4"))


def test_ten_bits_are_cut_to_eight(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mkv", seconds=1, codec="libx265", pix_fmt="yuv420p10le")
    with through_libav().open(path) as one, threaded(pynvvideocodec.Library()).open(path) as two:
        for first, second in zip(one.frames(), two.frames(), strict=True):
            coded = first.to_av().to_ndarray()
            assert coded.max() > 255
            assert np.array_equal(second.to_av().to_ndarray(), coded)
            for plane, other in zip(first.planes(), second.planes(), strict=True):
                assert np.array_equal(plane.numpy(), other.numpy())
            assert np.array_equal(first.planes()[0].numpy(), coded[:72] >> 2)


def test_what_is_scored_on_the_card_is_what_is_scored_on_the_cpu(tmp_path: Path) -> None:
    from nvpipe.footage.motion.torch_diff import TorchDiffScorer

    path = media.make_video(tmp_path / "a.mp4", seconds=6, size=(320, 180), flashes_s=[2.0, 4.1], clicks_s=[1.0, 3.0])
    footage = Footage("a-00000000", path, "00", 320, 180, Fraction(30), 6.0, "h264", 0, True, "bt709", False)
    tracks = [
        TorchDiffScorer().score(footage, decoder)
        for decoder in (PyAvDecoder(), through_libav(), threaded(pynvvideocodec.Library()))
    ]
    assert tracks[1] == tracks[0]
    assert tracks[2] == tracks[0]

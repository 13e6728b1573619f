"""A language model writes: asked, checked, asked again with what was wrong, and never believed."""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.cache.stages import StageStore
from nvpipe.errors import (
    ArticleError,
    BackendFailedError,
    InputError,
    InterruptedRunError,
    NvpipeError,
    OutOfMemoryError,
    WriterFailedError,
)
from nvpipe.registry import Probe
from nvpipe.scheduler.gpu import FIRST_CARD
from nvpipe.story.extractive import told_sentences
from nvpipe.story.llama import prompt
from nvpipe.story.llama.asking import Tried, ask, plain, reply, tokens_for
from nvpipe.story.llama.files import ModelFile, content_digest, find_model, get_model
from nvpipe.story.llama.gguf import Header, read_header
from nvpipe.story.llama.judging import Judged, salvage, upload_texts
from nvpipe.story.llama.memory import CONTEXT_BYTES, card_bytes, layers_that_fit, needed_bytes, threads_for
from nvpipe.story.llama.prompt import Order, tone_text
from nvpipe.story.llama.reply import ReplyError
from nvpipe.story.llama.shorten import shortened_article
from nvpipe.story.speech import spoken_words
from nvpipe.types import Article, Script, ScriptLine, UngroundedClaim
from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from nvpipe.scheduler import ModelSpec
    from nvpipe.story import Desk, Wishes

VERSION = 1
"""Part of every key; a change of what is made of the same replies changes it."""
USUAL_CONTEXT = 4096
LARGEST_CONTEXT = 32_768
_PROBE = [("system", "You answer with one word."), ("user", "Is this a test?")]
_LIBRARY = "llama-cpp-python"
_PROOF = "llama-proof"


@dataclass(frozen=True, slots=True)
class _Model:
    file: ModelFile
    header: Header
    digest: str

    @property
    def context(self) -> int:
        return min(self.header.context_length, LARGEST_CONTEXT)


class LlamaWriter:
    """Writes with a model in llama.cpp's format, in a process of its own."""

    def __init__(self) -> None:
        self._wishes: Wishes | None = None
        self._desk: Desk | None = None
        self._found: _Model | None = None
        self._layers: dict[int, int] = {}
        self._left_card = False

    @property
    def version(self) -> str:
        """Prompts, library, model, tone, seed and call to action."""
        wishes = self._wishes
        if wishes is None or wishes.llama is None:
            return f"llama/{VERSION}.{prompt.VERSION}"
        key = [self._model().digest, tone_text(wishes.tone), wishes.seed, wishes.call_to_action]
        return f"llama/{VERSION}.{prompt.VERSION}/{importlib.metadata.version(_LIBRARY)}/{digest_of(key)}"

    def prepare(self, wishes: Wishes, desk: Desk) -> None:
        """Take the model's name; nothing is opened or downloaded yet.

        With the same wishes as before only the desk is another: what is known of the model stays.
        """
        if wishes != self._wishes:
            self._found, self._layers, self._left_card = None, {}, False
        self._wishes, self._desk = wishes, desk

    def probe(self) -> Probe:
        """Open the model, downloading it first where that is needed, and have it write a token.

        That is done once for a model, since opening it takes gigabytes and seconds.
        """
        if self._wishes is None or self._wishes.llama is None or self._desk is None:
            return Probe(False, "no model is named", "give --llama FILE.gguf or --llama OWNER/NAME:FILE")
        try:
            importlib.metadata.version(_LIBRARY)
        except importlib.metadata.PackageNotFoundError:
            return Probe(False, f"{_LIBRARY} is not installed", "pip install 'nvpipe[models]'")
        try:
            model = self._model()
            layers = self._proof(model)
        except InterruptedRunError:
            raise
        except NvpipeError as error:
            return Probe(False, error.message, error.hint)
        where = f", {layers} layers on the GPU" if layers else ""
        size = f"{model.header.file_bytes / 1e9:.1f} GB" if model.header.file_bytes > 5e7 else "a small model"
        return Probe(True, f"opened {model.file.path.name} ({size}{where}) and had it write a token")

    def _proof(self, model: _Model) -> int:
        """How many layers were on the GPU when the model was proven, now or in an earlier run.

        Raises:
            NvpipeError: the model cannot be opened, or does not write.
        """
        assert self._wishes is not None
        assert self._desk is not None
        context = min(USUAL_CONTEXT, model.context)
        store = StageStore(self._wishes.storage, self._desk.say)
        key = digest_of([VERSION, model.digest, importlib.metadata.version(_LIBRARY), context])
        known = store.load(_PROOF, key)
        if isinstance(known, int) and not isinstance(known, bool):
            return known
        with self._desk.scheduler().lease(self._spec(context), proof=True) as worker:
            layers: int = worker.call("about")["gpu_layers"]
            reply(worker, _PROBE, "", 1, 0, self._limit_s)
        store.save(_PROOF, key, layers)
        return layers

    def write(self, article: Article, *, language: str, seconds: float, words_per_second: float) -> Script:
        """A script in the model's words, each line resting on sentences of the article.

        Raises:
            ArticleError: there is nothing in it that can be told.
            WriterFailedError: the model failed, or its script breaks the rules after it was asked again.
        """
        wishes = self._wishes
        if wishes is None or self._desk is None or wishes.llama is None:
            raise WriterFailedError("no model is named", hint="give --llama FILE.gguf")
        sentences = told_sentences(article.text, language)
        if not sentences:
            raise ArticleError(
                f"there is no sentence that can be told in {article.source}", hint="pass a text with whole sentences"
            )
        budget = seconds * words_per_second - spoken_words(wishes.call_to_action, language)
        words = max(1.0, min(budget, sum(sentence.words for sentence in sentences)))
        texts = tuple(sentence.text for sentence in sentences)
        order = Order(article.title, texts, language, words, tone_text(wishes.tone), article.digest)
        try:
            order, tried = self._written(order)
        except InterruptedRunError:
            raise
        except (BackendFailedError, OutOfMemoryError, InputError) as error:
            raise WriterFailedError(error.message, hint=error.hint) from error
        return self._script(order, tried, wishes.call_to_action)

    def _script(self, order: Order, tried: Tried, call_to_action: str) -> Script:
        """The last draft that can be told, with what of the others was not true."""
        why = ""
        drafts = tried.drafts
        for place in reversed(range(len(drafts))):
            one = drafts[place]
            if isinstance(one, ReplyError):
                why = why or str(one)
                continue
            told, fault = salvage(one, order)
            if fault:
                why = why or fault
                continue
            claims = [
                claim
                for at, other in enumerate(drafts)
                if at != place and isinstance(other, Judged)
                for claim in _left_behind(other, was_answered=at + 1 < len(drafts))
            ]
            return self._finished(told, order, [*claims, *one.claims], call_to_action)
        if tried.failure is not None:
            raise WriterFailedError(tried.failure.message, hint=tried.failure.hint) from tried.failure
        raise WriterFailedError(
            f"the model's script cannot be used after {len(drafts)} replies: {why}",
            hint="try another --seed or a larger model",
            lasting=True,
        )

    def _finished(self, told: Judged, order: Order, claims: Sequence[UngroundedClaim], call_to_action: str) -> Script:
        title, description, hashtags, replaced = upload_texts(told, order)
        end = (ScriptLine(call_to_action, ()),) if call_to_action else ()
        lines = (*told.lines, *end)
        digest = digest_of([list(lines), order.language])
        last = {(claim.line, claim.text): claim for claim in [*claims, *replaced]}
        model = self._model()
        source = f"{model.file.wish}@{model.file.revision}" if model.file.revision else model.file.path.name
        about = f"{source} (blake2 {model.digest})"
        found = tuple(last.values())
        return Script(lines, order.language, "llama", digest, title, description, hashtags, found, about)

    def _written(self, order: Order) -> tuple[Order, Tried]:
        """Every draft of the model's until one has no fault, and what it was asked for in the end."""
        assert self._desk is not None
        assert self._wishes is not None
        most = self._model().context
        context = min(USUAL_CONTEXT, most)
        while True:
            try:
                with self._desk.scheduler().lease(self._spec(context)) as worker:
                    first = prompt.first_messages(order)
                    count: int = worker.call("count", plain(first), limit_s=self._limit_s)
                    bytes_per_token = sum(len(one.content.encode()) for one in first) / max(count, 1)
                    most_tokens, more = tokens_for(order, bytes_per_token)
                    needed = count + more
                    if needed <= context:
                        return order, ask(worker, order, most_tokens, self._wishes.seed, self._limit_s)
            except OutOfMemoryError:
                if self._leave_card():
                    continue
                if context <= USUAL_CONTEXT:
                    raise
                # A longer context than usual was a wish; the usual one has been opened before.
                most = context = min(USUAL_CONTEXT, most)
                continue
            if context < most:
                context = min(most, max(2 * context, 1 << (needed - 1).bit_length()))
                continue
            order = self._cut(order, (needed - context) * bytes_per_token)

    def _cut(self, order: Order, excess_bytes: float) -> Order:
        """The order with its best sentences only, so many that it is shorter by the excess."""
        assert self._desk is not None
        kept = shortened_article(order.sentences, excess_bytes)
        if not kept:
            raise BackendFailedError(
                f"a context of {self._model().context} tokens has no room for an article", hint="name another model"
            )
        self._desk.say("the article is too long for the model, which is shown its best sentences")
        total = sum(spoken_words(text, order.language) for text in kept)
        return replace(order, sentences=kept, words=min(order.words, total))

    @property
    def _limit_s(self) -> float | None:
        return self._wishes.reply_limit_s if self._wishes else None

    def _model(self) -> _Model:
        if self._found is None:
            assert self._wishes is not None
            assert self._wishes.llama is not None
            storage = self._wishes.storage
            file = find_model(self._wishes.llama, storage) or get_model(
                self._wishes.llama, storage, self._desk.progress if self._desk else None
            )
            # Damage is seen before gigabytes are read for their digest.
            header = read_header(file.path)
            self._found = _Model(file, header, content_digest(file.path, storage))
        return self._found

    def usual_spec(self, card_room_bytes: int = 0) -> ModelSpec:
        """What is leased for an article of the usual length.

        Args:
            card_room_bytes: what the model may take of a card; 0 without one.

        Raises:
            InputError: the model is missing or damaged.
        """
        return self._spec(min(USUAL_CONTEXT, self._model().context), card_room_bytes)

    def _card_room_bytes(self) -> int:
        """What the model may take of a card: nothing where llama.cpp was built without, or there is none."""
        if self._left_card or not offloads():
            return 0
        assert self._desk is not None
        scheduler = self._desk.scheduler()
        return scheduler.obtainable_bytes(FIRST_CARD) if scheduler.has(FIRST_CARD) else 0

    def _layers_on_card(self, context: int, room_bytes: int | None) -> int:
        """Decided once for each length of context: another number of layers would be another load."""
        if room_bytes is None and context in self._layers:
            return self._layers[context]
        room = self._card_room_bytes() if room_bytes is None else room_bytes
        layers = layers_that_fit(self._model().header, context, room - CONTEXT_BYTES) if room > CONTEXT_BYTES else 0
        if room_bytes is None:
            self._layers[context] = layers
        return layers

    def _leave_card(self) -> bool:
        """From now on the CPU does it; False when it did already."""
        if not any(self._layers.values()):
            return False
        assert self._desk is not None
        self._desk.say("the card has no room for the language model, which works on the CPU")
        self._left_card = True
        self._layers = {}
        return True

    def _spec(self, context: int, card_room_bytes: int | None = None) -> ModelSpec:
        from nvpipe.scheduler import Estimate, ModelSpec
        from nvpipe.scheduler.device import cores

        assert self._wishes is not None
        model = self._model()
        most = cores()
        threads = self._wishes.threads or threads_for(model.header, most)
        arguments: dict[str, Any] = {
            "path": str(Path(model.file.path).absolute()),
            "n_ctx": context,
            "threads": threads,
            "batch_threads": self._wishes.threads or (1 if threads == 1 else most),
        }
        opener = "nvpipe.story.llama.model:open_llama"
        layers = self._layers_on_card(context, card_room_bytes)
        if layers:
            arguments["gpu_layers"] = layers
            on_card = Estimate(card_bytes(model.header, context, layers))
            return ModelSpec("llama", opener, arguments, on_card, content=model.digest, device=FIRST_CARD)
        if offloads():
            # It would take what it finds of a card otherwise.
            arguments["gpu_layers"] = 0
        estimate = Estimate(needed_bytes(model.header, context))
        return ModelSpec("llama", opener, arguments, estimate, content=model.digest)


def offloads() -> bool:
    """Whether the installed llama.cpp was built for NVIDIA's cards; told by its files: importing it opens them."""
    found = importlib.util.find_spec("llama_cpp")
    if found is None or found.origin is None:
        return False
    return any((Path(found.origin).parent / "lib").glob("libggml-cuda*"))


def _left_behind(draft: Judged, *, was_answered: bool) -> list[UngroundedClaim]:
    """The claims of a draft that is not told, of which the model has heard only some, or none."""
    heard = draft.told if was_answered else ()
    return [replace(claim, outcome="asked again") if claim in heard else claim for claim in draft.claims]

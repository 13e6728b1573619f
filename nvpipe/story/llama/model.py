"""A Llama in the process that it lives in (`nvpipe.scheduler`): opened, asked, and gone with the process."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from nvpipe.errors import BackendFailedError
from nvpipe.story.llama.gguf import read_header
from nvpipe.story.llama.memory import BATCH, layers_that_fit

TEMPERATURE, TOP_P, MIN_P = 0.6, 0.95, 0.05
_KEPT_LOG_LINES = 20
_GPU_KINDS = (1, 2)
"""ggml_backend_dev_type: a GPU with its own memory, and one that shares the system's."""
_GPU_RESERVE_BYTES = 512 << 20


class LlamaModel:
    """An opened model.

    Args:
        llm: `llama_cpp.Llama`.
        gpu_layers: how many layers are on a GPU.
    """

    def __init__(self, llm: Any, gpu_layers: int) -> None:
        self._llm = llm
        self._gpu_layers = gpu_layers
        self._controls = _control_signs(llm)
        self._template = _formatter(llm)

    def about(self) -> dict[str, Any]:
        """What was opened."""
        import llama_cpp

        return {
            "version": llama_cpp.__version__,
            "n_ctx": self._llm.n_ctx(),
            "gpu_layers": self._gpu_layers,
            "template": self._template is not None,
        }

    def count(self, messages: list[tuple[str, str]]) -> int:
        """How many tokens a conversation has.

        Raises:
            BackendFailedError: the model's chat template cannot be used.
        """
        return len(self.tokens(messages))

    def tokens(self, messages: list[tuple[str, str]]) -> list[int]:
        """A conversation as the model's chat template has it, ready for the reply.

        Raises:
            BackendFailedError: the model's chat template cannot be used.
        """
        prompt = self._rendered([(role, self._without_controls(text)) for role, text in messages])
        bos = self._llm.token_bos()
        begun = self._llm.tokenize(prompt.encode("utf-8"), add_bos=False, special=True)
        # Most templates write the first token themselves; twice it makes models worse.
        if bos != -1 and self._adds_bos() and begun[:1] != [bos]:
            begun = self._llm.tokenize(prompt.encode("utf-8"), add_bos=True, special=True)
        return list(begun)

    def reply(
        self,
        messages: list[tuple[str, str]],
        *,
        grammar: str,
        max_tokens: int,
        seed: int,
        tell: Callable[[Any], None],
    ) -> tuple[str, str]:
        """The model's answer and why it ended: `stop`, or `length` when it was not finished after `max_tokens`.

        Raises:
            BackendFailedError: the conversation does not fit the context, or the model fails.
        """
        from llama_cpp.llama_grammar import LlamaGrammar

        llm = self._llm
        tokens = self.tokens(messages)
        if len(tokens) + max_tokens > llm.n_ctx():
            raise BackendFailedError(
                f"{len(tokens)} tokens and a reply of {max_tokens} do not fit the context of {llm.n_ctx()}"
            )
        # From nothing, whatever was asked before: kept states would change the last bits of what follows.
        llm.reset()
        llm.set_seed(seed)
        for start in range(0, len(tokens), llm.n_batch):
            llm.eval(tokens[start : start + llm.n_batch])
            tell(0)
        written = bytearray()
        sampled = llm.generate(
            tokens,
            temp=TEMPERATURE,
            top_p=TOP_P,
            min_p=MIN_P,
            grammar=LlamaGrammar.from_string(grammar, verbose=False) if grammar else None,
        )
        for number, token in enumerate(sampled, 1):
            if self._is_end(token):
                return written.decode("utf-8", "replace"), "stop"
            written += llm.detokenize([token], prev_tokens=[*tokens[-1:]])
            if number >= max_tokens:
                break
            tell(number)
        return written.decode("utf-8", "replace"), "length"

    def _is_end(self, token: int) -> bool:
        import llama_cpp

        return bool(llama_cpp.llama_vocab_is_eog(self._vocabulary(), token))

    def _adds_bos(self) -> bool:
        import llama_cpp

        return bool(llama_cpp.llama_vocab_get_add_bos(self._vocabulary()))

    def _vocabulary(self) -> Any:
        import llama_cpp

        return llama_cpp.llama_model_get_vocab(self._llm.model)

    def _without_controls(self, text: str) -> str:
        """A text without what the vocabulary takes for control tokens, however often they are put into each other."""
        while self._controls is not None and self._controls.search(text):
            text = self._controls.sub(" ", text)
        return text

    def _rendered(self, messages: list[tuple[str, str]]) -> str:
        if self._template is None:
            return "\n\n".join([*(text for _, text in messages), ""])
        import jinja2

        try:
            return self._template(messages)
        except (jinja2.TemplateError, ValueError, TypeError) as error:
            refused: Exception = error
        # Some templates know no system's turn: the rules then open the first request.
        (_, rules), (role, request), *rest = messages
        try:
            return self._template([(role, f"{rules}\n\n{request}"), *rest])
        except (jinja2.TemplateError, ValueError, TypeError):
            raise _unusable(refused) from refused


def open_llama(path: str, n_ctx: int, threads: int, batch_threads: int, gpu_layers: int | None = None) -> LlamaModel:
    """Load a model.

    Args:
        path: the file.
        n_ctx: tokens of prompt and reply together.
        threads: that write.
        batch_threads: that read the prompt.
        gpu_layers: go to the GPU; None is as many as fit, where llama.cpp was built for one that nobody shares out.

    Raises:
        GgufError: the file is no model.
        BackendFailedError: llama.cpp cannot load it.
    """
    try:
        import llama_cpp
    except (ImportError, OSError, RuntimeError) as error:
        raise BackendFailedError(
            f"llama-cpp-python cannot be imported: {error}", hint="install it again: pip install 'nvpipe[models]'"
        ) from error
    header = read_header(Path(path))
    heard: list[str] = []

    def hear(level: int, text: bytes, _: ctypes.c_void_p) -> None:
        if level >= _ERROR_LEVEL or heard:
            heard.append(text.decode("utf-8", "replace"))
            del heard[:-_KEPT_LOG_LINES]

    listener = llama_cpp.llama_log_callback(hear)
    llama_cpp.llama_log_set(listener, ctypes.c_void_p(0))
    # llama.cpp keeps the function's address for as long as the process lives.
    _kept.append(listener)
    layers = layers_that_fit(header, n_ctx, _gpu_free_bytes()) if gpu_layers is None else gpu_layers
    import jinja2

    try:
        llm = llama_cpp.Llama(
            path,
            n_gpu_layers=layers,
            n_ctx=n_ctx,
            n_batch=min(BATCH, n_ctx),
            n_threads=threads,
            n_threads_batch=batch_threads,
            use_mmap=True,
            verbose=False,
        )
        return LlamaModel(llm, layers)
    except jinja2.TemplateError as error:
        raise _unusable(error) from error
    except (ValueError, RuntimeError, AssertionError, OSError) as error:
        reason = _reason(heard) or str(error)
        raise BackendFailedError(
            f"llama.cpp cannot load {Path(path).name}: {reason}", hint="get the model again, or name another one"
        ) from error


def _unusable(error: Exception) -> BackendFailedError:
    return BackendFailedError(f"the model's chat template cannot be used: {error}", hint="name another model")


_ERROR_LEVEL = 3
_kept: list[Any] = []


def _reason(heard: Iterable[str]) -> str:
    """The first error of what llama.cpp has said, without the function's name."""
    lines = [line for line in "".join(heard).splitlines() if line.strip()]
    if not lines:
        return ""
    return re.sub(r"^[\w: ]*?: (?:error loading model: )?", "", lines[0]).strip()


def _control_signs(llm: Any) -> re.Pattern[str] | None:
    """What the tokenizer takes for control tokens wherever it stands."""
    import llama_cpp

    vocabulary = llama_cpp.llama_model_get_vocab(llm.model)
    wanted = llama_cpp.LLAMA_TOKEN_ATTR_CONTROL | llama_cpp.LLAMA_TOKEN_ATTR_UNKNOWN
    signs = set()
    for token in range(llama_cpp.llama_vocab_n_tokens(vocabulary)):
        if llama_cpp.llama_vocab_get_attr(vocabulary, token) & wanted:
            sign = llama_cpp.llama_vocab_get_text(vocabulary, token).decode("utf-8", "replace")
            if sign.strip():
                signs.add(sign)
    longest_first = sorted(signs, key=lambda sign: (-len(sign), sign))
    return re.compile("|".join(map(re.escape, longest_first))) if signs else None


def _formatter(llm: Any) -> Callable[[list[tuple[str, str]]], str] | None:
    """The model's own chat template; None when it has none."""
    text = llm.metadata.get("tokenizer.chat_template")
    if not text:
        return None
    from llama_cpp.llama_chat_format import Jinja2ChatFormatter

    def sign(token: int) -> str:
        return llm.detokenize([token], special=True).decode("utf-8", "replace") if token != -1 else ""

    template = Jinja2ChatFormatter(template=text, eos_token=sign(llm.token_eos()), bos_token=sign(llm.token_bos()))

    def render(messages: list[tuple[str, str]]) -> str:
        turns: Any = [{"role": role, "content": content} for role, content in messages]
        # Models that think aloud would fill the context with it; their templates know this name.
        return str(template(messages=turns, enable_thinking=False).prompt)

    return render


def _gpu_free_bytes() -> int:
    """Free memory of the first GPU that this build of llama.cpp can use; 0 without one."""
    import llama_cpp

    if not llama_cpp.llama_supports_gpu_offload():
        return 0
    from llama_cpp._ggml import libggml

    libggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    libggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    libggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    libggml.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    libggml.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p, *2 * [ctypes.POINTER(ctypes.c_size_t)]]
    for index in range(libggml.ggml_backend_dev_count()):
        device = libggml.ggml_backend_dev_get(index)
        if libggml.ggml_backend_dev_type(device) in _GPU_KINDS:
            free, total = ctypes.c_size_t(), ctypes.c_size_t()
            libggml.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
            return max(0, free.value - _GPU_RESERVE_BYTES)
    return 0

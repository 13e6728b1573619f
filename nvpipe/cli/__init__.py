"""The command line: one file for each command, imported when it is called."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from nvpipe import __version__
from nvpipe.errors import NvpipeError

if TYPE_CHECKING:
    from types import FrameType

COMMANDS = {
    "run": "Turn articles and footage into finished shorts.",
    "plan": "Tell what a run would do, without doing it.",
    "analyze": "Score footage for action and fill the cache.",
    "segments": "Print the best segments of a video.",
    "precompile": "Compose the best segments beforehand, for quicker runs.",
    "caption": "Draw word-timed captions on a finished video.",
    "fetch": "Download footage, with its licence and credit.",
    "status": "Tell how a run stands.",
    "report": "Write a page of a run: shorts, scripts, footage, time and memory.",
    "clean": "Remove what killed runs left.",
    "check": "Tell whether a file meets the platforms' rules.",
    "bench": "Measure encoders, decoders, scoring and whole jobs.",
    "doctor": "Prove every backend by opening it.",
    "voices": "List the voices that can be named, by language.",
    "cache": "List, check, shrink or clear what is cached.",
}
INTERRUPTED = 130
FAILED = 1


class LazyGroup(click.Group):
    """A group that imports a command only when it is called; `--help` imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        import importlib

        module = importlib.import_module(f"nvpipe.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", message="nvpipe %(version)s")
def cli() -> None:
    """Articles and gameplay footage in, narrated and captioned vertical shorts out.

    Try it: nvpipe run --sample
    """


def main() -> NoReturn:
    """Run the command line; every error is one line on stderr and an exit code."""
    signal.signal(signal.SIGTERM, _stop)
    _open_closed_streams()
    try:
        code = _exit_code(cli.main(standalone_mode=False))
        sys.stdout.flush()
    except NvpipeError as error:
        code = _say(error.line(), error.exit_code)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = error.exit_code
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "nvpipe"
        code = _say(f"{' '.join(error.format_message().split())} (see {command} --help)", error.exit_code)
    except click.ClickException as error:
        code = _say(error.format_message(), error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        code = _say("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # The reader of our output went away; nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except OSError as error:
        code = _say(f"{error.filename or 'output'} cannot be written or read: {error.strerror or error}", FAILED)
    except Exception as error:  # noqa: BLE001 - the last boundary: a user gets one line, whatever happened
        if {"-v", "--verbose"} & set(sys.argv):
            import traceback

            traceback.print_exc()
        code = _say(
            f"unexpected {type(error).__name__}: {error}; this is a fault of nvpipe, please report it", FAILED
        )
    sys.exit(code)


def _exit_code(result: Any) -> int:
    return result if isinstance(result, int) else 0


def _say(text: str, code: int) -> int:
    click.echo(f"nvpipe: error: {text}", err=True)
    return code


def _open_closed_streams() -> None:
    """A service may start us without the standard streams; what goes there then goes nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - lives as long as we do


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt

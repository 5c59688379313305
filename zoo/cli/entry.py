"""From typed words to an exit code: 0 done, 1 the run failed, 2 the request was wrong.

A mistake ends in one sentence on stderr; `--debug`, anywhere on the line, adds the traceback.
"""

import contextlib
import dis
import os
import sys
import traceback
import warnings
from collections.abc import Sequence

from physics.names import nearest
from zoo.cli.advice import spelled
from zoo.cli.stopping import Stopping

DONE, FAILED, WRONG, PIPE = 0, 1, 2, 141
OURS = ("physics", "symbolic", "zoo", "checkpoints", "zoo_path")
SETTINGS = {
    "TF_CPP_MIN_LOG_LEVEL": "3",  # XLA logs every program read from the cache as an error
    "EQX_ON_ERROR": "nan",  # error checks as host callbacks keep programs out of that cache
}
MORE = "run it again with --debug to see where"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `zoo` with `arguments` (default: those of the process) and return the exit code.

    >>> main(["export", "x' = -2*x", "--to", "latex"])
    \\begin{aligned}
    \\dot{x} &= -2 x
    \\end{aligned}
    0
    """
    words, debug = _without_debug(list(sys.argv[1:] if arguments is None else arguments))
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal without ν shows ? instead of failing
            stream.reconfigure(errors="replace")
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    try:
        with Stopping() as stop, warnings.catch_warnings():
            if not debug:
                warnings.showwarning = _warn
            code = _invoke(words)
            if stop.asked and code == DONE:
                raise KeyboardInterrupt  # a library has swallowed it
        sys.stdout.flush()
        return code
    except (Exception, KeyboardInterrupt) as error:
        code, sentence = outcome(error)
        if debug:
            traceback.print_exception(error)
        _silence_broken_output()
        if sentence:
            print(f"zoo: {sentence}", file=sys.stderr)
        if arguments is None and _stopped(error):
            _leave(code)
        return code


def _stopped(error: BaseException) -> bool:
    """Whether Ctrl-C ended the command: plainly, or in the training loop."""
    return isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Interrupted"


def _leave(code: int) -> None:
    """End the process here: an orderly end crashes where XLA is still compiling in its threads."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def outcome(error: BaseException) -> tuple[int, str]:
    """(exit code, sentence) of an exception that a verb has let through.

    >>> outcome(ValueError("time must increase"))[0], outcome(RuntimeError("it blew up"))[0]
    (2, 1)
    """
    if isinstance(error, BrokenPipeError):
        return PIPE, ""
    if isinstance(error, KeyboardInterrupt) or type(error).__name__ == "Abort":
        return FAILED, "stopped by Ctrl-C; nothing more was written"
    if hasattr(error, "format_message"):  # the usage errors of typer and click
        return WRONG, _usage(error)
    if isinstance(error, OSError):
        return WRONG, _system(error)
    if isinstance(error, MemoryError):
        return FAILED, "out of memory; ask for fewer samples, times or candidates"
    message = str(error).strip()
    first = (message.splitlines() or [type(error).__name__])[0]
    if isinstance(error, ValueError) or type(error).__name__ == "EngineUnavailable":
        return WRONG, spelled(message) if _ours(error) and message else f"{first}; {MORE}"
    if isinstance(error, RuntimeError):
        return FAILED, spelled(message) if _ours(error) and message else f"{first}; {MORE}"
    name = type(error).__name__
    return FAILED, f"unexpected {name}: {first}; this is a fault of the zoo: {MORE}, and report it"


def _invoke(words: list[str]) -> int:
    """Let typer read the words and run the verb; its own exceptions pass through."""
    import typer

    from zoo.cli.app import app

    command = typer.main.get_command(app)
    try:
        with command.make_context("zoo", words or ["--help"], obj=words) as context:
            command.invoke(context)
    except typer.Exit as stop:
        return stop.exit_code
    return DONE


def _without_debug(words: list[str]) -> tuple[list[str], bool]:
    own = words[: words.index("--")] if "--" in words else words
    kept = [word for word in own if word != "--debug"]
    return kept + words[len(own) :], len(kept) < len(own)


def _usage(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    see = f"{context.command_path} --help" if context else "zoo --help"
    if hasattr(error, "possibilities"):  # an option that does not exist
        known = [o for p in context.command.params for o in p.opts] if context else []
        known += ["--help", "--debug"]
        option = error.option_name
        return f'unknown option "{option}"{nearest(option, known)}; see {see}'
    sentence = error.format_message().strip().rstrip(".").replace("\n", " ")
    return f"{sentence[:1].lower()}{sentence[1:]}; see {see}"


def _system(error: OSError) -> str:
    place = f' "{error.filename}"' if error.filename else ""
    reason = error.strerror or str(error) or type(error).__name__
    return f"cannot read or write{place}: {reason}; free the place or choose another one"


def _ours(error: BaseException) -> bool:
    """Whether a `raise` of this house made the error, so that its message was written for users."""
    trace = error.__traceback__
    if trace is None:
        return True
    while trace.tb_next is not None:
        trace = trace.tb_next
    module = trace.tb_frame.f_globals.get("__name__", "").split(".")[0]
    operation = dis.opname[trace.tb_frame.f_code.co_code[trace.tb_lasti]]
    return module.startswith(OURS) and operation == "RAISE_VARARGS"


def _warn(message, category, filename, lineno, file=None, line=None) -> None:
    first = (str(message).strip().splitlines() or [category.__name__])[0]
    print(f"zoo: note: {first}", file=sys.stderr)


def _silence_broken_output() -> None:
    """Where stdout can take no more, keep the interpreter from complaining again at its end."""
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

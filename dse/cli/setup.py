"""`dse init`, `dse schema` and `dse cache`: a new study, editor support, reusable work."""

import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dse.cli.console import console, print_json
from dse.cli.study_options import DEFAULT_CACHE, CacheFolder
from dse.formatting import scaled

if TYPE_CHECKING:
    from dse.cli.network_facts import Request


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (init, schema, cache):
        app.command()(command)


def init(  # noqa: PLR0913, PLR0917  (options of the command)
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="File to write; default: study.yaml, or the name of the copied file.",
        ),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option("--from", metavar="STUDY", help="A shipped study to copy, with its data."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", metavar="FILE", help="Your network: a study is written for it."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="DATA", help="Its test set, as workload.test_set."),
    ] = None,
    targets: Annotated[
        str | None,
        typer.Option(
            "--targets", metavar="DATA", help="Targets, if the test set has none; as test_targets."
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option("--output", metavar="LAYER", help="The output to score, of several."),
    ] = None,
    module: Annotated[
        list[str] | None,
        typer.Option("--module", metavar="NAME", help="Module with its own layers; repeatable."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    cache: CacheFolder = DEFAULT_CACHE,
) -> None:
    """Write a study: a starter, your network's, or a shipped one.

    A shipped one is copied with its data.
    Paths of --model and --data are relative to the folder of the study.
    """
    from dse.cli.init_files import copy_study, write_starter
    from dse.cli.network_facts import Request
    from dse.contracts.errors import UsageError

    described = any(option is not None for option in (model, data, targets, output, module))
    if source is not None and described:
        message = "--from copies a shipped study; --model, --data and such describe a new one"
        raise UsageError(message, hint="give one or the other")
    if described:
        if model is None or data is None:
            hint = "such as: dse init --model my.keras --data test.npz"
            raise UsageError("--model and --data go together", hint=hint)
        asked = Request(model, data, targets, output, tuple(module or ()))
        written = _network_study(file, asked, force=force, cache=cache)
    elif source is None:
        written = write_starter(file or Path("study.yaml"), force=force)
    else:
        written = copy_study(source, file, force=force)
    command = shlex.join(["dse", "run", str(written)])
    console(stderr=True).print(f"{written} written; edit it, then: {command}")


def _network_study(file: Path | None, asked: "Request", *, force: bool, cache: Path) -> Path:
    from dse.cli.network_study import write_network_study

    target = file or Path(Path(asked.model).stem + ".yaml")
    with console(stderr=True).status("reading the network"):
        return write_network_study(target, asked, force=force, cache=cache)


def schema(
    reference: Annotated[
        bool, typer.Option("--reference", help="That of reference files, see dse compare.")
    ] = False,
) -> None:
    """Print the JSON schema of study files, for editors.

    It has the parameters of the installed plug-ins.
    """
    if reference:
        from dse.analysis.reference_schema import reference_json_schema

        print_json(reference_json_schema())
        return
    from dse.contracts.registry import Registry
    from dse.study.schema import study_json_schema

    print_json(study_json_schema(Registry.installed()))


def cache(
    action: Annotated[Literal["show", "prune"], typer.Argument()] = "show",
    folder: CacheFolder = DEFAULT_CACHE,
) -> None:
    """Show what the cache holds, or empty it; results stay."""
    from dse.contracts.errors import UsageError
    from dse.runtime.cache import is_cache

    out = console()
    parts = sorted(path for path in folder.glob("*") if path.is_dir() and not path.is_symlink())
    if not parts:
        out.print(f"{folder} is empty")
        return
    if action == "prune" and not is_cache(folder):
        hint = "a cache that dse made has a file CACHEDIR.TAG; see --cache"
        raise UsageError("this is not a cache of dse", where=str(folder), hint=hint)
    for part in parts:
        entries = [entry for entry in part.iterdir() if entry.is_dir()]  # files are locks
        size = sum(file.stat().st_size for file in part.rglob("*") if file.is_file())
        out.print(f"{part.name}: {len(entries)} entries, {scaled(size, 'B')}")
        if action == "prune":
            shutil.rmtree(part)
    if action == "prune":
        out.print(f"{folder} is empty now")

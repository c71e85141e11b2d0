"""`dse init`, `dse schema` and `dse cache`: a new study, editor support, reusable work."""

import shlex
import shutil
from pathlib import Path
from typing import Annotated, Literal

import typer

from dse.cli.console import console, print_json
from dse.cli.study_options import DEFAULT_CACHE, CacheFolder
from dse.formatting import scaled


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (init, schema, cache):
        app.command()(command)


def init(
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
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
) -> None:
    """Write a starter study, or copy a shipped one with its data."""
    from dse.cli.init_files import copy_study, write_starter

    if source is None:
        written = write_starter(file or Path("study.yaml"), force=force)
    else:
        written = copy_study(source, file, force=force)
    command = shlex.join(["dse", "run", str(written)])
    console(stderr=True).print(f"{written} written; edit it, then: {command}")


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

"""MkDocs calls these functions: they add the generated pages to the site.

The pages are made at every build and not committed. So they cannot be out of date, and a change
of a parameter's description touches one file; the tests build them too.
"""

import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

sys.path.insert(0, str(Path(__file__).parents[1]))

from generator.pages import PAGES, with_tables, without_sources


def on_files(files: Any, config: Any) -> Any:
    """Add the generated pages."""
    for path, page in PAGES.items():
        files.append(File.generated(config, path, content=page()))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Put generated tables into hand-written pages, which show what they link to in the source."""
    return without_sources(with_tables(markdown))

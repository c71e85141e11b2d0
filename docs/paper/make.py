"""Write docs/paper.md, its numbers and its figure: python docs/paper/make.py [results.db]."""

import json
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from paper.collect import collect  # noqa: E402  (the path is set above)
from paper.texts import NUMBERS, written  # noqa: E402


def main(database: str) -> None:
    """Collect the numbers of a database, and write what follows from them."""
    numbers = collect(database)
    NUMBERS.write_text(json.dumps(numbers, indent=1, ensure_ascii=False) + "\n")
    for file, text in written(numbers).items():
        file.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "results.db")

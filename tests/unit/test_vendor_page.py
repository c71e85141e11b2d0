"""The page about predicted reports belongs to its numbers and to the package's coefficients."""

import json

from vendor_pictures import NUMBERS, PAGE, PICTURE, panels, table

from backends.modelgraph.vendor_hls.fitted import fits
from dse.cli.svg_plot import figure


def test_the_table_is_that_of_the_coefficients() -> None:
    page = PAGE.read_text(encoding="utf-8")
    missing = [line for line in table(fits()) if line not in page.splitlines()]
    assert missing == []


def test_no_regime_of_the_page_is_gone() -> None:
    rows = [line.split("|")[1].strip() for line in PAGE.read_text(encoding="utf-8").splitlines()
            if line.startswith("| ") and line.count("/") >= 2 and "×/÷" in line]  # fmt: skip
    assert set(rows) == set(fits())


def test_the_picture_is_that_of_the_numbers() -> None:
    numbers = json.loads(NUMBERS.read_text(encoding="utf-8"))
    assert PICTURE.read_text(encoding="utf-8") == figure(panels(numbers))


def test_the_numbers_show_the_errors_of_the_coefficients() -> None:
    """The worst error of each family is drawn, and is no better than nine of ten of its fits."""
    drawn = json.loads(NUMBERS.read_text(encoding="utf-8"))["points"]["lut"]
    worst = max(abs(p / r - 1) for r, p, _ in drawn["Vitis 2021.1"])
    of_fits = [f for name, f in fits().items() if name.startswith("vitis_hls-2021.1/reuse")]
    assert worst >= max(f.ninety_percent_error for f in of_fits if f.coverage) * 0.9

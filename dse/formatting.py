"""Numbers, times and sizes as people read them.

SI prefixes are QuantiPhy's. The rest is our own, since neither QuantiPhy nor humanize rounds to
significant digits while whole numbers stay whole, and humanize spells durations out and down to the
last second ("3 hours, 2 minutes and 5 seconds").
"""

_MINUTE_S = 60.0


def number(value: float, unit: str = "") -> str:
    """Four significant digits, whole numbers and those from ten thousand on whole."""
    is_whole = float(value).is_integer() or abs(value) >= 1e4
    text = f"{value:,.0f}" if is_whole and abs(value) < 1e15 else f"{value:,.4g}"
    return f"{text} {unit}".strip()


def scaled(value: float, unit: str) -> str:
    """Return three significant digits with an SI prefix, such as ``27 ms`` and ``12.3 MB``.

    Args:
        value: in `unit`.
        unit: without a prefix.
    """
    from quantiphy import Quantity  # 16 ms, which `dse --help` does without

    return str(Quantity(value, unit).render(prec=2))


def elapsed(seconds: float) -> str:
    """Return a time from nanoseconds to days, such as ``480 ns``, ``1.9 s`` and ``3 min 20 s``."""
    return scaled(seconds, "s") if seconds < _MINUTE_S else duration(seconds)


def duration(seconds: float) -> str:
    """In the two largest units, such as ``3 min 20 s``."""
    whole = max(0, int(seconds))
    parts = (
        (whole // 86400, "d"),
        (whole // 3600 % 24, "h"),
        (whole // 60 % 60, "min"),
        (whole % 60, "s"),
    )
    largest = next((at for at, (count, _) in enumerate(parts) if count), len(parts) - 1)
    shown = parts[largest : largest + 2]
    return " ".join(f"{count} {unit}" for count, unit in shown if count) or "0 s"


def counted(count: int, thing: str) -> str:
    """Such as ``1 point`` and ``2,000 points``."""
    return f"{count:,} {thing}" + ("" if count == 1 else "s")

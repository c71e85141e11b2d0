"""Names of layers that C++ and Verilog take.

Keras takes every text as a name. hls4ml writes names of layers into C++, and dse into Verilog,
so they are made legal once, when the network is read; layers are shown with their own names.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

OWN_NAME = "own_name"
"""Key in hls4ml's layer list, and attribute of a node, for a name that had to change."""

_LONGEST = 100
"""Characters of a name: hls4ml names files by it, and a file system takes 255."""

_CPP = """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t
    char32_t class compl const const_cast constexpr continue decltype default delete do double
    dynamic_cast else enum explicit export extern false float for friend goto if inline int long
    mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public
    register reinterpret_cast return short signed sizeof static static_assert static_cast struct
    switch template this thread_local throw true try typedef typeid typename union unsigned
    using virtual void volatile wchar_t while xor xor_eq
"""
"""Keywords of C++17."""

_VERILOG = """
    accept_on alias always always_comb always_ff always_latch and assert assign assume automatic
    before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle
    checker class clocking cmos config const constraint context continue cover covergroup
    coverpoint cross deassign default defparam design disable dist do edge else end endcase
    endchecker endclass endclocking endconfig endfunction endgenerate endgroup endinterface
    endmodule endpackage endprimitive endprogram endproperty endspecify endsequence endtable
    endtask enum event eventually expect export extends extern final first_match for force
    foreach forever fork forkjoin function generate genvar global highz0 highz1 if iff ifnone
    ignore_bins illegal_bins implements implies import incdir include initial inout input inside
    instance int integer interconnect interface intersect join join_any join_none large let
    liblist library local localparam logic longint macromodule matches medium modport module
    nand negedge nettype new nexttime nmos nor noshowcancelled not notif0 notif1 null or output
    package packed parameter pmos posedge primitive priority program property protected pull0
    pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase
    randsequence rcmos real realtime ref reg reject_on release repeat restrict return rnmos
    rpmos rtran rtranif0 rtranif1 s_always s_eventually s_nexttime s_until s_until_with scalared
    sequence shortint shortreal showcancelled signed small soft solve specify specparam static
    string strong strong0 strong1 struct super supply0 supply1 sync_accept_on sync_reject_on
    table tagged task this throughout time timeprecision timeunit tran tranif0 tranif1 tri tri0
    tri1 triand trior trireg type typedef union unique unique0 unsigned until until_with untyped
    use uwire var vectored virtual void wait wait_order wand weak weak0 weak1 while wildcard
    wire with within wor xnor xor
"""
"""Keywords of SystemVerilog (IEEE 1800-2017)."""

_PROJECT = "input main myproject nnet std weights"
"""Names with a meaning in hls4ml's projects; ``input`` is its name for "no layer"."""

_TAKEN = frozenset(f"{_CPP} {_VERILOG} {_PROJECT}".split())


def legal_names(names: Iterable[str]) -> dict[str, str]:
    """Return a legal name for every layer name: an identifier of C++ and Verilog.

    No two of them are equal, also not in lower case, by which hls4ml finds settings of layers. A
    name that is legal already stays.
    """
    given = list(dict.fromkeys(names))
    legal = {name: name for name in given if identifier(name) == name}
    kept: dict[str, str] = {}
    for name in (*legal, *(name for name in given if name not in legal)):
        kept[name] = _unused(identifier(name), {other.lower() for other in kept.values()})
    return kept


def identifier(name: str) -> str:
    """Return a name as an identifier of C++ and Verilog that is no keyword."""
    text = re.sub(r"\W", "_", name, flags=re.ASCII)[:_LONGEST]
    if not re.match("[A-Za-z]", text):  # C++ keeps names with an underscore first to itself
        text = f"layer_{text.lstrip('_')}"
    text = re.sub("__+", "_", text).strip("_")  # and those with two underscores
    return f"{text}_layer" if text.lower() in _TAKEN else text


def _unused(name: str, used: set[str]) -> str:
    """Return a name, with the first number from 2 on that makes it differ from those in use."""
    number, free = 1, name
    while free.lower() in used:
        number += 1
        free = f"{name}_{number}"
    return free


def own_name(node: Any) -> str:
    """Return the name that the network gives to the layer of a ModelGraph node."""
    return str(node.get_attr(OWN_NAME, node.name))


def own_name_of(layer: Mapping[str, Any]) -> str:
    """Return the name that the network gives to an entry of the layer list."""
    return str(layer.get(OWN_NAME, layer["name"]))

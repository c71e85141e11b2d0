"""A recurrent layer as a circuit: one cell, used for every time step.

Time step t begins when the state of step t - 1 is in its registers, `every` cycles after step
t - 1 began. What a step computes stays valid until the step ends, because its inputs do: so
signals of one step need no holding registers, and the product of the input may be ready before
that of the state.

Timing, from the cycle in which the sequence becomes valid: 1 cycle to select the inputs of a
step; the product of the input, as far as it takes longer than that of the state; then `every`
cycles for each time step. The states are zero in the first step, by a multiplexer behind their
registers, so that nothing has to be cleared between two inferences.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from backends.modelgraph.fixed_point import FixedType
from backends.modelgraph.rtl.circuit import Circuit, Signal, Tap
from backends.modelgraph.rtl.modules import recurrent as modules
from backends.modelgraph.rtl.modules.dense import DenseGenerator, DenseSpec, dense
from backends.modelgraph.rtl.modules.time_multiplexing import choose_row, group_counter, take
from backends.modelgraph.rtl.verilog import Module
from backends.modelgraph.rtl.wiring import numbers

GATES = {"LSTM": 4, "GRU": 3}
"""Vectors of n_state sums that a cell computes in every time step."""


@dataclass(frozen=True)
class CellSpec:
    """Products, functions and types of a cell.

    Args:
        kind: ``LSTM`` or ``GRU``.
        steps: time steps of a sequence.
        kernel: product of the inputs; its result has the accumulator type.
        recurrent: product of the state; the same.
        gate: function of one number of a gate, in the accumulator type.
        activation: function of one new value, in the accumulator type.
        of_memory: function of one number of an LSTM's cell state.
        state: type of the states.
    """

    kind: str
    steps: int
    kernel: DenseSpec
    recurrent: DenseSpec
    gate: Module
    activation: Module
    of_memory: Module
    state: FixedType

    @property
    def n_state(self) -> int:
        """Numbers of a state."""
        return len(self.recurrent.weight.raw)

    @property
    def accum(self) -> FixedType:
        """Type of all intermediate values."""
        return self.kernel.accum

    @cached_property
    def products(self) -> tuple[int, int]:
        """Cycles of the product of the input and of that of the state."""
        return DenseGenerator(self.kernel).latency, DenseGenerator(self.recurrent).latency

    @cached_property
    def parts(self) -> Mapping[str, Module]:
        """Modules behind the products, by what they compute."""
        n, accum = self.n_state, self.accum
        if self.kind == "LSTM":
            return {
                "sums": modules.gate_sums(4 * n, accum),
                "memory": modules.lstm_memory(n, accum, self.state),
                "output": modules.lstm_output(n, accum, self.state),
            }
        return {
            "sums": modules.gate_sums(2 * n, accum),
            "candidate": modules.gru_candidate(n, accum),
            "state": modules.gru_state(n, accum, self.state),
        }

    @property
    def loop(self) -> int:
        """Cycles from a state to the next one at the input of its register."""
        found = self.products[1] + sum(part.latency for part in self.parts.values())
        gate, activation = self.gate.latency, self.activation.latency
        if self.kind == "LSTM":
            return found + max(gate, activation) + self.of_memory.latency
        return found + gate + activation

    @property
    def every(self) -> int:
        """Cycles from one time step to the next: that of the loop, 1 for the state's register.

        More where the product of the input has a larger reuse factor.
        """
        return max(self.loop + 1, self.kernel.reuse)

    @property
    def interval(self) -> int:
        """Cycles from one sequence to the next."""
        return self.steps * self.every

    @property
    def ahead(self) -> int:
        """Cycles from the sequence to the first state that is read."""
        kernel, recurrent = self.products
        return 1 + max(kernel - recurrent, 0)


class Recurrence:
    """Places the circuit of a recurrent layer in one direction.

    Args:
        circuit: circuit to place it in.
        layer: name under which instances are counted.
        name: first part of the names of wires.
        spec: the cell.
        given: the sequence, a row for each time step.
    """

    def __init__(
        self, circuit: Circuit, layer: str, name: str, spec: CellSpec, given: Signal
    ) -> None:
        self.circuit, self.layer, self.name, self.spec = circuit, layer, name, spec
        self.given = given
        self.start = given.time + spec.ahead

    def outputs(self, *, sequences: bool) -> list[Signal]:
        """Place everything; return the states of all time steps, or of the last one alone.

        All become valid together, when the last one does.
        """
        spec, steps = self.spec, self.spec.steps
        from_input, hidden = self._from_input(), self._state("hidden")
        read = self._read(hidden)
        products = self._placed(dense(spec.recurrent), "u", self._sums, x=read)
        if spec.kind == "LSTM":
            new = self._lstm(from_input, products)
        else:
            new = self._gru(from_input, products, read)
        self._store(new, hidden)
        found = [self._kept(new, t) for t in (range(steps) if sequences else [steps - 1])]
        return [self.circuit.at(signal, self.start + spec.interval) for signal in found]

    def _lstm(self, from_input: Signal, from_state: Signal) -> Signal:
        """Place the gates, which are i, f, c, o, and return the next output."""
        spec, parts = self.spec, self.spec.parts
        sums = self._placed(parts["sums"], "sums", self._sums, a=from_input, b=from_state)
        enter, forget, new, leave = (
            self._each(spec.activation if n == 2 else spec.gate, f"gate{n}", self._part(sums, n))
            for n in range(4)
        )
        memory = self._state("memory")
        following = self._placed(
            parts["memory"], "following", (spec.n_state, spec.state),
            fresh=new, enter=enter, memory=self._read(memory), forget=forget,
        )  # fmt: skip
        self._store(following, memory)
        active = self._each(spec.of_memory, "active", following)
        of = spec.n_state, spec.state
        return self._placed(parts["output"], "output", of, leave=leave, active=active)

    def _gru(self, from_input: Signal, from_state: Signal, hidden: Signal) -> Signal:
        """Place the gates, which are z, r, h, and return the next state."""
        spec, parts = self.spec, self.spec.parts
        n, accum = spec.n_state, spec.accum
        a, b = (self._part(signal, 0, 2) for signal in (from_input, from_state))
        sums = self._placed(parts["sums"], "sums", (2 * n, accum), a=a, b=b)
        update, reset = (self._each(spec.gate, f"gate{n}", self._part(sums, n)) for n in range(2))
        x, u = self._part(from_input, 2), self._part(from_state, 2)
        argument = self._placed(parts["candidate"], "argument", (n, accum), x=x, reset=reset, u=u)
        new = self._each(spec.activation, "new", argument)
        return self._placed(
            parts["state"], "state", (n, spec.state), fresh=new, update=update, hidden=hidden
        )

    def _from_input(self) -> Signal:
        """Place the selection of a step's inputs and their product."""
        given, spec = self.given, self.spec
        choice = choose_row(spec.steps, given.row_bits)
        step = self._steps(given.time)
        x = self._wires("x", given.features, given.type, given.time + 1)
        ports = {"x": given.bus, "group": step}
        self.circuit.instance(self.layer, choice, ports, x.bus, Tap(given.time))
        return self._placed(dense(spec.kernel), "w", self._sums, x=x)

    def _steps(self, time: int) -> str:
        """Place a counter of the time steps that begin at a time; return its output."""
        bits = max((self.spec.steps - 1).bit_length(), 1)
        made = self._wires(f"step{time}", 1, FixedType(bits, bits, signed=False), time)
        counter = group_counter(self.spec.steps, self.spec.every)
        self.circuit.instance(self.layer, counter, {}, made.bus, Tap(time))
        return made.bus

    def _state(self, name: str) -> Signal:
        """Declare the register of a state; `_store` places it."""
        return self._wires(name, self.spec.n_state, self.spec.state, self.start)

    def _read(self, state: Signal) -> Signal:
        """Return a state as a step reads it: zero in the first one."""
        bits = max((self.spec.steps - 1).bit_length(), 1)
        made = self._wires(f"{state.bus}_read", state.features, state.type, state.time)
        ports = {"x": state.bus, "step": self._first}
        zero = modules.from_zero(state.bits, bits)
        self.circuit.instance(self.layer, zero, ports, made.bus, self._tap(state.time))
        return made

    @property
    def _sums(self) -> tuple[int, FixedType]:
        """Numbers of the sums of all gates, and their type."""
        return GATES[self.spec.kind] * self.spec.n_state, self.spec.accum

    @cached_property
    def _first(self) -> str:
        """Counter of the time steps as the states see them."""
        return self._steps(self.start)

    def _store(self, new: Signal, state: Signal) -> None:
        """Place the register of a state, which takes a value at the end of every step."""
        tap = self._tap(self.start + self.spec.every - 1)
        self.circuit.instance(self.layer, take(state.bits), {"x": new.bus}, state.bus, tap)

    def _kept(self, new: Signal, step: int) -> Signal:
        """Return the output of a time step in a register of its own."""
        end = self.start + (step + 1) * self.spec.every
        made = self._wires(f"out{step}", new.features, new.type, end)
        self.circuit.instance(self.layer, take(new.bits), {"x": new.bus}, made.bus, Tap(end - 1))
        return made

    def _placed(
        self, module: Module, name: str, of: tuple[int, FixedType], **inputs: Signal
    ) -> Signal:
        """Place a module; return its output, valid `module.latency` after its last input.

        Args:
            module: the module.
            name: of its output.
            of: numbers of its output, and their type.
            inputs: signals by port.
        """
        time = max(signal.time for signal in inputs.values())
        ports = {port: signal.bus for port, signal in inputs.items()}
        made = self._wires(name, *of, time + module.latency)
        self.circuit.instance(self.layer, module, ports, made.bus, self._tap(time))
        return made

    def _each(self, module: Module, name: str, given: Signal) -> Signal:
        """Apply a module to every number of a vector."""
        made = self._wires(name, given.features, self.spec.accum, given.time + module.latency)
        x, y = (self.circuit.reshaped(s, s.features, 1) for s in (given, made))
        for i in range(given.features):
            self.circuit.instance(
                self.layer, module, {"x": x.row(i)}, y.row(i), self._tap(given.time)
            )
        return made

    def _part(self, signal: Signal, number: int, gates: int = 1) -> Signal:
        """Return consecutive gates of the sums of all gates."""
        n = self.spec.n_state
        name = f"{self.name}_{signal.bus}_{number}"
        return self.circuit.wired(name, [signal], numbers((gates * n,), number * n + 1))

    def _wires(self, name: str, features: int, kind: FixedType, time: int) -> Signal:
        return self.circuit.wires(f"{self.name}_{name}", 1, features, kind, time)

    def _tap(self, time: int) -> Tap:
        """Return the pulses at a time of every step."""
        return Tap(time, self.spec.steps, self.spec.every)

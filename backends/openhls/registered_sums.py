"""Sums between registers, set aside while Yosys maps the rest of a module.

An adder tree with a register behind every adder, and the DSP slices before it, leave little to
optimise: a sum of n bits takes n look-up tables and n / 4 carry chains. Yet at small reuse factors
most of Yosys' time goes there, since some 60 passes look at every bit. So these sums, their
registers and the DSP slices become a module of their own. It is mapped last, in few steps, and put
back, so that cells and paths are counted in the whole circuit.
"""

import re
from pathlib import Path

_WORTHWHILE = 16
"""Number of sums from which this saves more time than it takes."""

_SUM = re.compile(r"always @\(posedge clk\) \w+ <= \w+ [+-] \w+;")


def worthwhile(text: str) -> bool:
    """Return whether a module has so many registered sums that setting them aside saves time.

    Args:
        text: Verilog of the module.
    """
    return len(_SUM.findall(text)) >= _WORTHWHILE


def write_maps(folder: Path) -> None:
    """Write the techmaps that the commands name."""
    (folder / "plain.v").write_text(_PLAIN)
    (folder / "sums.v").write_text(_SUMS)


REGISTERS = "t:$dff t:$*dffe t:$sdff t:$sdffce"
"""Selects word-wide registers."""

SET_ASIDE = f"""select -set registers {REGISTERS}
select -set slices t:DSP48E1
select -set logic t:* @registers %d @slices %d
select -set by_logic @logic %co1 w:* %i %co1
select -set to_logic @logic @slices %u %ci1 w:* %i o:* %u %ci1
select -set delayed @registers %co1:+[Q] w:* %i @registers %ci1:+[D] w:* %i %i %co1
select -set between t:$add t:$sub %u @by_logic %d @to_logic %d @delayed %d
chtype -set $__between_add @between t:$add %i
chtype -set $__between_sub @between t:$sub %i
techmap -map plain.v
chtype -set $add t:$__between_add
chtype -set $sub t:$__between_sub
select -set sums t:$__plain_add t:$__plain_sub %u
chtype -set $add t:$__plain_add
chtype -set $sub t:$__plain_sub
select -set to_others t:* @sums %d @slices %d %ci1 w:* %i o:* %u %ci1
select -set behind @sums %co1 w:* %i %co1 t:$dff %i r:CLK_POLARITY=1'1 %i @to_others %d
select -set aside @sums @behind %u @slices @delayed %d %u
submod -name aside @aside
design -copy-to aside aside
blackbox aside
"""
"""Commands that move sums, registers and DSP slices to the module `aside`, after `xilinx_dsp`.

* `by_logic`: cells that read what logic computes. A look-up table before a sum may take in that of
  the sum.
* `to_logic`: cells that drive logic, slices or an output. `alumacc` would merge a sum that goes on
  into another.
* `delayed`: cells that read what one register gives to another, or other bits of the same wire.
  Another module reads wires as a whole, and a bit with one reader more is no part of a shift
  register.
* `plain`: sums without a constant bit in an operand, which would spare a look-up table.
* `behind`: registers driven by such sums and read only by sums and slices; others may become shift
  registers.
"""

TAKE_BACK = """delete =aside
design -copy-from aside aside
techmap -map sums.v aside
simplemap aside/t:$pos
opt_expr aside
opt_merge aside
flatten
clean
"""
"""Commands that map the module `aside` and put it back, after everything else is mapped.

Look-up tables are gates at first: `opt_expr` drops those of equal bits, and `opt_merge` makes one
of those with the same operands, as of repeated sign bits. `clean` removes what only unused bits of
a register need.
"""

TABLES = ("$_XOR_", "$_XNOR_")
"""Types of the gates that are look-up tables of sums."""

_PLAIN = r"""(* techmap_celltype = "$__between_add $__between_sub" *)
module plain_sum (A, B, Y);
  parameter A_SIGNED = 0, B_SIGNED = 0, A_WIDTH = 1, B_WIDTH = 1, Y_WIDTH = 1;
  parameter _TECHMAP_CONSTMSK_A_ = 0, _TECHMAP_CONSTMSK_B_ = 0, _TECHMAP_CELLTYPE_ = "";
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;
  generate
    // arith_map.v leaves sums of two bits to look-up tables; unsigned numbers are padded by zeros
    if (_TECHMAP_CONSTMSK_A_ != 0 || _TECHMAP_CONSTMSK_B_ != 0 || Y_WIDTH <= 2 ||
      !A_SIGNED || !B_SIGNED)
      wire _TECHMAP_FAIL_ = 1;
    else if (_TECHMAP_CELLTYPE_ == "$__between_sub")
      \$__plain_sub #(.A_SIGNED(A_SIGNED), .B_SIGNED(B_SIGNED), .A_WIDTH(A_WIDTH),
        .B_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) _TECHMAP_REPLACE_ (.A(A), .B(B), .Y(Y));
    else
      \$__plain_add #(.A_SIGNED(A_SIGNED), .B_SIGNED(B_SIGNED), .A_WIDTH(A_WIDTH),
        .B_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) _TECHMAP_REPLACE_ (.A(A), .B(B), .Y(Y));
  endgenerate
endmodule
"""

_SUMS = r"""(* techmap_celltype = "$add $sub" *)
module registered_sum (A, B, Y);
  parameter A_SIGNED = 0, B_SIGNED = 0, A_WIDTH = 1, B_WIDTH = 1, Y_WIDTH = 1;
  parameter _TECHMAP_CELLTYPE_ = "";
  localparam MINUS = _TECHMAP_CELLTYPE_ == "$sub";
  localparam CHAINS = (Y_WIDTH + 3) / 4, WIDER = A_WIDTH > B_WIDTH ? A_WIDTH : B_WIDTH;
  (* force_downto *) input [A_WIDTH-1:0] A;
  (* force_downto *) input [B_WIDTH-1:0] B;
  (* force_downto *) output [Y_WIDTH-1:0] Y;
  (* force_downto *) wire [Y_WIDTH-1:0] a, b;
  (* force_downto *) wire [4*CHAINS-1:0] differ, data = a, sum, carry;
  \$pos #(.A_SIGNED(1), .A_WIDTH(A_WIDTH), .Y_WIDTH(Y_WIDTH)) extend_a (.A(A), .Y(a));
  \$pos #(.A_SIGNED(1), .A_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) extend_b (.A(B), .Y(b));
  assign Y = sum;
  genvar i;
  generate
    for (i = 0; i < 4 * CHAINS; i = i + 1) begin:bits
      if (i >= Y_WIDTH) assign differ[i] = 1'b0;
      else if (i >= WIDER) assign differ[i] = differ[WIDER-1];  // both signs repeat
      else if (MINUS) \$_XNOR_ lut (.A(a[i]), .B(b[i]), .Y(differ[i]));
      else \$_XOR_ lut (.A(a[i]), .B(b[i]), .Y(differ[i]));
    end
    for (i = 0; i < CHAINS; i = i + 1) begin:chains
      CARRY4 chain (.CI(i ? carry[4*i-1] : 1'b0), .CYINIT(i ? 1'b0 : MINUS),
        .DI(data[4*i+:4]), .S(differ[4*i+:4]), .O(sum[4*i+:4]), .CO(carry[4*i+:4]));
    end
  endgenerate
endmodule

(* techmap_celltype = "$dff" *)
module register (CLK, D, Q);
  parameter WIDTH = 1, CLK_POLARITY = 1;
  input CLK;
  (* force_downto *) input [WIDTH-1:0] D;
  (* force_downto *) output [WIDTH-1:0] Q;
  genvar i;
  generate
    for (i = 0; i < WIDTH; i = i + 1) begin:bits
      FDRE #(.INIT(1'bx)) flip_flop (.C(CLK), .CE(1'b1), .R(1'b0), .D(D[i]), .Q(Q[i]));
    end
  endgenerate
endmodule
"""

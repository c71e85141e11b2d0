"""The rules of multipliers in DSP slices for Yosys: a techmap that sees a module's constants."""

from backends.modelgraph.slice_rules import least_bits
from backends.modelgraph.vendor_hls.multipliers import ADDED_DIGITS, MultiplierRule


def definitions(rule: MultiplierRule) -> str:
    """Return options of Yosys' techmap with the numbers of a rule."""
    values = {
        "LEAST": least_bits(rule),
        "LEAST_CONSTANT": rule.least_constant_bits,
        "LEAST_WIDER": rule.least_data_bits,
        "ADDED_DIGITS": ADDED_DIGITS,
    }
    return " ".join(f"-D {name}={value}" for name, value in values.items())


TECHMAP = r"""(* techmap_celltype = "$mul" *)
module multiplier_of_look_up_tables (A, B, Y);
  parameter A_SIGNED = 0, B_SIGNED = 0, A_WIDTH = 1, B_WIDTH = 1, Y_WIDTH = 1;
  parameter _TECHMAP_CONSTMSK_A_ = 0, _TECHMAP_CONSTVAL_A_ = 0;
  parameter _TECHMAP_CONSTMSK_B_ = 0, _TECHMAP_CONSTVAL_B_ = 0;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;

  localparam [A_WIDTH-1:0] A_MASK = _TECHMAP_CONSTMSK_A_, A_VALUE = _TECHMAP_CONSTVAL_A_;
  localparam [B_WIDTH-1:0] B_MASK = _TECHMAP_CONSTMSK_B_, B_VALUE = _TECHMAP_CONSTVAL_B_;
  localparam A_CONSTANT = &A_MASK;
  localparam B_CONSTANT = &B_MASK;
  localparam A_NEGATIVE = A_SIGNED && A_VALUE[A_WIDTH-1];
  localparam B_NEGATIVE = B_SIGNED && B_VALUE[B_WIDTH-1];
  // as integers of 64 bits
  localparam [63:0] A_WIDE = {{64-A_WIDTH{A_NEGATIVE}}, A_VALUE};
  localparam [63:0] B_WIDE = {{64-B_WIDTH{B_NEGATIVE}}, B_VALUE};
  localparam [63:0] VALUE = A_CONSTANT ? A_WIDE : B_WIDE;
  localparam NEGATIVE = A_CONSTANT ? A_NEGATIVE : B_NEGATIVE;
  localparam [63:0] SIZE = NEGATIVE ? -VALUE : VALUE;

  function integer ones(input [65:0] word);
    integer i;
    begin
      ones = 0;
      for (i = 0; i < 66; i = i + 1) ones = ones + word[i];
    end
  endfunction

  function integer length(input [63:0] word);
    integer i;
    begin
      length = 0;
      for (i = 0; i < 64; i = i + 1) if (word[i]) length = i + 1;
    end
  endfunction

  localparam [65:0] ONCE = SIZE;
  // the signed digits of n are where n and 3 n differ
  localparam DIGITS = ones(ONCE ^ (ONCE + (ONCE << 1)));
  localparam BITS = length(NEGATIVE ? SIZE - 64'd1 : SIZE) + NEGATIVE;
  localparam DATA = A_CONSTANT ? B_WIDTH : A_WIDTH;
  localparam WIDER = A_WIDTH > B_WIDTH ? A_WIDTH : B_WIDTH;
  localparam NARROWER = A_WIDTH > B_WIDTH ? B_WIDTH : A_WIDTH;
  localparam SOFT = (A_CONSTANT || B_CONSTANT)
    ? DIGITS <= `ADDED_DIGITS || BITS < `LEAST_CONSTANT
      || (DATA > BITS ? DATA : BITS) < `LEAST_WIDER
    : NARROWER < `LEAST || WIDER < `LEAST_WIDER;

  generate if (SOFT) begin
    \$__soft_mul #(.A_SIGNED(A_SIGNED), .B_SIGNED(B_SIGNED), .A_WIDTH(A_WIDTH),
      .B_WIDTH(B_WIDTH), .Y_WIDTH(Y_WIDTH)) _TECHMAP_REPLACE_ (.A(A), .B(B), .Y(Y));
  end else begin
    wire _TECHMAP_FAIL_ = 1'b1;
  end endgenerate
endmodule
"""
"""Techmap that turns the multipliers that a rule spares into soft ones, for look-up tables."""

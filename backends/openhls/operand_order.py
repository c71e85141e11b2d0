"""Techmaps for Yosys that put the operands of products and sums in the order that costs less."""

WIDER_FIRST = r"""(* techmap_celltype = "$mul" *)
module wider_operand_first (A, B, Y);
  parameter A_SIGNED = 0, B_SIGNED = 0, A_WIDTH = 1, B_WIDTH = 1, Y_WIDTH = 1;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;
  wire _TECHMAP_FAIL_ = A_WIDTH >= B_WIDTH;
  \$mul #(.A_SIGNED(B_SIGNED), .B_SIGNED(A_SIGNED), .A_WIDTH(B_WIDTH), .B_WIDTH(A_WIDTH),
    .Y_WIDTH(Y_WIDTH)) _TECHMAP_REPLACE_ (.A(B), .B(A), .Y(Y));
endmodule
"""
"""Techmap that swaps operands where the narrower comes first.

Yosys' mul2dsp.v swaps operands too, but only after it has compared A with A_MINWIDTH and B with
B_MINWIDTH as written, so a multiplication of 6 by 11 bits would fail a minimum of 11 and 6.
"""


CHOSEN_SECOND = r"""(* techmap_celltype = "$__chosen_alu" *)
module chosen_operand_second (A, B, CI, BI, X, Y, CO);
  parameter A_SIGNED = 0, B_SIGNED = 0, A_WIDTH = 1, B_WIDTH = 1, Y_WIDTH = 1;
  parameter _TECHMAP_CONSTMSK_BI_ = 0, _TECHMAP_CONSTVAL_BI_ = 0;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  input CI, BI;
  output [Y_WIDTH-1:0] X, Y, CO;
  generate if (_TECHMAP_CONSTMSK_BI_ && !_TECHMAP_CONSTVAL_BI_) begin
    \$alu #(.A_SIGNED(B_SIGNED), .B_SIGNED(A_SIGNED), .A_WIDTH(B_WIDTH), .B_WIDTH(A_WIDTH),
      .Y_WIDTH(Y_WIDTH)) _TECHMAP_REPLACE_
      (.A(B), .B(A), .CI(CI), .BI(BI), .X(X), .Y(Y), .CO(CO));
  end else begin
    \$alu #(.A_SIGNED(A_SIGNED), .B_SIGNED(B_SIGNED), .A_WIDTH(A_WIDTH), .B_WIDTH(B_WIDTH),
      .Y_WIDTH(Y_WIDTH)) _TECHMAP_REPLACE_
      (.A(A), .B(B), .CI(CI), .BI(BI), .X(X), .Y(Y), .CO(CO));
  end endgenerate
endmodule
"""
"""Techmap that swaps operands of a sum whose first one is chosen by a multiplexer.

`arith_map.v` takes the first operand to the carry chain's own input: one that needs logic costs
a look-up table per bit there, and a level, while the second shares the table of the sum. Yosys
orders them by names otherwise. Differences (BI) are left as they are.
"""

MARK_CHOSEN = """select -set chosen t:$mux %co1:+[Y] w:* %i %co1:+[A] t:$alu %i
chtype -set $__chosen_alu @chosen
"""
"""Gives sums whose first operand is the output of a multiplexer the type of `CHOSEN_SECOND`."""

// Multiplications as DSP blocks of CrossLink-NX without registers, which dse moves in itself:
// Yosys 0.70 would move the register of an operand that several blocks read into one of them,
// and give the others a constant.
(* techmap_celltype = "$mul" *)
module dse_multiplier (A, B, Y);
  parameter A_SIGNED = 0, B_SIGNED = 0, A_WIDTH = 1, B_WIDTH = 1, Y_WIDTH = 1;
  input [A_WIDTH-1:0] A;
  input [B_WIDTH-1:0] B;
  output [Y_WIDTH-1:0] Y;
  localparam MOST = A_WIDTH > B_WIDTH ? A_WIDTH : B_WIDTH;
  wire _TECHMAP_FAIL_ = MOST > 18 || A_WIDTH < 2 || B_WIDTH < 2;
  wire [17:0] a = {{18{A_SIGNED ? A[A_WIDTH-1] : 1'b0}}, A};
  wire [17:0] b = {{18{B_SIGNED ? B[B_WIDTH-1] : 1'b0}}, B};
  wire [35:0] product;
  generate
    if (MOST <= 9) begin : narrow
      wire [17:0] z;
      MULT9X9 #(.REGINPUTA("BYPASS"), .REGINPUTB("BYPASS"), .REGOUTPUT("BYPASS")) block (
        .A(a[8:0]), .B(b[8:0]), .SIGNEDA(A_SIGNED != 0), .SIGNEDB(B_SIGNED != 0), .Z(z)
      );
      assign product = {{18{A_SIGNED || B_SIGNED ? z[17] : 1'b0}}, z};
    end else begin : wide
      MULT18X18 #(.REGINPUTA("BYPASS"), .REGINPUTB("BYPASS"), .REGOUTPUT("BYPASS")) block (
        .A(a), .B(b), .SIGNEDA(A_SIGNED != 0), .SIGNEDB(B_SIGNED != 0), .Z(product)
      );
    end
  endgenerate
  generate
    if (Y_WIDTH <= 36) begin : cut
      assign Y = product[Y_WIDTH-1:0];
    end else begin : extended
      assign Y = {{Y_WIDTH{A_SIGNED || B_SIGNED ? product[35] : 1'b0}}, product};
    end
  endgenerate
endmodule

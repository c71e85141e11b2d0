// Registers that the models of several families are made of.

module dse_flip_flop (CLK, D, CE, RESET, Q);
  parameter VALUE = 0;  // at the start, and after a reset
  parameter ASYNCHRONOUS = 0;
  input wire CLK, D, CE, RESET;
  output reg Q = VALUE;
  generate
    if (ASYNCHRONOUS) begin : asynchronous
      always @(posedge CLK or posedge RESET)
        if (RESET) Q <= VALUE;
        else if (CE) Q <= D;
    end else begin : synchronous
      always @(posedge CLK)
        if (RESET) Q <= VALUE;
        else if (CE) Q <= D;
    end
  endgenerate
endmodule

// The flip-flop of a slice of Lattice, behind the multiplexers of its controls.
module dse_slice_flip_flop (CLK, LSR, CE, D, Q);
  parameter CEMUX = "CE";
  parameter CLKMUX = "CLK";
  parameter LSRMUX = "LSR";
  parameter REGSET = "RESET";
  parameter SRMODE = "ASYNC";
  input wire CLK, LSR, CE, D;
  output wire Q;
  wire clock = CLKMUX == "INV" ? ~CLK : CLK;
  wire enable = CEMUX == "1" ? 1'b1 : CEMUX == "INV" ? ~CE : CEMUX == "0" ? 1'b0 : CE;
  wire reset = LSRMUX == "INV" ? ~LSR : LSR;
  dse_flip_flop #(REGSET == "SET", SRMODE == "ASYNC") q (clock, D, enable, reset, Q);
endmodule

// A register of a DSP block, or wires where it is turned off.
module dse_register (CLK, CE, RST, D, Q);
  parameter BITS = 1;
  parameter ON = 0;
  input wire CLK, CE, RST;
  input wire [BITS-1:0] D;
  output wire [BITS-1:0] Q;
  generate
    if (ON) begin : registers
      reg [BITS-1:0] kept = 0;
      always @(posedge CLK) if (RST) kept <= 0; else if (CE) kept <= D;
      assign Q = kept;
    end else begin : wires
      assign Q = D;
    end
  endgenerate
endmodule

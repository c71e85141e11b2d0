// Cells of Gowin as nextpnr writes them, for simulation without delays.
// Behaviour: Gowin SUG283 (primitives); chains of ALUs: documentation of Project Apicula.

module LUT1 (input wire I0, output wire F);
  parameter [1:0] INIT = 0;
  assign F = INIT[I0];
endmodule

module LUT2 (input wire I0, I1, output wire F);
  parameter [3:0] INIT = 0;
  assign F = INIT[{I1, I0}];
endmodule

module LUT3 (input wire I0, I1, I2, output wire F);
  parameter [7:0] INIT = 0;
  assign F = INIT[{I2, I1, I0}];
endmodule

module LUT4 (input wire I0, I1, I2, I3, output wire F);
  parameter [15:0] INIT = 0;
  assign F = INIT[{I3, I2, I1, I0}];
endmodule

module MUX2_LUT5 (input wire I0, I1, S0, output wire O);
  assign O = S0 ? I1 : I0;
endmodule

module MUX2_LUT6 (input wire I0, I1, S0, output wire O);
  assign O = S0 ? I1 : I0;
endmodule

module MUX2_LUT7 (input wire I0, I1, S0, output wire O);
  assign O = S0 ? I1 : I0;
endmodule

module MUX2_LUT8 (input wire I0, I1, S0, output wire O);
  assign O = S0 ? I1 : I0;
endmodule

// Addition (I3 = 1) or subtraction, a table of nextpnr's own, or an end of a chain: it begins
// with a constant (C2L: 0, ONE2C: 1), or leaves its carry as a sum (C2L).
module ALU (input wire I0, I1, I2, I3, CIN, output wire SUM, COUT);
  parameter [39:0] ALU_MODE = 2;
  parameter [32:0] RAW_ALU_LUT = {1'b1, 32'b0};  // the highest bit: there is none
  wire [15:0] given = RAW_ALU_LUT[15:0];
  wire same, generated;
  generate
    if (ALU_MODE == "C2L" || ALU_MODE == "ONE2C") begin : ends
      assign same = 1'b0;
      assign generated = ALU_MODE == "ONE2C";
    end else if (!RAW_ALU_LUT[32]) begin : table4
      assign same = given[{I3, I2, I1, I0}];
      assign generated = given[{2'b00, I1, I0}];
    end else begin : adds
      assign same = I0 ^ I1 ^ (ALU_MODE == 0 ? 1'b0 : ALU_MODE == 1 ? 1'b1 : ~I3);
      assign generated = I0;
    end
  endgenerate
  assign SUM = same ^ CIN;
  assign COUT = same ? CIN : generated;
endmodule

module DFF (input wire CLK, D, output wire Q);
  dse_flip_flop #(0) q (CLK, D, 1'b1, 1'b0, Q);
endmodule

module DFFE (input wire CLK, D, CE, output wire Q);
  dse_flip_flop #(0) q (CLK, D, CE, 1'b0, Q);
endmodule

module DFFR (input wire CLK, D, RESET, output wire Q);
  dse_flip_flop #(0) q (CLK, D, 1'b1, RESET, Q);
endmodule

module DFFRE (input wire CLK, D, RESET, CE, output wire Q);
  dse_flip_flop #(0) q (CLK, D, CE, RESET, Q);
endmodule

module DFFS (input wire CLK, D, SET, output wire Q);
  dse_flip_flop #(1) q (CLK, D, 1'b1, SET, Q);
endmodule

module DFFSE (input wire CLK, D, SET, CE, output wire Q);
  dse_flip_flop #(1) q (CLK, D, CE, SET, Q);
endmodule

module GOWIN_GND (output wire G);
  assign G = 1'b0;
endmodule

module GOWIN_VCC (output wire V);
  assign V = 1'b1;
endmodule

module GSR;
endmodule

module PINCFG;
endmodule

// Cells of ECP5 as nextpnr writes them, for simulation without delays.
// Behaviour: Lattice FPGA-TN-02200 (slices), FPGA-TN-02204 (memory), FPGA-TN-02205 (DSP).
// Buses are joined, and constant inputs are resolved, by backends/openhls/pnr/netlist.py.

module TRELLIS_COMB (
  input wire A, B, C, D, M, FCI, F1, FXA, FXB,
  output wire F, FCO, OFX
);
  parameter MODE = "LOGIC";
  parameter [15:0] INITVAL = 0;
  parameter CCU2_INJECT1 = "NO";
  parameter WIDE = 0;  // 1: joins two pairs of tables (L6MUX21), 0: this table and its pair (PFUMX)
  wire [15:0] table4 = INITVAL;
  wire look_up = table4[{D, C, B, A}];
  generate
    if (MODE == "CCU2") begin : carry
      wire low = table4[{2'b00, B, A}];
      assign F = look_up ^ (CCU2_INJECT1 == "YES" ? 1'b0 : FCI);
      assign FCO = look_up ? FCI : (CCU2_INJECT1 == "YES" ? 1'b0 : low);
    end else begin : logic_only
      assign F = look_up;
      assign FCO = 1'b0;
    end
  endgenerate
  assign OFX = WIDE ? (M ? FXB : FXA) : (M ? F1 : F);
endmodule

module TRELLIS_FF (input wire CLK, LSR, CE, DI, M, output wire Q);
  parameter CEMUX = "CE";
  parameter CLKMUX = "CLK";
  parameter LSRMUX = "LSR";
  parameter REGSET = "RESET";
  parameter SRMODE = "ASYNC";
  parameter SD = "0";  // 1: data come from the look-up table
  dse_slice_flip_flop #(CEMUX, CLKMUX, LSRMUX, REGSET, SRMODE) q
    (CLK, LSR, CE, SD == "1" ? DI : M, Q);
endmodule

module MULT18X18D (
  input wire [17:0] A, B,
  input wire SIGNEDA, SIGNEDB, CLK0, CE0, RST0,
  output wire [35:0] P
);
  parameter REG_INPUTA_CLK = "NONE";
  parameter REG_INPUTB_CLK = "NONE";
  parameter REG_PIPELINE_CLK = "NONE";
  parameter REG_OUTPUT_CLK = "NONE";
  wire [18:0] a, b;
  wire [35:0] middle;
  wire signed [18:0] first = a, second = b;
  wire signed [37:0] whole = first * second;
  dse_register #(19, REG_INPUTA_CLK != "NONE") ra (CLK0, CE0, RST0, {SIGNEDA & A[17], A}, a);
  dse_register #(19, REG_INPUTB_CLK != "NONE") rb (CLK0, CE0, RST0, {SIGNEDB & B[17], B}, b);
  dse_register #(36, REG_PIPELINE_CLK != "NONE") rm (CLK0, CE0, RST0, whole[35:0], middle);
  dse_register #(36, REG_OUTPUT_CLK != "NONE") rp (CLK0, CE0, RST0, middle, P);
endmodule

// A block RAM that is only read: what it holds is its initial content.
module DP16KD (
  input wire [13:0] ADA, ADB,
  input wire CLKA, CLKB, CEA, CEB,
  output reg [17:0] DOA, DOB
);
  parameter DATA_WIDTH_A = 18, DATA_WIDTH_B = 18;
  parameter [319:0] INITVAL_00 = 0, INITVAL_01 = 0, INITVAL_02 = 0, INITVAL_03 = 0;
  parameter [319:0] INITVAL_04 = 0, INITVAL_05 = 0, INITVAL_06 = 0, INITVAL_07 = 0;
  parameter [319:0] INITVAL_08 = 0, INITVAL_09 = 0, INITVAL_0A = 0, INITVAL_0B = 0;
  parameter [319:0] INITVAL_0C = 0, INITVAL_0D = 0, INITVAL_0E = 0, INITVAL_0F = 0;
  parameter [319:0] INITVAL_10 = 0, INITVAL_11 = 0, INITVAL_12 = 0, INITVAL_13 = 0;
  parameter [319:0] INITVAL_14 = 0, INITVAL_15 = 0, INITVAL_16 = 0, INITVAL_17 = 0;
  parameter [319:0] INITVAL_18 = 0, INITVAL_19 = 0, INITVAL_1A = 0, INITVAL_1B = 0;
  parameter [319:0] INITVAL_1C = 0, INITVAL_1D = 0, INITVAL_1E = 0, INITVAL_1F = 0;
  parameter [319:0] INITVAL_20 = 0, INITVAL_21 = 0, INITVAL_22 = 0, INITVAL_23 = 0;
  parameter [319:0] INITVAL_24 = 0, INITVAL_25 = 0, INITVAL_26 = 0, INITVAL_27 = 0;
  parameter [319:0] INITVAL_28 = 0, INITVAL_29 = 0, INITVAL_2A = 0, INITVAL_2B = 0;
  parameter [319:0] INITVAL_2C = 0, INITVAL_2D = 0, INITVAL_2E = 0, INITVAL_2F = 0;
  parameter [319:0] INITVAL_30 = 0, INITVAL_31 = 0, INITVAL_32 = 0, INITVAL_33 = 0;
  parameter [319:0] INITVAL_34 = 0, INITVAL_35 = 0, INITVAL_36 = 0, INITVAL_37 = 0;
  parameter [319:0] INITVAL_38 = 0, INITVAL_39 = 0, INITVAL_3A = 0, INITVAL_3B = 0;
  parameter [319:0] INITVAL_3C = 0, INITVAL_3D = 0, INITVAL_3E = 0, INITVAL_3F = 0;
  localparam [20479:0] CONTENT = {
    INITVAL_3F, INITVAL_3E, INITVAL_3D, INITVAL_3C, INITVAL_3B, INITVAL_3A, INITVAL_39, INITVAL_38,
    INITVAL_37, INITVAL_36, INITVAL_35, INITVAL_34, INITVAL_33, INITVAL_32, INITVAL_31, INITVAL_30,
    INITVAL_2F, INITVAL_2E, INITVAL_2D, INITVAL_2C, INITVAL_2B, INITVAL_2A, INITVAL_29, INITVAL_28,
    INITVAL_27, INITVAL_26, INITVAL_25, INITVAL_24, INITVAL_23, INITVAL_22, INITVAL_21, INITVAL_20,
    INITVAL_1F, INITVAL_1E, INITVAL_1D, INITVAL_1C, INITVAL_1B, INITVAL_1A, INITVAL_19, INITVAL_18,
    INITVAL_17, INITVAL_16, INITVAL_15, INITVAL_14, INITVAL_13, INITVAL_12, INITVAL_11, INITVAL_10,
    INITVAL_0F, INITVAL_0E, INITVAL_0D, INITVAL_0C, INITVAL_0B, INITVAL_0A, INITVAL_09, INITVAL_08,
    INITVAL_07, INITVAL_06, INITVAL_05, INITVAL_04, INITVAL_03, INITVAL_02, INITVAL_01, INITVAL_00
  };
  // 16 words of 18 bits stand in each value, 20 bits apart; an address counts bits without parity
  function [17:0] word(input [9:0] number);
    word = CONTENT[20 * number +: 18];
  endfunction
  function [17:0] narrow(input [13:0] address, input integer width);
    reg [8:0] half;
    begin
      half = address[3] ? word(address[13:4]) >> 9 : word(address[13:4]);
      narrow = width == 18 ? word(address[13:4]) : width == 9 ? half
        : (half >> address[2:0]) & ((1 << width) - 1);
    end
  endfunction
  generate
    if (DATA_WIDTH_B == 36) begin : wide  // its lower half leaves by port A
      always @(posedge CLKB) if (CEB) DOB <= word({ADB[13:5], 1'b1});
      always @(posedge CLKB) if (CEB) DOA <= word({ADB[13:5], 1'b0});
    end else begin : single
      always @(posedge CLKA) if (CEA) DOA <= narrow(ADA, DATA_WIDTH_A);
      always @(posedge CLKB) if (CEB) DOB <= narrow(ADB, DATA_WIDTH_B);
    end
  endgenerate
endmodule

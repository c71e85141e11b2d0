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

module TRELLIS_FF (input wire CLK, LSR, CE, DI, M, output reg Q);
  parameter CEMUX = "CE";
  parameter CLKMUX = "CLK";
  parameter LSRMUX = "LSR";
  parameter REGSET = "RESET";
  parameter SRMODE = "ASYNC";
  parameter SD = "0";
  localparam value = REGSET == "SET";
  wire clock = CLKMUX == "INV" ? ~CLK : CLK;
  wire enable = CEMUX == "1" ? 1'b1 : CEMUX == "INV" ? ~CE : CEMUX == "0" ? 1'b0 : CE;
  wire reset = LSRMUX == "INV" ? ~LSR : LSR;
  wire following = SD == "1" ? DI : M;
  initial Q = value;
  generate
    if (SRMODE == "ASYNC") begin : asynchronous
      always @(posedge clock or posedge reset)
        if (reset) Q <= value;
        else if (enable) Q <= following;
    end else begin : synchronous
      always @(posedge clock)
        if (reset) Q <= value;
        else if (enable) Q <= following;
    end
  endgenerate
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
  dse_stage #(19, REG_INPUTA_CLK) ra (CLK0, CE0, RST0, {SIGNEDA & A[17], A}, a);
  dse_stage #(19, REG_INPUTB_CLK) rb (CLK0, CE0, RST0, {SIGNEDB & B[17], B}, b);
  dse_stage #(36, REG_PIPELINE_CLK) rm (CLK0, CE0, RST0, whole[35:0], middle);
  dse_stage #(36, REG_OUTPUT_CLK) rp (CLK0, CE0, RST0, middle, P);
endmodule

module dse_stage (CLK, CE, RST, D, Q);
  parameter BITS = 1;
  parameter CLOCK = "NONE";
  input wire CLK, CE, RST;
  input wire [BITS-1:0] D;
  output wire [BITS-1:0] Q;
  generate
    if (CLOCK == "NONE") begin : wires
      assign Q = D;
    end else begin : registers
      reg [BITS-1:0] kept = 0;
      always @(posedge CLK) if (RST) kept <= 0; else if (CE) kept <= D;
      assign Q = kept;
    end
  endgenerate
endmodule

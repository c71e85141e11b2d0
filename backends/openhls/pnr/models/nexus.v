// Cells of CrossLink-NX as nextpnr writes them, for simulation without delays.
// Behaviour: Lattice FPGA-TN-02096 (DSP), FPGA-DS-02049 (slices); cells: Project Oxide.
// Buses are joined, and constant inputs are resolved, by backends/openhls/pnr/netlist.py.

module OXIDE_COMB (input wire A, B, C, D, SEL, F1, FCI, output wire F, FCO, OFX);
  parameter MODE = "LOGIC";
  parameter [15:0] INIT = 0;
  parameter INJECT = "NO";
  wire look_up = INIT[{D, C, B, A}];
  generate
    if (MODE == "CCU2") begin : carry
      wire chained = INJECT != "YES";
      wire low = INIT[{1'b0, C, B, A}];
      assign F = look_up ^ (FCI & chained);
      assign FCO = look_up ? FCI : low & chained;
    end else begin : logic_only
      assign F = look_up;
      assign FCO = 1'b0;
    end
  endgenerate
  assign OFX = SEL ? F1 : F;
endmodule

module OXIDE_FF (input wire CLK, LSR, CE, DI, M, output wire Q);
  parameter CEMUX = "CE";
  parameter CLKMUX = "CLK";
  parameter LSRMUX = "LSR";
  parameter REGSET = "RESET";
  parameter SRMODE = "LSR_OVER_CE";
  parameter SEL = "DF";  // DL: data come from the look-up table
  dse_slice_flip_flop #(CEMUX, CLKMUX, LSRMUX, REGSET, SRMODE) q
    (CLK, LSR, CE, SEL == "DL" ? DI : M, Q);
endmodule

module PREADD9_CORE (
  input wire [8:0] B, input wire BSIGNED, CLK, CEB, RSTB,
  output wire [8:0] BR, output wire BRSIGNED
);
  parameter REGBYPSBR0 = "BYPASS";
  dse_register #(10, REGBYPSBR0 == "REGISTER") r (CLK, CEB, RSTB, {BSIGNED, B}, {BRSIGNED, BR});
endmodule

module MULT9_CORE (
  input wire [8:0] A, BR, input wire ASIGNED, BRSIGNED, CLK, CEA, RSTA,
  output wire [8:0] AO, BO, output wire [19:0] P18, output wire AOSIGNED, BOSIGNED
);
  parameter REGBYPSA1 = "BYPASS";
  wire signed [9:0] first = {AOSIGNED & AO[8], AO}, second = {BOSIGNED & BO[8], BO};
  assign {BOSIGNED, BO} = {BRSIGNED, BR};
  assign P18 = first * second;
  dse_register #(10, REGBYPSA1 == "REGISTER") r (CLK, CEA, RSTA, {ASIGNED, A}, {AOSIGNED, AO});
endmodule

// Takes the operands themselves: the products of their halves are not needed to know the result.
module MULT18_CORE (
  input wire [8:0] ARL, ARH, BRL, BRH, input wire ARHSIGN, BRHSIGN,
  output wire [37:0] P36
);
  wire signed [18:0] first = {ARHSIGN & ARH[8], ARH, ARL};
  wire signed [18:0] second = {BRHSIGN & BRH[8], BRH, BRL};
  assign P36 = first * second;
endmodule

module REG18_CORE (input wire [17:0] PM, input wire CLK, CEP, RSTP, output wire [17:0] PP);
  parameter REGBYPS = "BYPASS";
  dse_register #(18, REGBYPS == "REGISTER") r (CLK, CEP, RSTP, PM, PP);
endmodule

module VCC_DRV (output wire Z);
  assign Z = 1'b1;
endmodule

// Sends the vectors through network_axis and compares every bit of every beat.
//
//   round 0: all @{samples} inferences, at full pace        round 1: gaps in the inputs
//   round 2: outputs that have to wait                      round 3: both
//   round 4: both, and a reset in the middle
//
// Random numbers come from a generator of its own, so every simulator sees the same.
`timescale 1ns/1ps
module network_axis_tb;
  localparam SAMPLES = @{samples}; // inferences of round 0
  localparam FEW = @{few};         // inferences of the others, from the first again after the last
  localparam BEATS = @{out_beats}; // of one output
  localparam PATIENCE = @{patience}; // cycles without any output, after which it gives up
  localparam MOOD = @{mood};      // cycles after which who waits may change its habits

  reg aclk = 0, again = 0, was_reset = 0;
  reg [3:0] resetting = 8;
  wire aresetn = resetting == 0;
  integer round = 0, cycle = 0, seen = 0, errors = 0, silent = 0;
  integer begun = -1, first = 0, ended = 0;
  wire gaps = round == 1 || round >= 3, waits = round >= 2;
  wire [31:0] wanted = (round == 0 ? SAMPLES : FEW);
  always #1 aclk = ~aclk;

  reg [31:0] random = 32'h9e3779b9, mood = 32'h7f4a7c15;
  function [31:0] next(input [31:0] x); // xorshift
    begin
      next = x ^ (x << 13);
      next = next ^ (next >> 17);
      next = next ^ (next << 5);
    end
  endfunction
  always @(posedge aclk) begin
    random <= next(random);
    if (cycle % MOOD == 0) mood <= next(mood);
  end

@{senders}

  wire [@{out_data}-1:0] m_axis_tdata;
  wire m_axis_tvalid, m_axis_tlast;
  reg m_axis_tready = 0;
  reg [@{out_data}-1:0] expected [0:SAMPLES*BEATS-1];
  initial $readmemh("vectors/expected.hex", expected);
  network_axis dut (
    .aclk(aclk), .aresetn(aresetn),
@{ports}
    .m_axis_tdata(m_axis_tdata), .m_axis_tvalid(m_axis_tvalid),
    .m_axis_tready(m_axis_tready), .m_axis_tlast(m_axis_tlast)
  );

  // never ready, seldom, often, always
  always @(posedge aclk)
    m_axis_tready <= !waits || (mood[9:8] == 3) || (mood[9:8] == 1 && random[7:6] == 0)
                     || (mood[9:8] == 2 && random[7:6] != 0);

  reg held = 0;
  reg [@{out_data}-1:0] previous;
  always @(posedge aclk) begin
    held <= aresetn && m_axis_tvalid && !m_axis_tready;
    previous <= m_axis_tdata;
    if (aresetn && held && (!m_axis_tvalid || m_axis_tdata !== previous)) begin
      $display("round %0d, cycle %0d: m_axis changes while it waits", round, cycle);
      errors = errors + 1;
    end
  end

  wire [@{out_data}-1:0] wished = expected[seen % (SAMPLES*BEATS)];
  wire right = m_axis_tdata === wished && m_axis_tlast === (seen % BEATS == BEATS - 1);
  always @(posedge aclk) begin
    cycle <= cycle + 1;
    silent <= silent + 1;
    again <= 0;
    if (resetting != 0) resetting <= resetting - 1;
    if (begun < 0 && @{taken}) begun <= cycle;
    if (aresetn && m_axis_tvalid && m_axis_tready) begin
      silent <= 0;
      seen <= seen + 1;
      if (!right) begin
        $display("round %0d, beat %0d: %h, last %b; expected %h", round, seen,
          m_axis_tdata, m_axis_tlast, wished);
        errors = errors + 1;
      end
      if (round == 0 && seen == BEATS - 1) first <= cycle;
      if (round == 0 && seen == SAMPLES * BEATS - 1) ended <= cycle;
      if (round == 4 && !was_reset && seen == FEW * BEATS / 2) begin
        was_reset <= 1;
        resetting <= 8;
      end else if (seen == wanted * BEATS - 1) round <= round + 1;
      if ((round == 4 && !was_reset && seen == FEW * BEATS / 2) || seen == wanted * BEATS - 1)
      begin
        again <= 1;
        seen <= 0;
      end
    end
    if (round == 5 || silent > PATIENCE || errors > 10) begin
      if (silent > PATIENCE) begin
        $display("round %0d: nothing behind beat %0d", round, seen);
        errors = errors + 1;
      end
@{timing}
      if (errors == 0)
        $display("PASS: every bit of %0d inferences; latency %0d cycles, interval %0d cycles",
          SAMPLES + 4 * FEW, first - begun, (ended - first) / @{gaps});
      else $display("FAIL: %0d errors", errors);
      $finish;
    end
  end
endmodule

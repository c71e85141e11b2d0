// AXI streams around the network: a beat of s_axis is one inference, a beat of m_axis its result.
//
// An inference cannot stop on its way, so it starts only where the FIFO behind the network has a
// slot for its result. tready never waits for tvalid, nor tvalid for tready. aresetn is
// synchronous, and drops what is on its way.
module network_axis (
  input  wire aclk,
  input  wire aresetn,
  input  wire [@{in_data}-1:0] s_axis_tdata,
  input  wire s_axis_tvalid,
  output wire s_axis_tready,
  output wire [@{out_data}-1:0] m_axis_tdata,
  output wire m_axis_tvalid,
  input  wire m_axis_tready,
  output wire m_axis_tlast
);
  localparam INTERVAL = @{interval}; // cycles from one inference to the next
  localparam SLOTS = @{slots};  // of the FIFO: as many as inferences can be on their way
  localparam LAST = SLOTS - 1;

  // the input stands still for INTERVAL cycles, as the network needs it
  reg [@{in_bits}-1:0] given;
  reg start = 0;
  reg [@{pause_bits}-1:0] pause = 0;
  reg [@{count_bits}-1:0] reserved = 0, filled = 0;
  assign s_axis_tready = pause == 0 && reserved != SLOTS && aresetn;
  wire take = s_axis_tvalid && s_axis_tready;
  always @(posedge aclk) begin
    if (take) given <= s_axis_tdata[@{in_bits}-1:0];
    start <= take;
    if (!aresetn) pause <= 0;
    else if (take) pause <= INTERVAL - 1;
    else if (pause != 0) pause <= pause - 1'b1;
  end

  wire done;
  wire [@{out_bits}-1:0] result;
  network network (
    .clk(aclk), .rst(!aresetn), .valid_in(start),
    @{ports},
    .valid_out(done), .out(result)
  );

  reg [@{out_bits}-1:0] memory [0:LAST];
  reg [@{address_bits}-1:0] write = 0, read = 0;
  wire give = m_axis_tvalid && m_axis_tready;
  assign m_axis_tvalid = filled != 0;
  assign m_axis_tdata = @{result};
  assign m_axis_tlast = 1'b1;
  always @(posedge aclk) begin
    if (done) memory[write] <= result;
    if (!aresetn) begin
      reserved <= 0;
      filled <= 0;
      write <= 0;
      read <= 0;
    end else begin
      reserved <= reserved + take - give;
      filled <= filled + done - give;
      if (done) write <= write == LAST ? 0 : write + 1'b1;
      if (give) read <= read == LAST ? 0 : read + 1'b1;
    end
  end
endmodule

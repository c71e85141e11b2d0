// AXI streams around the network: a beat is one position of a tensor, with all its features.
//
// m_axis_tlast marks the last position of an inference. tready never waits for tvalid, nor tvalid
// for tready. aresetn is synchronous, and drops what is on its way.
module network_axis (
  input  wire aclk,
  input  wire aresetn,
@{ports},
  output wire [@{out_data}-1:0] m_axis_tdata,
  output wire m_axis_tvalid,
  input  wire m_axis_tready,
  output wire m_axis_tlast
);
  localparam POSITIONS = @{positions}; // of the output
  @{rooms}
  wire [@{out_bits}-1:0] out;
  assign m_axis_tdata = @{result};
  network network (
    .clk(aclk), .rst(!aresetn),
    @{placed},
    .out_ready(m_axis_tready), .out_valid(m_axis_tvalid), .out(out)
  );

  reg [@{position_bits}-1:0] position = 0;
  assign m_axis_tlast = position == POSITIONS - 1;
  always @(posedge aclk)
    if (!aresetn) position <= 0;
    else if (m_axis_tvalid && m_axis_tready) position <= m_axis_tlast ? 0 : position + 1'b1;
endmodule

  reg [@{data}-1:0] @{name}_vectors [0:SAMPLES*@{beats}-1];
  initial $readmemh("vectors/@{name}.hex", @{name}_vectors);
  reg [@{data}-1:0] @{name}_tdata;
  reg @{name}_tvalid = 0;
  wire @{name}_tready;
  integer @{name}_sent = 0;
  always @(posedge aclk)
    if (!aresetn || again) begin
      @{name}_tvalid <= 0;
      @{name}_sent <= 0;
    end else if (!@{name}_tvalid || @{name}_tready) begin
      @{name}_tvalid <= 0;
      @{name}_tdata <= {@{data}{1'bx}};
      if (@{name}_sent < wanted * @{beats} && !(gaps && random[@{bit}])) begin
        @{name}_tvalid <= 1;
        @{name}_tdata <= @{name}_vectors[@{name}_sent % (SAMPLES*@{beats})];
        @{name}_sent <= @{name}_sent + 1;
      end
    end

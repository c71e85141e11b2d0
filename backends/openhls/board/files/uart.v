// A UART: 8 bits, no parity, one stop bit. DIVISOR: cycles of clk per bit.
module uart_receiver #(parameter DIVISOR = 217) (
  input wire clk, input wire rx, output reg [7:0] data, output reg valid
);
  reg [1:0] meta = 2'b11; // two registers: rx knows nothing of clk
  reg [15:0] wait_for = 0;
  reg [3:0] bits_left = 0;
  initial valid = 0;
  always @(posedge clk) begin
    meta <= {rx, meta[1]};
    valid <= 0;
    if (bits_left == 0) begin
      if (!meta[0]) begin // the start bit; look at its middle next
        bits_left <= 10;
        wait_for <= DIVISOR / 2;
      end
    end else if (wait_for != 0) wait_for <= wait_for - 1'b1;
    else begin
      wait_for <= DIVISOR - 1;
      bits_left <= bits_left - 1'b1;
      if (bits_left == 10 && meta[0]) bits_left <= 0; // a glitch
      else if (bits_left == 1) valid <= meta[0];      // without a stop bit it was no byte
      else data <= {meta[0], data[7:1]};
    end
  end
endmodule

module uart_sender #(parameter DIVISOR = 217) (
  input wire clk, input wire [7:0] data, input wire send, output wire tx, output wire busy
);
  reg [9:0] shift = 10'h3ff;
  reg [15:0] wait_for = 0;
  reg [3:0] bits_left = 0;
  assign tx = shift[0];
  assign busy = bits_left != 0;
  always @(posedge clk)
    if (!busy) begin
      if (send) begin
        shift <= {1'b1, data, 1'b0};
        bits_left <= 10;
        wait_for <= DIVISOR - 1;
      end
    end else if (wait_for != 0) wait_for <= wait_for - 1'b1;
    else begin
      wait_for <= DIVISOR - 1;
      bits_left <= bits_left - 1'b1;
      shift <= {1'b1, shift[9:1]};
    end
endmodule

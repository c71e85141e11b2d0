// @{title}: the network behind a UART, with a self-test
//
// After power-up @{tests} embedded inferences run. led_pass shines where every bit is right, led_fail
// where one is not. Then the UART (@{baud} baud, 8N1) is listened to:
//
//   host sends                      board answers
//   'I', one inference, CRC         its output, 06 (or 15 where the CRC is wrong), CRC
//   'T'                             01 (or 00 where it failed): the self-test, run again
//   'V'                             4 bytes that identify the network
//
// Beats are sent lowest byte first. The CRC has 8 bits (polynomial 07), over the inference, or over
// the output with the 06 or 15. A request that stops for longer than TIMEOUT cycles is dropped.
module board #(
  parameter DIVIDE = @{divide},   // the design's clock: the board's, divided
  parameter DIVISOR = @{divisor}, // cycles per bit of the UART
  parameter TIMEOUT = 1 << 22,
  parameter FLIP = 0 // 1: the self-test expects one wrong bit
) (
  input  wire clk,
  input  wire uart_rx,
  output wire uart_tx,
  output wire led_pass,
  output wire led_fail@{high_port}
);
  localparam IN = @{in_bytes}, IN_BEATS = @{in_beats}, OUT = @{out_bytes}, OUT_BEATS = @{out_beats};
  localparam TESTS = @{tests};
@{high_value}
  wire core;
  generate
    if (DIVIDE == 1) assign core = clk;
    else begin
      reg [7:0] half = 0;
      reg slow = 0;
      always @(posedge clk)
        if (half == DIVIDE / 2 - 1) begin
          half <= 0;
          slow <= !slow;
        end else half <= half + 1'b1;
      assign core = slow;
    end
  endgenerate

  wire [7:0] byte_in;
  wire got;
  reg [7:0] byte_out = 0;
  reg send = 0;
  wire sending;
  uart_receiver #(.DIVISOR(DIVISOR)) receiver (.clk(core), .rx(uart_rx), .data(byte_in), .valid(got));
  uart_sender #(.DIVISOR(DIVISOR)) sender (
    .clk(core), .data(byte_out), .send(send), .tx(uart_tx), .busy(sending));

  reg [5:0] resetting = 63;
  reg [8*IN-1:0] given = 0;
  reg given_valid = 0;
  wire given_ready, result_valid, result_last;
  wire [8*OUT-1:0] result;
  wire result_ready;
  network_axis network_axis (
    .aclk(core), .aresetn(resetting == 0),
    .s_axis_tdata(given), .s_axis_tvalid(given_valid), .s_axis_tready(given_ready),
    .m_axis_tdata(result), .m_axis_tvalid(result_valid), .m_axis_tready(result_ready),
    .m_axis_tlast(result_last)
  );

  function [7:0] crc(input [7:0] before_it, input [7:0] value);
    integer n;
    begin
      crc = before_it ^ value;
      for (n = 0; n < 8; n = n + 1) crc = crc[7] ? (crc << 1) ^ 8'h07 : crc << 1;
    end
  endfunction

  localparam START = 0, TEST = 1, COMMAND = 2, RECEIVE = 3, CHECK = 4, STATUS = 5, SUM = 6, REPLY = 7;
  reg [2:0] state = START;
  reg passed = 0, failed = 0, right = 1, asked = 0;
  assign led_pass = passed ^ @{lit_by_zero};
  assign led_fail = failed ^ @{lit_by_zero};

  // the self-test: beats of the inputs, and of the outputs that they must give
  reg [15:0] test_in = 0, test_out = 0;
  wire [8*IN-1:0] vector;
  wire [8*OUT-1:0] wished;
  self_test self_test (.in(test_in), .out(test_out), .vector(vector), .wished(wished));
  wire last_test = test_out == TESTS * OUT_BEATS - 1;
  wire same = result == (wished ^ (FLIP && last_test));

  reg [15:0] bytes_in = 0, beats_in = 0, bytes_left = 0, beats_left = 0;
  reg [8*OUT-1:0] shift = 0;
  reg [7:0] crc_in = 0, crc_out = 0;
  reg crc_right = 0;
  reg [31:0] silent = 0, reply = 0;
  reg [2:0] replies = 0;
  wire free = !sending && !send;
  assign result_ready = state == TEST || (bytes_left == 0 && beats_left != 0);

  always @(posedge core) begin
    send <= 0;
    silent <= got ? 0 : silent + 1'b1;
    if (given_valid && given_ready) given_valid <= 0;
    if (resetting != 0) resetting <= resetting - 1'b1;

    // an output on its way to the host
    if (state != TEST && result_valid && result_ready) begin
      shift <= result;
      bytes_left <= OUT;
      beats_left <= beats_left - 1'b1;
    end
    if (bytes_left != 0 && free) begin
      byte_out <= shift[7:0];
      send <= 1;
      crc_out <= crc(crc_out, shift[7:0]);
      shift <= shift >> 8;
      bytes_left <= bytes_left - 1'b1;
    end

    case (state)
      START: if (resetting == 0) begin
        state <= TEST;
        right <= 1;
        test_in <= 0;
        test_out <= 0;
      end
      TEST: begin
        if (!given_valid && test_in != TESTS * IN_BEATS) begin
          given <= vector;
          given_valid <= 1;
          test_in <= test_in + 1'b1;
        end
        if (result_valid) begin
          test_out <= test_out + 1'b1;
          if (!same) right <= 0;
          if (last_test) begin
            passed <= right && same;
            failed <= !(right && same);
            reply <= right && same;
            replies <= asked;
            state <= REPLY;
          end
        end
      end
      COMMAND: if (got) begin
        bytes_in <= 0;
        beats_in <= 0;
        crc_in <= 0;
        crc_out <= 0;
        case (byte_in)
          "I": begin
            state <= RECEIVE;
            beats_left <= OUT_BEATS;
          end
          "T": begin
            state <= START;
            asked <= 1;
            passed <= 0;
            failed <= 0;
          end
          "V": begin
            state <= REPLY;
            reply <= 32'h@{identity};
            replies <= 4;
          end
          default: ;
        endcase
      end
      RECEIVE: begin
        if (got) begin
          crc_in <= crc(crc_in, byte_in);
          given <= (given >> 8) | ({{(8*IN){1'b0}}, byte_in} << (8*IN - 8));
          bytes_in <= bytes_in + 1'b1;
          if (bytes_in == IN - 1) begin
            bytes_in <= 0;
            given_valid <= 1;
            beats_in <= beats_in + 1'b1;
            if (beats_in == IN_BEATS - 1) state <= CHECK;
          end
        end
      end
      CHECK: if (got) begin
        crc_right <= crc_in == byte_in;
        state <= STATUS;
      end
      STATUS: if (beats_left == 0 && bytes_left == 0 && free) begin
        byte_out <= crc_right ? 8'h06 : 8'h15;
        crc_out <= crc(crc_out, crc_right ? 8'h06 : 8'h15);
        send <= 1;
        state <= SUM;
      end
      SUM: if (free) begin
        byte_out <= crc_out;
        send <= 1;
        state <= COMMAND;
      end
      REPLY: if (replies == 0) begin
        state <= COMMAND;
        asked <= 0;
      end else if (free) begin
        byte_out <= reply[7:0];
        reply <= reply >> 8;
        send <= 1;
        replies <= replies - 1'b1;
      end
    endcase

    // the host has stopped, or is faster than the network: drop it all
    if ((state == RECEIVE || state == CHECK) && !got && silent >= TIMEOUT
        || state == RECEIVE && got && given_valid) begin
      state <= COMMAND;
      resetting <= 63;
      given_valid <= 0;
      beats_left <= 0;
      bytes_left <= 0;
    end
  end
endmodule

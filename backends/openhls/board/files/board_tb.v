// The whole board: bits of the UART in and out, with the UART's own time, against the vectors.
//
// vectors/uart.hex is a script, a word a line: 00xxxx sends the byte xx, 01nnnn waits until nnnn bytes
// have come back, 02nnnn is silent for nnnn bits, 030000 is the end. Answers must be
// vectors/uart_answers.hex.
`timescale 1ns/1ps
module board_tb;
  parameter FLIP = 0;
  localparam real BIT = @{bit_ns}, HALF_PERIOD = @{half_period_ns};
  localparam WORDS = @{words}, ANSWERS = @{answers};
  reg clk = 0, rx = 1;
  wire tx, led_pass, led_fail;
  always #(HALF_PERIOD) clk = ~clk;
  board #(.FLIP(FLIP), .TIMEOUT(@{timeout})) dut (
    .clk(clk), .uart_rx(rx), .uart_tx(tx), .led_pass(led_pass), .led_fail(led_fail));
  wire pass_lit = led_pass ^ @{lit_by_zero}, fail_lit = led_fail ^ @{lit_by_zero};

  reg [23:0] script [0:WORDS-1];
  reg [7:0] answers [0:ANSWERS-1];
  integer word = 0, bits = 0, wrong = 0, came = 0, n = 0, patience = 0;
  reg [7:0] heard;
  initial begin
    $readmemh("vectors/uart.hex", script);
    $readmemh("vectors/uart_answers.hex", answers);
    patience = @{patience};
    while (pass_lit !== 1 && fail_lit !== 1 && patience != 0) begin
      #(BIT);
      patience = patience - 1;
    end
    if (FLIP) begin
      if (fail_lit === 1 && pass_lit === 0) $display("PASS: one flipped bit fails the self-test");
      else $display("FAIL: one flipped bit does not fail the self-test");
      $finish;
    end
    if (pass_lit !== 1 || fail_lit !== 0) begin
      $display("FAIL: the self-test: pass %b, fail %b", pass_lit, fail_lit);
      $finish;
    end
    #(4 * BIT);
    while (word < WORDS) begin
      case (script[word][23:16])
        0: begin
          rx = 0;
          #(BIT);
          for (bits = 0; bits < 8; bits = bits + 1) begin
            rx = script[word][bits];
            #(BIT);
          end
          rx = 1;
          #(BIT);
        end
        1: begin
          patience = @{patience};
          while (came < script[word][15:0] && patience != 0) begin
            #(BIT);
            patience = patience - 1;
          end
          if (patience == 0) begin
            $display("FAIL: %0d of %0d answers came", came, script[word][15:0]);
            $finish;
          end
        end
        2: #(BIT * script[word][15:0]);
        default: ;
      endcase
      word = word + 1;
    end
    #(20 * BIT);
    if (came == ANSWERS && wrong == 0 && pass_lit === 1)
      $display("PASS: self-test lit, %0d bytes of answers right", ANSWERS);
    else $display("FAIL: %0d bytes came, %0d expected, %0d wrong", came, ANSWERS, wrong);
    $finish;
  end

  always @(negedge tx) begin // a start bit; the edges of the byte itself are waited for here
    #(1.5 * BIT);
    for (n = 0; n < 8; n = n + 1) begin
      heard[n] = tx;
      #(BIT);
    end
    if (tx !== 1'b1 || came >= ANSWERS || heard !== answers[came]) begin
      $display("round 0, answer %0d: %h", came, heard);
      wrong = wrong + 1;
    end
    came = came + 1;
  end
endmodule

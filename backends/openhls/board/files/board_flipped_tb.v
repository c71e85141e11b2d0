// The self-test can fail: it expects one wrong bit.
`timescale 1ns/1ps
module board_flipped_tb;
  board_tb #(.FLIP(1)) flipped ();
endmodule

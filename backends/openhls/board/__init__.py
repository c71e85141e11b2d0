"""A packaged circuit on a board: a UART and a self-test around it, pins, and a bitstream."""

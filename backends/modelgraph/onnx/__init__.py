"""Read networks in ONNX and QONNX as hls4ml's layer list."""

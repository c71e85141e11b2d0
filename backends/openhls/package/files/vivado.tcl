# Out of context, without a project: vivado -mode batch -source constraints/vivado.tcl
# Run in the folder of the package. Writes build/*.rpt and build/network_axis.dcp.
file mkdir build
read_verilog {rtl/network.v rtl/network_axis.v}
read_xdc -mode out_of_context constraints/clock.xdc
synth_design -top network_axis -part @{part} -mode out_of_context
opt_design
place_design
phys_opt_design
route_design
report_utilization -file build/utilization.rpt
report_timing_summary -file build/timing.rpt
write_checkpoint -force build/network_axis.dcp
puts "WNS [get_property SLACK [get_timing_paths -max_paths 1]] ns at @{period} ns"

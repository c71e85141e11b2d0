create_clock -name aclk -period @{period} [get_nets aclk]

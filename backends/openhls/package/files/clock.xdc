create_clock -name aclk -period @{period} [get_ports aclk]

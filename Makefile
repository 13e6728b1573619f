PYTHON ?= python3

.PHONY: setup check test sample clean

setup sample test check clean:
	$(PYTHON) dev.py $@ $(ARGS)

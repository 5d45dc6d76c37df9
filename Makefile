# SPDX-License-Identifier: LGPL-2.1-or-later
# A thin front: meson and ninja do the work, tools/ knows how. `make run` and `make test` are all that a newcomer needs.

prefix ?= /usr/local

.PHONY: all run test test-kernels dev bench install uninstall deb fuzz clean help

all:
	@tools/setup build
	@tools/build build -Dtests=false -Dprefix=$(prefix)

# Records every change of kernel state on this machine, until Ctrl-C or for SECONDS=n.
run: all
	@build/ferry record $(if $(SECONDS),--for $(SECONDS))

# Every test; the last line is "N passed, N failed, N skipped". TESTS="unit live/link" runs those whose names begin so.
test:
	@tools/setup test
	@tools/build build-dev -Dtests=true -Dsanitize=true -Dwerror=true --buildtype=debug
	@tools/build build -Dtests=false -Dprefix=$(prefix)
	@tests/run $(TESTS)

# make test-kernels: the live tests on other kernels, in virtual machines. KERNELS="6.1 6.12" for those alone, KERNEL_TESTS="stat" for that one, WITHIN=600 seconds; all kernels and tests
# write doc/kernels.md anew.
test-kernels:
	@tools/setup test
	@tools/setup kernels
	@tools/build build-dev -Dtests=true -Dsanitize=true -Dwerror=true --buildtype=debug
	@tools/build build -Dtests=false -Dprefix=$(prefix)
	@tools/kernels/test $(if $(KERNEL_TESTS),--tests "$(KERNEL_TESTS)") $(if $(WITHIN),--within $(WITHIN)) $(KERNELS); status=$$?; \
		$(if $(KERNELS)$(KERNEL_TESTS),,tools/kernels/test --table doc/kernels.md;) exit $$status

# The developer build: sanitizers, and warnings are errors.
dev:
	@tools/setup test
	@tools/build build-dev -Dtests=true -Dsanitize=true -Dwerror=true --buildtype=debug

# make bench: all benches, beside others in the same run; a table, and bench/results.json, of which tools/performance makes doc/performance.md. QUICK=1 for a look.
bench: all
	@tools/setup test
	@bench/run

install: all
	@meson install -C build --no-rebuild --quiet
	@echo "ferry is installed below $(DESTDIR)$(prefix)"

uninstall:
	@tools/uninstall build

# make deb: Debian packages of what is committed, in build-deb/, tried in a clean Debian root.
deb:
	@tools/setup deb
	@tools/deb
	@tools/deb-test

# make fuzz NAME=address RUNS=1000000
fuzz:
	@tools/setup fuzz
	@tests/fuzz/run $(NAME) $(RUNS)

clean:
	rm -rf build build-dev build-fuzz build-kernels

help:
	@sed -n 's/^# \(make.*\)/\1/p; s/^\([a-z]*\):.*/make \1/p' Makefile

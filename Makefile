# ccr: cross-cluster replication through object storage. `make help` lists the targets.
#
# On a fresh Debian 12 `make demo` and `make check` install what is missing, build and run. Whatever needs a
# package runs in a second make, after .ci/deps; nothing here asks for a tool before a recipe needs it.

PREFIX ?= /usr/local
DESTDIR ?=
ifeq ($(origin CC),default)
CC := gcc
endif
BUILD ?= build
BIN ?= bin

PROGRAMS := $(patsubst src/%.c,%,$(sort $(wildcard src/ccr-*.c)))

DEPS_BUILD := gcc make libc6-dev pkg-config libmariadb-dev libmariadb-dev-compat libzstd-dev libarchive-dev \
	libssl-dev libjansson-dev libini-config-dev zlib1g-dev libcurl4-gnutls-dev libexpat1-dev libs3-dev
DEPS_RUN := mariadb-server-core mariadb-client zstd jq tar openssl procps util-linux
# mariadb-server brings the server's plugins (a test encrypts a binlog)
# Ceph and Swift are the S3 servers of the tests; prometheus brings promtool
DEPS_S3 := radosgw ceph-mon ceph-osd curl
DEPS_CHECK := $(DEPS_RUN) mariadb-server galera-4 bats clang libclang-rt-dev diffutils $(DEPS_S3) \
	swift-proxy swift-account swift-container swift-object faketime prometheus
DEPS_FUZZ := clang libclang-rt-dev
DEPS_LINT := clang-format cppcheck shellcheck
# mydumper, rclone and s3cmd are peers, gnuplot draws
DEPS_BENCH := $(DEPS_RUN) sysbench time mydumper gnuplot-nox $(DEPS_S3) rclone s3cmd

ifeq ($(SANITIZE),1)
BUILD := $(BUILD)/sanitize
BIN := $(BUILD)/bin
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif

# The fuzz targets are clang's (make fuzz).
ifeq ($(FUZZ),1)
CC := clang
BUILD := $(BUILD)/fuzz
SANITIZERS := -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wvla -Wundef -Wimplicit-fallthrough -Wswitch-enum \
	-Wnull-dereference -Wdouble-promotion
ifeq ($(CI),true)
WARNINGS += -Werror
endif
CFLAGS ?= -O2 -g
MODULES := libzstd libarchive libcrypto jansson ini_config zlib libcurl expat
# Evaluated once, at the first use.
LIB_CFLAGS = $(eval LIB_CFLAGS := $$(shell mariadb_config --cflags) $$(shell pkg-config --cflags $(MODULES)))$(LIB_CFLAGS)
LIB_LIBS = $(eval LIB_LIBS := $$(shell mariadb_config --libs) $$(shell pkg-config --libs $(MODULES)))$(LIB_LIBS)
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -pthread $(WARNINGS) $(CFLAGS) $(SANITIZERS) \
	-Ilib $(if $(findstring tests/,$@),-I.) $(LIB_CFLAGS)
ALL_LDFLAGS = -pthread $(LDFLAGS) $(SANITIZERS)
# libs3 (signature V2) has no pkg-config file. Its libcurl is that of GnuTLS, and so is ours: one in the process.
LDLIBS = $(LIB_LIBS) -ls3

LIB_SRC := $(sort $(wildcard lib/*/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
LIB := $(BUILD)/libccr.a
UNIT_SRC := $(sort $(wildcard tests/unit/*.c))
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
FUZZ_SRC := $(sort $(wildcard tests/fuzz/*.c))
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(BUILD)/bin/%)
MODEL_SRC := $(sort $(wildcard tests/model/*.c))

all: $(PROGRAMS:%=$(BIN)/%) ## build the binaries into bin/

$(BIN)/%: $(BUILD)/src/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(LIB): $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/%.o: %.c | tools
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

unit: $(UNIT_BIN) $(BUILD)/unit/model_history ## build the unit tests

# A compiler's complaint about missing headers would not say what to do.
tools:
	@command -v $(CC) >/dev/null && command -v mariadb_config >/dev/null && pkg-config --exists $(MODULES) && \
		echo '#include <libs3.h>' | $(CC) -E - >/dev/null 2>&1 || \
		{ echo "a compiler or a library is missing: run 'make deps' first"; exit 1; }

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

fuzz-targets: $(FUZZ_BIN)

$(FUZZ_BIN): $(BUILD)/bin/%: $(BUILD)/tests/fuzz/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

$(BUILD)/unit/model_history: $(MODEL_SRC:%.c=$(BUILD)/%.o)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^

.SECONDARY:
-include $(LIB_OBJ:.o=.d) $(PROGRAMS:%=$(BUILD)/src/%.d) \
	$(patsubst %.c,$(BUILD)/%.d,$(UNIT_SRC) $(FUZZ_SRC) $(MODEL_SRC))

deps: ## install the packages that building and running need (apt)
	@.ci/deps $(DEPS_BUILD) $(DEPS_RUN)

demo: ## replicate a busy shop between two private servers (KEEP=1 leaves them running, STORE=s3: through a private Ceph)
	@.ci/deps $(DEPS_BUILD) $(DEPS_RUN) $(if $(filter s3,$(STORE)),$(DEPS_S3))
	@$(MAKE) --no-print-directory all $(if $(filter s3,$(STORE)),$(BUILD)/unit/s3_tool $(BUILD)/unit/store_tool)
	@bin/ccr-demo

CHECK_BUILDS = $(MAKE) --no-print-directory all unit && \
	$(MAKE) --no-print-directory CC=clang BUILD=build/clang BIN=build/clang/bin CI=true all unit && \
	$(MAKE) --no-print-directory SANITIZE=1 all unit && $(MAKE) --no-print-directory FUZZ=1 fuzz-targets

# The fast tier runs under the sanitizers, the full tier as users have it (check-fast: the fast tier, too).
check: ## build (gcc, clang, sanitizers) and run all tests
	@.ci/deps $(DEPS_BUILD) $(DEPS_CHECK)
	@$(CHECK_BUILDS)
	@tests/run unit clang-unit sanitize-unit sanitize-fast full fuzz

check-fast: ## build and run the unit tests and the fast tier
	@.ci/deps $(DEPS_BUILD) $(DEPS_CHECK)
	@$(MAKE) --no-print-directory all unit
	@tests/run unit fast

soak: ## the tests that count kills and histories, SOAK=10 times as many as make check; the result goes to tests/SOAK.md
	@.ci/deps $(DEPS_BUILD) $(DEPS_CHECK)
	@$(MAKE) --no-print-directory all unit
	@tests/soak

bench: ## measure against mariadb-dump, mariadb-binlog, native replication, curl and rclone (tests/bench/README.md)
	@.ci/deps $(DEPS_BUILD) $(DEPS_BENCH)
	@$(MAKE) --no-print-directory all unit
	@tests/bench/run
	@tests/bench/replay
	@tests/bench/latency
	@tests/bench/s3

fuzz: ## fuzz the parsers (FUZZ_SECONDS each, FUZZ_TARGETS some of them)
	@.ci/deps $(DEPS_BUILD) $(DEPS_FUZZ)
	@$(MAKE) --no-print-directory FUZZ=1 fuzz-targets
	@tests/run fuzz

lint: ## clang-format (check only), cppcheck, shellcheck
	@.ci/deps $(DEPS_LINT)
	@.ci/lint

DOC := $(DESTDIR)$(PREFIX)/share/doc/ccr

$(BUILD)/man/%.1: $(BIN)/% man/%.man man/common.man man/page
	@mkdir -p $(@D)
	man/page $< > $@

man: $(PROGRAMS:%=$(BUILD)/man/%.1) ## build the manual pages (from --help and man/)

install: all man ## install into PREFIX (/usr/local), below DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1 $(DOC)/formats $(DOC)/examples
	install -m 644 $(PROGRAMS:%=$(BUILD)/man/%.1) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(PROGRAMS:%=$(BIN)/%) bin/ccr-demo $(DESTDIR)$(PREFIX)/bin
	install -m 644 README.md LICENSE $(DOC)
	cp -R formats/. $(DOC)/formats
	install -m 644 $(filter-out %.sh,$(wildcard cron/*)) $(DOC)/examples
	install -m 755 cron/*.sh $(DOC)/examples

clean: ## remove everything that was built
	rm -rf build $(PROGRAMS:%=bin/%)

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

.PHONY: all man unit tools deps demo check check-fast soak bench fuzz fuzz-targets lint install clean help

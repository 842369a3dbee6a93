# ccr: cross-cluster replication through object storage. `make help` lists the targets.

PREFIX ?= /usr/local
DESTDIR ?=
ifeq ($(origin CC),default)
CC := gcc
endif
BUILD ?= build
BIN ?= bin

PROGRAMS := $(patsubst src/%.c,%,$(sort $(wildcard src/ccr-*.c)))

DEPS_BUILD := gcc make libc6-dev pkg-config libmariadb-dev libmariadb-dev-compat libzstd-dev libarchive-dev \
	libssl-dev libjansson-dev libini-config-dev zlib1g-dev
DEPS_RUN := mariadb-server mariadb-client zstd jq tar openssl procps util-linux
DEPS_CHECK := $(DEPS_RUN) bats git
DEPS_LINT := clang clang-format cppcheck shellcheck git
DEPS_BENCH := $(DEPS_RUN) sysbench

ifeq ($(SANITIZE),1)
BUILD := $(BUILD)/sanitize
BIN := $(BUILD)/bin
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
endif

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wvla -Wundef -Wimplicit-fallthrough -Wswitch-enum \
	-Wnull-dereference -Wdouble-promotion
ifeq ($(CI),true)
WARNINGS += -Werror
endif
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -pthread $(WARNINGS) $(CFLAGS) $(SANITIZERS) \
	-Ilib $(shell mariadb_config --cflags) \
	$(shell pkg-config --cflags libzstd libarchive libcrypto jansson ini_config zlib)
ALL_LDFLAGS = -pthread $(LDFLAGS) $(SANITIZERS)
LDLIBS = $(shell mariadb_config --libs) $(shell pkg-config --libs libzstd libarchive libcrypto jansson ini_config zlib)

LIB_SRC := $(sort $(wildcard lib/*/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(BUILD)/%.o)
LIB := $(BUILD)/libccr.a
UNIT_SRC := $(sort $(wildcard tests/unit/*.c))
UNIT_BIN := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)

all: $(PROGRAMS:%=$(BIN)/%)

$(BIN)/%: $(BUILD)/src/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

$(LIB): $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

unit: $(UNIT_BIN)

$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(LIB)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS)

.SECONDARY:
-include $(LIB_OBJ:.o=.d) $(PROGRAMS:%=$(BUILD)/src/%.d) $(UNIT_SRC:%.c=$(BUILD)/%.d)

clean:
	rm -rf build $(PROGRAMS:%=bin/%)

.PHONY: all unit clean

# SPDX-License-Identifier: MIT
# `make help` lists the targets. Everything built lies under build/.
#
# A bare Debian has no compiler when this file is read: whatever asks the system something is evaluated
# in a recipe, after `deps`.

SHELL := /bin/bash
.DEFAULT_GOAL := all

CC ?= gcc
LUA ?= lua5.4
BUILD := build
PREFIX ?= /usr/local
WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla \
  -Wno-format-truncation $(if $(WERROR),-Werror)
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2
CFLAGS ?= -O2 -g
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -I/usr/include/lua5.4 $(CFLAGS) $(WARNINGS) -MMD -MP
SANITIZE := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
  -DECR_ALLOC_SWEEP
ARCHIVES = $(shell $(CC) -print-multiarch | sed 's|^|/usr/lib/|')
ARGPARSE := /usr/share/lua/5.4/argparse.lua

MAIN := core/ecrlua.c core/command.c
CORE := $(filter-out $(MAIN) core/embed.c,$(wildcard core/*.c))
BIND := $(wildcard core/bind/*.c)
MODULES := $(sort $(shell find lua -name '*.lua'))
SCRIPTS := $(sort $(wildcard scripts/*.lua))
UNITS := $(patsubst spec/core/%.c,$(BUILD)/spec/%,$(wildcard spec/core/test_*.c)) $(BUILD)/spec/sweep
FUZZ := decode reference ini xml dockerconfig
REPLAYS := $(FUZZ:%=$(BUILD)/fuzz/replay-%)
REPLAYED := $(foreach t,$(FUZZ),"$(BUILD)/fuzz/replay-$(t) spec/fuzz/corpus/$(t)")
FUZZ_SECONDS ?= 60
FUZZ_MAX_decode := 4096
FUZZ_MAX_reference := 600
FUZZ_MAX_ini := 2048
FUZZ_MAX_xml := 4096
FUZZ_MAX_dockerconfig := 1024

OBJ := $(patsubst core/%.c,$(BUILD)/obj/%.o,$(CORE) $(BIND) $(MAIN))
PIC := $(patsubst core/%.c,$(BUILD)/pic/%.o,$(CORE) $(BIND))
ASAN := $(patsubst core/%.c,$(BUILD)/asan-obj/%.o,$(CORE) $(BIND) $(MAIN))
ASAN_CORE := $(patsubst core/%.c,$(BUILD)/asan-obj/%.o,$(CORE))
FUZZ_CORE := $(patsubst core/%.c,$(BUILD)/fuzz/core/%.o,$(CORE))
FUZZ_CFLAGS = -std=c11 -D_GNU_SOURCE $(SANITIZE) -fsanitize=fuzzer-no-link $(WARNINGS) \
  -Wno-unknown-warning-option -MMD -MP

# Programs that specs of logging in run, and their libraries.
CLIENTS := docker-registry skopeo podman docker.io libgpgme11 libassuan0 libdevmapper1.02.1 libsubid4

MUTATED := lua/ecr/gate.lua $(sort $(wildcard lua/ecr/gate/*.lua))
MUTATION := $(LUA) spec/mutate.lua $(MUTATED) -- spec/ecr/gate_spec.lua spec/ecr/gate
VALGRIND := $(LUA) spec/valgrind.lua $(BUILD)/ecrlua

PARSERS = $(ARCHIVES)/libyajl_s.a $(ARCHIVES)/libexpat.a
STATIC = -Wl,--whole-archive $(ARCHIVES)/liblua5.4.a -Wl,--no-whole-archive \
  $(ARCHIVES)/liblua5.4-cjson.a $(PARSERS)
LIBS := -lcrypto -lm

.PHONY: all deps deps-test deps-check deps-fuzz demo test check fuzz mutation units specs asan-specs format \
  format-check lint model docs stats install install-rock clean help

all: $(BUILD)/ecrlua $(BUILD)/ecr/core.so ## build the interpreter and the module

deps: ## install what building needs (Debian packages)
	@sh spec/support/deps.sh gcc libc6-dev liblua5.4-dev lua-cjson-dev lua-argparse libyajl-dev \
	  libexpat1-dev libcurl4-openssl-dev libcurl4 libssl-dev ca-certificates

deps-test: deps ## install what the tests need besides
	@sh spec/support/deps.sh lua5.4 lua-busted lua-cjson lua-socket lua-sec lua-check clang-format \
	  openssl binutils findutils
	@sh spec/support/clients.sh $(BUILD)/clients $(CLIENTS)

deps-check: deps-test ## install what checking needs besides
	@sh spec/support/deps.sh valgrind

deps-fuzz: deps ## install what fuzzing needs besides
	@sh spec/support/deps.sh clang libclang-rt-dev

demo: ## gate three images of a simulated registry
	@$(MAKE) --no-print-directory deps
	@$(MAKE) --no-print-directory -s $(BUILD)/ecrlua
	@bash spec/support/demo.sh $(BUILD)/ecrlua

test: ## run all tests
	@$(MAKE) --no-print-directory deps-test
	@$(MAKE) --no-print-directory -s all units
	@$(LUA) spec/run.lua $(UNITS) $(REPLAYED) -- $(LUA)

check: ## what CI runs: formatting, lint, warnings as errors, tests, tests under the sanitizers
	@$(MAKE) --no-print-directory deps-check
	@$(MAKE) --no-print-directory -s format-check lint
	@$(MAKE) --no-print-directory -s -j2 WERROR=1 all units $(BUILD)/asan/ecrlua
	@$(LUA) spec/run.lua $(UNITS) $(REPLAYED) "$(VALGRIND)" "$(MUTATION)" -- $(LUA) \
	  $(BUILD)/asan/ecrlua

fuzz: ## run each fuzzing target for FUZZ_SECONDS (60)
	@$(MAKE) --no-print-directory deps-fuzz
	@$(MAKE) --no-print-directory -s $(FUZZ:%=$(BUILD)/fuzz/%)
	@mkdir -p $(FUZZ:%=$(BUILD)/fuzz/found/%)
	@$(foreach t,$(FUZZ),$(BUILD)/fuzz/$(t) -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048 -timeout=10 \
	  -max_len=$(FUZZ_MAX_$(t)) -print_final_stats=1 -artifact_prefix=$(BUILD)/fuzz/$(t)- \
	  $(BUILD)/fuzz/found/$(t) spec/fuzz/corpus/$(t) &&) true

mutation: ## turn each comparison of the gate around, and see which specs notice
	@$(MAKE) --no-print-directory deps-test
	@$(MAKE) --no-print-directory -s $(BUILD)/ecr/core.so
	@$(MUTATION)

# --- building ---

$(BUILD)/obj/%.o: core/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(HARDEN) -fPIE -c $< -o $@

$(BUILD)/pic/%.o: core/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(HARDEN) -fPIC -fvisibility=hidden -c $< -o $@

$(BUILD)/asan-obj/%.o: core/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(SANITIZE) -fPIE -c $< -o $@

$(BUILD)/embed: core/embed.c
	@mkdir -p $(@D)
	$(CC) -std=c11 -O1 $(WARNINGS) $< -o $@

# lua/ecr/client.lua is the module ecr.client
module_name = $(subst /,.,$(patsubst lua/%.lua,%,$(1)))

$(BUILD)/embedded.c: $(BUILD)/embed $(MODULES) $(SCRIPTS) $(BUILD)/embedded.list
	$(BUILD)/embed $(foreach f,$(MODULES),$(call module_name,$(f))=$(f)) argparse=$(ARGPARSE) \
	  -- $(foreach f,$(SCRIPTS),$(notdir $(f))=$(f)) > $@.new
	mv $@.new $@

# Changes when a Lua file comes or goes.
$(BUILD)/embedded.list: FORCE
	@mkdir -p $(@D)
	@echo $(MODULES) $(SCRIPTS) | cmp -s - $@ || echo $(MODULES) $(SCRIPTS) > $@
.PHONY: FORCE

$(BUILD)/embedded.o: $(BUILD)/embedded.c core/embedded.h
	$(CC) -std=c11 -O1 -fPIE -Icore -c $< -o $@

$(BUILD)/ecrlua: $(OBJ) $(BUILD)/embedded.o
	$(CC) -pie -Wl,-z,relro,-z,now,-z,noexecstack -rdynamic -o $@ $^ $(STATIC) $(LIBS)

$(BUILD)/ecr/core.so: $(PIC)
	@mkdir -p $(@D)
	$(CC) -shared -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--exclude-libs,ALL -o $@ $^ \
	  $(PARSERS) $(LIBS)

$(BUILD)/asan/ecrlua: $(ASAN) $(BUILD)/embedded.o
	@mkdir -p $(@D)
	$(CC) -pie $(SANITIZE) -rdynamic -o $@ $^ $(STATIC) $(LIBS)

$(BUILD)/spec/%: spec/core/%.c $(ASAN_CORE)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(SANITIZE) -Icore -Ispec/core -Ispec/fixtures -o $@ $< $(ASAN_CORE) \
	  $(PARSERS) $(LIBS)

# The allocation sweep needs Lua and the bindings besides, and stands between the core and regcomp.
SWEEP := spec/core/sweep.c spec/core/canned.c spec/core/touched.c
$(BUILD)/spec/sweep: $(SWEEP) $(wildcard spec/core/*.h) $(filter-out $(BUILD)/asan-obj/ecrlua.o,$(ASAN))
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(ALL_CFLAGS)) $(SANITIZE) -Icore -Ispec/core -Wl,--wrap=regcomp -o $@ $(SWEEP) \
	  $(filter %.o,$^) $(STATIC) $(LIBS)


# --- fuzzing: each target once for clang's fuzzer, once for replaying the corpus without clang ---

$(BUILD)/fuzz/core/%.o: core/%.c
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -c $< -o $@

$(BUILD)/fuzz/spec/%.o: spec/fuzz/%.c
	@mkdir -p $(@D)
	clang $(FUZZ_CFLAGS) -Icore -c $< -o $@

$(BUILD)/fuzz/asan/%.o: spec/fuzz/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(SANITIZE) -Icore -c $< -o $@

$(FUZZ:%=$(BUILD)/fuzz/%): $(BUILD)/fuzz/%: $(BUILD)/fuzz/spec/%.o $(BUILD)/fuzz/spec/conform.o \
  $(BUILD)/fuzz/spec/tree.o $(FUZZ_CORE)
	clang $(SANITIZE) -fsanitize=fuzzer -o $@ $^ $(PARSERS) $(LIBS)

$(REPLAYS): $(BUILD)/fuzz/replay-%: $(BUILD)/fuzz/asan/%.o $(BUILD)/fuzz/asan/replay.o \
  $(BUILD)/fuzz/asan/conform.o $(BUILD)/fuzz/asan/tree.o $(ASAN_CORE)
	$(CC) $(SANITIZE) -o $@ $^ $(PARSERS) $(LIBS)

units: $(UNITS) $(REPLAYS)

-include $(wildcard $(BUILD)/obj/*.d $(BUILD)/obj/bind/*.d $(BUILD)/pic/*.d $(BUILD)/pic/bind/*.d \
  $(BUILD)/asan-obj/*.d $(BUILD)/asan-obj/bind/*.d $(BUILD)/spec/*.d $(BUILD)/fuzz/*/*.d)

# --- looking after the source ---

C_FILES = $(filter-out core/model.c,$(wildcard core/*.[ch] core/bind/*.[ch] spec/core/*.[ch] \
  spec/fuzz/*.[ch]))

format: ## format the C sources
	clang-format -i $(C_FILES)

format-check:
	clang-format --dry-run -Werror $(C_FILES)

lint:
	luacheck -q lua scripts examples spec core/model

model: ## generate core/model.c from AWS's published models in MODEL=DIR
	@mkdir -p $(BUILD)
	$(LUA) core/model/generate.lua $(MODEL) > $(BUILD)/model.c.new
	mv $(BUILD)/model.c.new core/model.c

docs: $(BUILD)/ecr/core.so ## put the table of services into README.md
	@LUA_CPATH='$(BUILD)/?.so;;' LUA_PATH='./?.lua;;' $(LUA) spec/support/docs.lua

stats: ## lengths of functions and files
	@$(LUA) spec/stats.lua

install: all ## install below DESTDIR and PREFIX
	install -D -m 755 $(BUILD)/ecrlua $(DESTDIR)$(PREFIX)/bin/ecrlua
	ln -sf ecrlua $(DESTDIR)$(PREFIX)/bin/docker-credential-ecrlua
	install -D -m 755 $(BUILD)/ecr/core.so $(DESTDIR)$(PREFIX)/lib/lua/5.4/ecr/core.so
	for f in $(MODULES); do install -D -m 644 $$f $(DESTDIR)$(PREFIX)/share/lua/5.4/$${f#lua/} || exit 1; done

install-rock: $(BUILD)/ecr/core.so
	install -D -m 755 $(BUILD)/ecr/core.so $(LIBDIR)/ecr/core.so
	for f in $(MODULES); do install -D -m 644 $$f $(LUADIR)/$${f#lua/} || exit 1; done

clean: ## remove everything built
	rm -rf $(BUILD)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' Makefile | while IFS='|' read -r a b; do \
	  printf '%-14s %s\n' "$$a" "$$b"; done

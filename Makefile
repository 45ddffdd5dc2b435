# CMK. The goals people use (`make help` prints them):
#
#   make          kernel (debug and release), libsel4, runtime, examples
#   make run      boots 4 CPUs as 2 nodes in QEMU, by GRUB
#   make test     the gate: unit, replay, system, models, rules and what is
#                 quick of proofs
#   make unit     host tests of the parts without hardware
#   make replay   the fuzz corpus through the parsers, once
#   make system   boots clusters in QEMU, and a few in Bochs; one or some: tests/system/run NAME...
#   make models   Spin models in tests/models
#   make rules    Coccinelle rules in tests/rules over the kernel's sources
#   make proofs   theorems in proofs/, checked by Coq, and what ties them to the code
#   make clean    removes build/
#
# Extra goals; each says what it needs and installs it where it may:
#
#   make fuzz          searches for new inputs that break a parser (clang; FUZZ_SECONDS=60 for each)
#   make bochs         more system tests in a second emulator
#   make bench         instructions per operation: a table, build/bench.json, plots; BASE=FILE
#                      compares with an earlier bench.json; one or some: tools/bench NAME...
#   make scale         which cluster shape serves which workload: measured in Bochs and QEMU,
#                      simulated, plots in build/scale/ (docs/scalability.md)
#   make clang         boots kernels that clang builds
#   make torture       more torture, parallel too; wants a machine that does nothing else
#   make torture-long  ten minutes of it for each setting
#   make chaos         kills CHAOS_KILLS=200 nodes while the others work
#   make format-check  fails if clang-format would change something (kernel and its headers)
#   make pictures      docs/*.svg from docs/*.dot
#   make fresh         make run and make test on a new Debian 12 in a folder, by root and by a user
#                      without rights
#
# Everything made is under build/. Only variables and plain rules; the tools that rules call are in
# tools/.

all: kernel user

MAKEFLAGS += --no-builtin-rules --jobs=$(shell nproc)
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

CC := gcc
LD := ld
AR := ar
NASM := nasm
FUZZ_SECONDS := 60
CHAOS_KILLS := 200
CHAOS_SEED := 1

# Debian packages. All that the goals of one command need is found or installed by one call of
# tools/packages, before anything is built: installations do not run side by side. The stamp is
# named after what it stands for. A goal that is not in the list needs PACKAGES_FOR_build.
PACKAGES_FOR_build        := build
PACKAGES_FOR_run          := build run
PACKAGES_FOR_test         := build system unit models rules proofs format
PACKAGES_FOR_unit         := unit
PACKAGES_FOR_replay       := unit
PACKAGES_FOR_system       := build system
PACKAGES_FOR_fuzz         := unit fuzz
PACKAGES_FOR_bochs        := build bochs
PACKAGES_FOR_for-bench    := build bench
PACKAGES_FOR_bench        := build bench
PACKAGES_FOR_scale        := build scale
PACKAGES_FOR_clang        := build system clang
PACKAGES_FOR_torture      := build system
PACKAGES_FOR_torture-long := build system
PACKAGES_FOR_chaos        := build system
PACKAGES_FOR_models       := models
PACKAGES_FOR_rules        := rules
PACKAGES_FOR_proofs       := build system unit proofs
PACKAGES_FOR_format-check := format
PACKAGES_FOR_pictures     := pictures

NO_BLANKS = $(subst $() ,+,$(strip $(1)))
GOALS_WITH_PACKAGES := $(filter-out clean fresh help,$(or $(MAKECMDGOALS),all))
PACKAGES := build/packages/$(call NO_BLANKS,$(sort $(foreach goal,$(GOALS_WITH_PACKAGES),\
    $(or $(PACKAGES_FOR_$(goal)),$(PACKAGES_FOR_build)))))
build/packages/%: tools/packages
	@mkdir -p $(@D)
	@tools/packages $(subst +, ,$*)
	@touch $@

# ---- Kernel: build/debug/cmk.elf and build/release/cmk.elf ---------------------------------------
# Identical sources give identical files, wherever the tree lies: no path and no time goes into
# them.

# Every source below these folders.
KERNEL_FOLDERS := $(wildcard boot node cluster kernel arch)
KERNEL_C   := $(sort $(shell find $(KERNEL_FOLDERS) -name '*.c'))
KERNEL_C   := $(filter-out arch/x86/offsets.c,$(KERNEL_C))
KERNEL_ASM := $(sort $(shell find $(KERNEL_FOLDERS) -name '*.asm'))
KERNEL_OBJECTS := $(KERNEL_C:.c=.o) $(KERNEL_ASM:.asm=.asm.o)
# What only debug kernels call lies in rooms called checks/, and no release kernel has it.
RELEASE_OBJECTS := $(foreach object,$(KERNEL_OBJECTS),\
    $(if $(findstring /checks/,$(object)),,$(object)))

KERNEL_CFLAGS := -std=c11 -O2 -g -ffreestanding -mcmodel=kernel -mno-red-zone \
    -mgeneral-regs-only -fno-pic -fno-pie -fno-stack-protector -fno-common \
    -fno-asynchronous-unwind-tables -fno-strict-aliasing \
    -Wall -Wextra -Wshadow -Wundef -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual \
    -Wconversion -Wsign-conversion -Werror \
    -Iinclude -Iarch/x86/include '-ffile-prefix-map=$(CURDIR)=.'
# kernel/ sees the contract with the target, include/arch and target/ of the target, and cannot name
# anything of x86/.
INTERNAL = $(if $(filter kernel/%,$<),,-Iarch/x86/internal)
KERNEL_LDFLAGS := -z max-page-size=4096 -z noexecstack --build-id=none --no-warn-rwx-segments

DEBUG   := -DCMK_DEBUG
RELEASE :=

COMPILE  = @echo "CC $@"; $(CC) $(KERNEL_CFLAGS) $(INTERNAL) -MMD -MP -c -o $@ $<
NASM_FLAGS := -f elf64 -I include/ -I arch/x86/internal/ -I arch/x86/include/
ASSEMBLE = @echo "NASM $@"; $(NASM) $(NASM_FLAGS) -I $(dir $<) -MD $(@:.o=.d) -MP -o $@ $<
LINK     = @echo "LD $@"; $(LD) $(KERNEL_LDFLAGS) -T $(filter %.ld,$^) -o $@ $(filter %.o,$^)
# arch/x86/offsets.c names the structure fields that assembly uses; compiled, it has a string
# "@OFFSET name $value" for each.
OFFSETS_TEXT = $(CC) $(KERNEL_CFLAGS) $(INTERNAL) -MMD -MP -MT $@ -MF $(@:.inc=.d) \
    -S -o $(@:.inc=.s) $<
OFFSETS  = @echo "OFFSETS $@"; mkdir -p $(@D) && $(OFFSETS_TEXT) $(KIND) && \
    sed -n 's/.*"@OFFSET \([A-Za-z0-9_]*\) \$$*\(-*[0-9]*\)"$$/%define \1 \2/p' \
        $(@:.inc=.s) >$@ && test -s $@

kernel: build/debug/cmk.elf build/release/cmk.elf

build/debug/cmk.elf: build/generated/linker.ld $(addprefix build/debug/,$(KERNEL_OBJECTS))
	$(LINK)
build/release/cmk.elf: build/generated/linker.ld $(addprefix build/release/,$(RELEASE_OBJECTS))
	$(LINK)

build/generated/linker.ld: linker.ld arch/x86/internal/x86/layout.h Makefile | $(PACKAGES)
	@mkdir -p $(@D); $(CC) -E -P -undef -x c -Iarch/x86/internal -o $@ $<

build/debug/%.o: %.c Makefile | $(PACKAGES)
	@mkdir -p $(@D)
	$(COMPILE) $(DEBUG)
build/release/%.o: %.c Makefile | $(PACKAGES)
	@mkdir -p $(@D)
	$(COMPILE) $(RELEASE)

build/debug/%.asm.o: %.asm build/debug/generated/offsets.inc Makefile | $(PACKAGES)
	@mkdir -p $(@D)
	$(ASSEMBLE) -I build/debug/generated/ $(DEBUG)
build/release/%.asm.o: %.asm build/release/generated/offsets.inc Makefile | $(PACKAGES)
	@mkdir -p $(@D)
	$(ASSEMBLE) -I build/release/generated/ $(RELEASE)

build/debug/generated/offsets.inc: KIND = $(DEBUG)
build/release/generated/offsets.inc: KIND = $(RELEASE)
build/debug/generated/offsets.inc build/release/generated/offsets.inc: arch/x86/offsets.c \
    Makefile | $(PACKAGES)
	$(OFFSETS)

-include $(foreach kind,debug release,$(patsubst %.o,build/$(kind)/%.d,$(KERNEL_OBJECTS)) \
    build/$(kind)/generated/offsets.d)

# ---- User programs: build/user/NAME.elf from each folder user/NAME -------------------------------
# tools/cmk cc knows the flags (user/runtime/flags.mk) and the libraries; people's own programs are
# built the same way.

include user/runtime/flags.mk

EXAMPLES := $(filter-out runtime drivers,\
    $(notdir $(patsubst %/,%,$(sort $(dir $(wildcard user/*/*.c))))))
TEST_PROGRAMS := $(notdir $(patsubst %/,%,$(sort $(dir $(wildcard tests/system/programs/*/*.c)))))

user: $(USER_LIBRARIES) $(EXAMPLES:%=build/user/%.elf)

# The objects of all .c and .asm files in the folders $(1).
user_objects = $(patsubst %.c,build/user/objects/%.o,$(sort $(wildcard $(addsuffix /*.c,$(1))))) \
    $(patsubst %.asm,build/user/objects/%.asm.o,$(sort $(wildcard $(addsuffix /*.asm,$(1)))))

COMPILE_USER = @echo "CMK CC $@"; tools/cmk cc -MD -MP -c -o $@ $<
LIBRARY_CFLAGS = $(USER_RUNTIME_CFLAGS) \
    $(if $(filter $(USER_VECTOR_FILES),$<),,$(USER_GENERAL_CFLAGS))
build/user/objects/%.o: %.c Makefile user/runtime/flags.mk | $(PACKAGES)
	@mkdir -p $(@D)
	$(COMPILE_USER)
build/user/objects/user/runtime/%.o: user/runtime/%.c Makefile user/runtime/flags.mk | $(PACKAGES)
	@mkdir -p $(@D)
	$(COMPILE_USER) $(LIBRARY_CFLAGS)
build/user/objects/libsel4/src/%.o: libsel4/src/%.c Makefile user/runtime/flags.mk | $(PACKAGES)
	@mkdir -p $(@D)
	$(COMPILE_USER) $(LIBRARY_CFLAGS)
build/user/objects/%.asm.o: %.asm Makefile | $(PACKAGES)
	@mkdir -p $(@D)
	@echo "NASM $@"; $(NASM) -f elf64 -o $@ $<

ARCHIVE = @mkdir -p $(@D); echo "AR $@"; rm -f $@; $(AR) rcsD $@ $^
build/lib/libruntime.a: $(call user_objects,user/runtime)
	$(ARCHIVE)
build/lib/libsel4.a: $(call user_objects,libsel4/src)
	$(ARCHIVE)
build/lib/libdrivers.a: $(call user_objects,user/drivers)
	$(ARCHIVE)

# The same libraries for the nodes of other profiles (docs/configuration.md): build/lib/PROFILE.
PROFILES := classic-up
profile_objects = $(patsubst build/user/objects/%,build/user/$(1)/%,$(call user_objects,$(2)))
define profile_rules
build/user/$(1)/%.o: %.c Makefile user/runtime/flags.mk | $$(PACKAGES)
	@mkdir -p $$(@D); echo "CMK CC $$@"; tools/cmk cc --api=$(1) -MD -MP -c -o $$@ $$< \
	    $$(if $$(filter user/runtime/% libsel4/src/%,$$<),$$(LIBRARY_CFLAGS))
build/user/$(1)/%.asm.o: build/user/objects/%.asm.o
	@mkdir -p $$(@D); cp $$< $$@
build/lib/$(1)/libruntime.a: $(call profile_objects,$(1),user/runtime)
	$$(ARCHIVE)
build/lib/$(1)/libsel4.a: $(call profile_objects,$(1),libsel4/src)
	$$(ARCHIVE)
build/lib/$(1)/libdrivers.a: $(call profile_objects,$(1),user/drivers)
	$$(ARCHIVE)
user: $$(USER_LIBRARIES:build/lib/%=build/lib/$(1)/%)
-include $(patsubst %.o,%.d,$(filter-out %.asm.o,$(call profile_objects,$(1),\
    user/runtime libsel4/src user/drivers user/hello tests/system/conformance)))
endef
$(foreach profile,$(PROFILES),$(eval $(call profile_rules,$(profile))))

# $(call program,FOLDER,RESULT): the rule that links all of a folder; $(call profile_program,
# PROFILE,FOLDER,RESULT) does it for a profile.
define profile_program
$(3): $(call profile_objects,$(1),$(2)) $(USER_LIBRARIES:build/lib/%=build/lib/$(1)/%) \
    $(USER_LINKER_SCRIPT)
	@mkdir -p $$(@D); echo "CMK CC $$@"; tools/cmk cc --api=$(1) -o $$@ $$(filter %.o,$$^)
endef
define program
$(2): $(call user_objects,$(1)) $(USER_LIBRARIES) $(USER_LINKER_SCRIPT)
	@mkdir -p $$(@D); echo "CMK CC $$@"; tools/cmk cc -o $$@ $$(filter %.o,$$^)
endef
$(foreach name,$(EXAMPLES),$(eval $(call program,user/$(name),build/user/$(name).elf)))
$(foreach name,$(TEST_PROGRAMS),\
    $(eval $(call program,tests/system/programs/$(name),build/system/programs/$(name).elf)))
$(eval $(call program,tests/system/conformance,build/system/programs/conformance.elf))
$(eval $(call profile_program,classic-up,tests/system/conformance,\
    build/system/programs/conformance-classic-up.elf))
$(eval $(call profile_program,classic-up,user/hello,build/system/programs/hello-classic-up.elf))
# The workloads of tests/bench/scale/run; one of them is the key-value store.
build/system/programs/scale.elf: $(call user_objects,tests/bench/scale) \
    build/user/objects/user/key-value/table.o \
    $(USER_LIBRARIES) $(USER_LINKER_SCRIPT)
	@mkdir -p $(@D); echo "CMK CC $@"; tools/cmk cc -o $@ $(filter %.o,$^)

BENCH_PROGRAMS := $(notdir $(patsubst %/,%,$(sort $(dir $(wildcard tests/bench/programs/*/*.c)))))
$(foreach name,$(filter-out boot,$(BENCH_PROGRAMS)),\
    $(eval $(call program,tests/bench/programs/$(name) tests/bench/support,\
        build/bench/programs/$(name).elf)))
$(eval $(call program,tests/bench/programs/boot,build/bench/programs/boot.elf)) # as small as can be

# A root server as others build it: none of our headers and libraries, the linker's own script; in
# today's layout of segments, and in that of older linkers, with unused pages between them and an
# executable stack.
ROOT_SERVER_CFLAGS := -std=gnu11 -O2 -g -ffreestanding -fno-pic -fno-stack-protector \
    -Wall -Wextra -Werror
ROOT_SERVER_OBJECTS := $(patsubst build/user/%,build/system/%,\
    $(call user_objects,tests/system/root-server))
LINK_ROOT_SERVER = @mkdir -p $(@D); echo "LD $@"; \
    $(CC) -static -no-pie -nostdlib -Wl,-e,_root_server_start
build/system/objects/%.o: %.c Makefile | $(PACKAGES)
	@mkdir -p $(@D)
	@echo "CC $@"; $(CC) $(ROOT_SERVER_CFLAGS) -MMD -MP -c -o $@ $<
build/system/objects/%.asm.o: %.asm Makefile | $(PACKAGES)
	@mkdir -p $(@D)
	@echo "NASM $@"; $(NASM) -f elf64 -o $@ $<
build/system/programs/root-server.elf: $(ROOT_SERVER_OBJECTS)
	$(LINK_ROOT_SERVER) -Wl,-z,max-page-size=4096 -o $@ $^
build/system/programs/root-server-old.elf: $(ROOT_SERVER_OBJECTS)
	$(LINK_ROOT_SERVER) -Wl,-z,max-page-size=0x200000,-z,noseparate-code,-z,execstack -o $@ $^

-include $(patsubst %.o,%.d,$(filter-out %.asm.o,$(ROOT_SERVER_OBJECTS)))
-include $(patsubst %.o,%.d,$(filter-out %.asm.o,$(call user_objects,\
    user/runtime libsel4/src user/* tests/system/programs/* tests/system/conformance \
    tests/bench/programs/* \
    tests/bench/support tests/bench/scale)))

# ---- Running and testing -------------------------------------------------------------------------

run: all $(PACKAGES)
	tools/cmk run --grub --smp 4 --config "nodes=2" "build/user/hello-cluster.elf node=all"

KERNELS_FOR_TOOLS := $(patsubst tests/system/kernels/%.asm,build/system/kernels/%.elf,\
    $(wildcard tests/system/kernels/*.asm))
build/system/kernels/%.elf: tests/system/kernels/%.asm | $(PACKAGES)
	@mkdir -p $(@D)
	@echo "NASM $@"; $(NASM) -f bin -o $@ $<
build/system/images/text.elf: tests/system/run_bad_images.py | $(PACKAGES)
	@tests/system/run_bad_images.py $(@D)

for-system: all $(TEST_PROGRAMS:%=build/system/programs/%.elf) \
    build/system/programs/conformance.elf build/system/programs/scale.elf \
    build/system/programs/root-server.elf build/system/programs/root-server-old.elf \
    build/system/programs/conformance-classic-up.elf build/system/programs/hello-classic-up.elf \
    $(KERNELS_FOR_TOOLS) build/system/images/text.elf $(BENCH_PROGRAMS:%=build/bench/programs/%.elf)

# Everything is built first; then the tests have the machine's two emulators' worth of CPUs for
# themselves.
test: for-system $(PACKAGES)
	@tools/total tools/unit-tests "tools/fuzz replay" tests/system/run tools/check-models \
	    tools/check-floors tools/check-contract tools/check-lines tools/check-format \
	    tools/check-rules "tools/check-proofs --quick" "tools/check-ties planner"
unit: $(PACKAGES)
	@tools/unit-tests
replay: $(PACKAGES)
	@tools/fuzz replay
system: for-system $(PACKAGES)
	@tests/system/run
fuzz: $(PACKAGES)
	@tools/fuzz search $(FUZZ_SECONDS)
bochs: for-system $(PACKAGES)
	@tests/system/run --goal bochs
bench-programs: kernel $(BENCH_PROGRAMS:%=build/bench/programs/%.elf)
for-bench: all bench-programs $(PACKAGES)
bench: for-bench
	@tools/bench $(if $(BASE),--base $(BASE))
scale: for-system $(PACKAGES)
	@tests/bench/scale/run all
.PHONY: scale
clang: for-system $(PACKAGES)
	@tests/system/run --goal clang
.PHONY: clang
torture: for-system
	@tests/system/run --goal torture
chaos: for-system $(PACKAGES)
	@tests/system/run_chaos.py --kills $(CHAOS_KILLS) --seed $(CHAOS_SEED)
torture-long: for-system $(PACKAGES)
	@tests/system/run --goal torture-long
models: $(PACKAGES)
	@tools/check-models
rules: $(PACKAGES)
	@tools/check-rules
proofs: for-system $(PACKAGES)
	@tools/total tools/check-proofs tools/check-ties
.PHONY: proofs

format-check: $(PACKAGES)
	@tools/check-format

# Pictures that docs/ show, from text.
pictures: docs/cluster.svg
docs/cluster.svg: docs/cluster.dot | $(PACKAGES)
	dot -Tsvg -o $@ $<

fresh:
	@tools/fresh
clean:
	rm -rf build

help:
	@sed -n '/^#/!q;s/^# \{0,1\}//p' Makefile

.PHONY: all kernel user run for-system bench-programs for-bench bench test unit replay system \
    bochs torture torture-long chaos models rules fuzz \
    format-check pictures fresh clean help

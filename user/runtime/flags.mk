# How user programs are compiled and linked: read by the Makefile and by tools/cmk. One NAME = value
# to a line, plain words, no references. Paths are relative to the top of the source tree. Compile:
# $(CC) USER_CFLAGS -isystem USER_SYSTEM_INCLUDE -isystem `$(CC) -print-file-name=include` -I each
# USER_INCLUDE
#          -idirafter each USER_INCLUDE_LAST
# Link:
# $(CC) USER_LDFLAGS -Wl,-T,USER_LINKER_SCRIPT -o out objects -Wl,--start-group USER_LIBRARIES
# -lgcc -Wl,--end-group
USER_CFLAGS = -std=gnu11 -O2 -g -nostdinc -static -fno-pic -fno-pie -fno-stack-protector -fcf-protection=none -fno-asynchronous-unwind-tables -ftls-model=local-exec -Wall -Wextra
USER_SYSTEM_INCLUDE = user/runtime/include
USER_INCLUDE = libsel4/include user/drivers/include
USER_INCLUDE_LAST = include
USER_LDFLAGS = -nostdlib -static -no-pie -Wl,-z,max-page-size=4096 -Wl,-z,noexecstack -Wl,--build-id=none -Wl,--fatal-warnings
USER_LINKER_SCRIPT = user/runtime/user.ld
USER_LIBRARIES = build/lib/libdrivers.a build/lib/libruntime.a build/lib/libsel4.a
# For the runtime's own files: no calls to themselves through the compiler's library idioms.
USER_RUNTIME_CFLAGS = -ffreestanding -fno-tree-loop-distribute-patterns -Werror
# Every program runs these files. With general registers only they make no thread a user of the FPU,
# whose registers the kernel would then save and load. Not for those whose callers pass doubles.
USER_GENERAL_CFLAGS = -mgeneral-regs-only
USER_VECTOR_FILES = user/runtime/variadic.c user/runtime/format_double.c

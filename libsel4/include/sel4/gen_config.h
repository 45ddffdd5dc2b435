/*
 * The build options of seL4 that programs test, as CMK's interface answers them (contract section
 * 0). An option that is off is not defined. Programs for release kernels are compiled with
 * -DCMK_RELEASE: only DebugPutChar exists there, and any other debug call is a fault.
 */
#ifndef SEL4_GEN_CONFIG_H
#define SEL4_GEN_CONFIG_H

#include <api/limits.h>

#define CONFIG_ARCH_X86                   1
#define CONFIG_ARCH_X86_64                1
#define CONFIG_SEL4_ARCH_X86_64           1
#define CONFIG_SEL4_ARCH                  x86_64
#define CONFIG_X86_64                     1
#define CONFIG_ARCH                       x86
#define CONFIG_PLAT_PC99                  1
#define CONFIG_PLAT                       pc99
#define CONFIG_WORD_SIZE                  64
#define CONFIG_KERNEL_X86_SYSCALL         syscall
#define CONFIG_KERNEL_X86_SYSCALL_SYSCALL 1
#define CONFIG_HUGE_PAGE                  1
#define CONFIG_FSGSBASE_MSR               1
#define CONFIG_SET_TLS_BASE_SELF          1
#define CONFIG_IRQ_IOAPIC                 1
#define CONFIG_MAX_NUM_IOAPIC             1
#define CONFIG_HAVE_FPU                   1
#define CONFIG_FASTPATH                   1

/* -DCMK_API_CLASSIC_UP: for nodes of profile classic-up (docs/configuration.md). */
#ifdef CMK_API_CLASSIC_UP
#define CONFIG_MAX_NUM_NODES 1
#else
#define CONFIG_ENABLE_SMP_SUPPORT 1
#define CONFIG_MAX_NUM_NODES      ABI_CMK_MAX_NODE_CPUS
#endif
#define CONFIG_NUM_DOMAINS                   ABI_DOMAINS
#define CONFIG_NUM_DOMAIN_SCHEDULES          ABI_DOMAIN_SCHEDULES
#define CONFIG_NUM_PRIORITIES                ABI_PRIORITIES
#define CONFIG_TIMER_TICK_MS                 ABI_TICK_MILLISECONDS
#define CONFIG_TIME_SLICE                    ABI_TIME_SLICE_TICKS
#define CONFIG_RETYPE_FAN_OUT_LIMIT          ABI_RETYPE_FAN_OUT_LIMIT
#define CONFIG_ROOT_CNODE_SIZE_BITS          ABI_ROOT_CNODE_BITS
#define CONFIG_MAX_NUM_BOOTINFO_UNTYPED_CAPS ABI_BOOT_INFO_UNTYPEDS

#define CONFIG_PRINTING 1
#ifndef CMK_RELEASE
#define CONFIG_DEBUG_BUILD 1
#endif

/* What a program asks to learn that it runs on CMK's headers. */
#define CONFIG_CMK 1

#endif

/*
 * Control registers and MSRs by their names in the manual (Intel SDM volume 3, 2.5, and volume 4;
 * AMD APM volume 2).
 */
#ifndef X86_CONTROL_H
#define X86_CONTROL_H

#define CR0_PROTECTION     0x00000001 /* PE */
#define CR0_MONITOR_FPU    0x00000002 /* MP: WAIT also traps when TS is set */
#define CR0_TASK_SWITCHED  0x00000008 /* TS: the next FPU instruction raises #NM */
#define CR0_EXTENSION_TYPE 0x00000010 /* ET: always 1 */
#define CR0_NUMERIC_ERROR  0x00000020 /* NE: x87 errors raise #MF */
#define CR0_WRITE_PROTECT  0x00010000 /* WP: read-only pages bind the kernel */
#define CR0_PAGING         0x80000000 /* PG */

/* No alignment checks (AM), caches on. */
#define CR0_KERNEL                                                                                 \
    (CR0_PROTECTION | CR0_MONITOR_FPU | CR0_EXTENSION_TYPE | CR0_NUMERIC_ERROR |                   \
     CR0_WRITE_PROTECT | CR0_PAGING)

#define CR4_PAE           0x000020
#define CR4_MACHINE_CHECK 0x000040 /* MCE */
#define CR4_GLOBAL_PAGES  0x000080 /* PGE */
#define CR4_FXSAVE        0x000200 /* OSFXSR; OSXMMEXCPT stays 0 (contract 11) */
#define CR4_UMIP          0x000800
#define CR4_FSGSBASE      0x010000
#define CR4_PCIDE         0x020000 /* only while CR3's bits 11..0 are 0 */
#define CR4_XSAVE         0x040000 /* OSXSAVE */
#define CR4_SMEP          0x100000
#define CR4_SMAP          0x200000

#define MSR_APIC_BASE         0x1b
#define MSR_TSC_DEADLINE      0x6e0
#define MSR_SYSENTER_CS       0x174
#define MSR_SYSENTER_ESP      0x175
#define MSR_SYSENTER_EIP      0x176
#define MSR_PAT               0x277
#define MSR_SUPERVISOR_STATES 0xda0 /* IA32_XSS */
#define MSR_EFER              0xc0000080
#define MSR_STAR              0xc0000081
#define MSR_LSTAR             0xc0000082
#define MSR_CSTAR             0xc0000083
#define MSR_FMASK             0xc0000084
#define MSR_FS_BASE           0xc0000100
#define MSR_GS_BASE           0xc0000101
#define MSR_KERNEL_GS_BASE    0xc0000102
#define MSR_TSC_AUX           0xc0000103

#define EFER_SYSCALL          0x001 /* SCE */
#define EFER_LONG_MODE        0x100 /* LME */
#define EFER_LONG_MODE_ACTIVE 0x400 /* LMA: as it is, or #GP */
#define EFER_NO_EXECUTE       0x800 /* NXE */

#endif

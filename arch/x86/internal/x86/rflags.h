/* RFLAGS (Intel SDM volume 1, 3.4.3). */
#ifndef X86_RFLAGS_H
#define X86_RFLAGS_H

#define RFLAGS_CARRY      0x001
#define RFLAGS_ALWAYS_ONE 0x002
#define RFLAGS_PARITY     0x004
#define RFLAGS_ADJUST     0x010
#define RFLAGS_ZERO       0x040
#define RFLAGS_SIGN       0x080
#define RFLAGS_TRAP       0x100
#define RFLAGS_INTERRUPTS 0x200 /* IF */
#define RFLAGS_DIRECTION  0x400
#define RFLAGS_OVERFLOW   0x800

/* What a user may write into another thread's flags (contract 2.4). */
#define RFLAGS_USER_WRITABLE                                                                       \
    (RFLAGS_CARRY | RFLAGS_PARITY | RFLAGS_ADJUST | RFLAGS_ZERO | RFLAGS_SIGN | RFLAGS_DIRECTION | \
     RFLAGS_OVERFLOW)

#endif

/*
 * Whether programs have YMM registers: XCR0 has their bit. OSXSAVE, which CPUID shows, says that
 * XCR0 can be read (Intel SDM volume 1, 14.3).
 */
#ifndef VECTOR_REGISTERS_H
#define VECTOR_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool has_ymm_registers(void)
{
    enum { OSXSAVE = 1 << 27, AVX_STATE = 1 << 2 };
    uint32_t eax = 1, ebx, ecx = 0, edx;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    if (!(ecx & OSXSAVE)) {
        return false;
    }
    __asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
    return eax & AVX_STATE;
}

#endif

/*
 * Room for a thread's x87, SSE and AVX state: XSAVE's standard form (SDM volume 1, 13.4), or
 * FXSAVE's 512 bytes.
 */
#ifndef TARGET_FPU_H
#define TARGET_FPU_H

#include <stdint.h>

enum { FPU_AREA_BYTES = 832 };

/* Components of the state, as bits of XCR0. */
enum { FPU_X87 = 1, FPU_SSE = 2, FPU_AVX = 4 };

/*
 * What XSAVE and XRSTOR are asked for. They leave out what is not in XCR0, so that one number does
 * for all machines.
 */
enum { FPU_STATE_COMPONENTS = FPU_X87 | FPU_SSE | FPU_AVX };

/* Where XSAVE puts the upper halves of the YMM registers, if it has them (CPUID leaf 13, 2). */
enum { FPU_AVX_OFFSET = 576, FPU_AVX_BYTES = 256 };
_Static_assert(FPU_AVX_OFFSET + FPU_AVX_BYTES == FPU_AREA_BYTES, "AVX state is the last");

struct fpu_area {
    _Alignas(64) uint8_t bytes[FPU_AREA_BYTES];
};

#endif

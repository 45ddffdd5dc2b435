/*
 * Room for a thread's x87 and SSE state: XSAVE's legacy region and header, feature set 3 (contract
 * 0), or FXSAVE's 512 bytes.
 */
#ifndef TARGET_FPU_H
#define TARGET_FPU_H

#include <stdint.h>

enum { FPU_AREA_BYTES = 576 };

/*
 * XCR0 and what XSAVE is asked to save: x87 (bit 0) and SSE (bit 1). AVX raises #UD (contract 11).
 */
enum { FPU_STATE_COMPONENTS = 3 };

struct fpu_area {
    _Alignas(64) uint8_t bytes[FPU_AREA_BYTES];
};

#endif

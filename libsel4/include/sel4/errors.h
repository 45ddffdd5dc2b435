/* What an invocation answers, and why a capability could not be found (contract 4.2 and 6). */
#ifndef SEL4_ERRORS_H
#define SEL4_ERRORS_H

#include <sel4/macros.h>

typedef enum {
#define API_ERROR(api_name, code, name) api_name = (code),
#include <api/errors.def>
#undef API_ERROR
    seL4_NumErrors,
    SEL4_FORCE_LONG_ENUM(seL4_Error)
} seL4_Error;

typedef enum {
#define LOOKUP_FAILURE(api_name, type, name, words) api_name = (type),
#include <api/lookup_failures.def>
#undef LOOKUP_FAILURE
    SEL4_FORCE_LONG_ENUM(seL4_LookupFailureType)
} seL4_LookupFailureType;

#endif

/* <cmk/resources.h>: names of errors, from the ABI's table. */
#include <cmk/resources.h>

const char *cmk_error_name(seL4_Error error)
{
    static const char *const names[] = {
#define API_ERROR(name, code, kernel_name) [code] = #name,
#include <api/errors.def>
#undef API_ERROR
    };
    unsigned code = (unsigned)error;
    return code < sizeof(names) / sizeof(names[0]) && names[code] ? names[code] : "?";
}

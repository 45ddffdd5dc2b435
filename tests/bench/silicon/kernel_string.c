/* arch/x86/string.c, under names of its own. */
#define memcpy               kernel_memcpy
#define memset               kernel_memset
#define memmove              kernel_memmove
#define memcmp               kernel_memcmp
#define strlen               kernel_strlen
#define machine_clear_memory kernel_clear_memory
#include "../../../arch/x86/string.c"

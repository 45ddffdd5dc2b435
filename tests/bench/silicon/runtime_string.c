/* user/runtime/string.c, with the functions that are measured under names of their own. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

void *runtime_memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *runtime_memset(void *to, int value, size_t bytes);

#define memcpy   runtime_memcpy
#define memset   runtime_memset
#define memmove  runtime_memmove
#define memcmp   runtime_memcmp
#define memchr   runtime_memchr
#define strlen   runtime_strlen
#define strnlen  runtime_strnlen
#define strncmp  runtime_strncmp
#define strcmp   runtime_strcmp
#define strcpy   runtime_strcpy
#define strncpy  runtime_strncpy
#define strcat   runtime_strcat
#define strncat  runtime_strncat
#define strchr   runtime_strchr
#define strrchr  runtime_strrchr
#define strstr   runtime_strstr
#define strspn   runtime_strspn
#define strcspn  runtime_strcspn
#define strtok   runtime_strtok
#define strtok_r runtime_strtok_r
#define strerror runtime_strerror
#include "../../../user/runtime/string.c"

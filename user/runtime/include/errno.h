/* The errors that the runtime reports. */
#ifndef _ERRNO_H
#define _ERRNO_H

#include <cmk/language.h>

CMK_BEGIN_C

extern __thread int errno;
#define errno errno

#define ENOMEM 12
#define EINVAL 22
#define ERANGE 34

CMK_END_C

#endif

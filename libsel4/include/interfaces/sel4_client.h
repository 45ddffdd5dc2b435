/* The methods of all kernel objects. */
#ifndef INTERFACES_SEL4_CLIENT_H
#define INTERFACES_SEL4_CLIENT_H

#include <interfaces/cnode.h>
#include <interfaces/devices.h>
#include <interfaces/domain.h>
#include <interfaces/memory.h>
#include <interfaces/tcb.h>

#endif

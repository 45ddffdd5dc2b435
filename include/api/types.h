/*
 * The kernel's names for the numbers of the ABI tables. User programs get the same numbers under
 * seL4's names.
 */
#ifndef API_TYPES_H
#define API_TYPES_H

#include <api/limits.h>

enum syscall_number {
#define SYSCALL(name, number) SYS_##name = (number),
#include <api/syscalls.def>
#undef SYSCALL
};

enum invocation_label {
#define INVOCATION(name, label, words, caps) LABEL_##name = (label),
#include <api/invocations.def>
#undef INVOCATION
};

enum object_type {
#define OBJECT(api_name, number, name, bits, device) OBJECT_##name = (number),
#include <api/objects.def>
#undef OBJECT
    OBJECT_TYPE_COUNT
};

enum capability_type {
#define CAPABILITY(name, tag) CAP_##name = (tag),
#include <api/capabilities.def>
#undef CAPABILITY
};

enum error_code {
#define API_ERROR(api_name, code, name) ERROR_##name = (code),
#include <api/errors.def>
#undef API_ERROR
};

enum lookup_failure_type {
#define LOOKUP_FAILURE(api_name, type, name, words) LOOKUP_##name = (type),
#include <api/lookup_failures.def>
#undef LOOKUP_FAILURE
};

enum fault_type {
#define FAULT(api_name, label, name) FAULT_##name = (label),
#include <api/faults.def>
#undef FAULT
};

enum initial_slot {
#define INITIAL_SLOT(name, slot) SLOT_##name = (slot),
#include <api/initial_slots.def>
#undef INITIAL_SLOT
};

enum user_register {
#define REGISTER(name, index) REGISTER_##name = (index),
#include <api/registers.def>
#undef REGISTER
    REGISTER_COUNT,
    FRAME_REGISTER_COUNT = REGISTER_fs_base /* what CopyRegisters' "frame" flag covers */
};

#endif

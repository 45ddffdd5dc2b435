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

enum mcs_syscall_number {
#define MCS_SYSCALL(name, number) MCS_SYS_##name = (number),
#include <api/syscalls_mcs.def>
#undef MCS_SYSCALL
};

enum invocation_label {
#define INVOCATION(name, label, classic_up, words, caps) LABEL_##name = (label),
#include <api/invocations.def>
#undef INVOCATION
};

/* Methods of MCS alone. Their labels are greater than what a message can say. */
enum mcs_label {
#define MCS_LABEL(name, mcs, microkit, microkit_debug)
#define MCS_METHOD(name, number, mcs, microkit, microkit_debug)                                    \
    LABEL_##name = ABI_MCS_FIRST_LABEL + (number),
#include <api/invocations_mcs.def>
#undef MCS_LABEL
#undef MCS_METHOD
};

enum profile {
#define PROFILE(name, word, one_cpu, runs) PROFILE_##name,
#include <api/profiles.def>
#undef PROFILE
};

/*
 * Types of objects and capabilities: the portable ones, and the target's. Two enums each, so that a
 * switch over one of them lists all it must know, and no `default` hides a new one.
 */
enum object_type {
#define OBJECT(api_name, number, name, bits, device) OBJECT_##name = (number),
#define TARGET_OBJECT(api_name, number, name, bits, device)
#include <api/objects.def>
#undef OBJECT
#undef TARGET_OBJECT
};

enum target_object_type {
#define OBJECT(api_name, number, name, bits, device)
#define TARGET_OBJECT(api_name, number, name, bits, device) OBJECT_##name = (number),
#include <api/objects.def>
#undef OBJECT
#undef TARGET_OBJECT
};

/* Their numbers are 0 to OBJECT_TYPE_COUNT - 1. */
enum {
#define OBJECT(api_name, number, name, bits, device)        +1
#define TARGET_OBJECT(api_name, number, name, bits, device) +1
    OBJECT_TYPE_COUNT = 0
#include <api/objects.def>
#undef OBJECT
#undef TARGET_OBJECT
};

/* Types of MCS alone; and what no profile knows. */
enum mcs_object_type { OBJECT_SCHED_CONTEXT = OBJECT_TYPE_COUNT, OBJECT_REPLY, OBJECT_UNKNOWN };

enum capability_type {
#define CAPABILITY(name, tag) CAP_##name = (tag),
#define TARGET_CAPABILITY(name, tag)
#include <api/capabilities.def>
#undef CAPABILITY
#undef TARGET_CAPABILITY
};

enum target_capability_type {
#define CAPABILITY(name, tag)
#define TARGET_CAPABILITY(name, tag) CAP_##name = (tag),
#include <api/capabilities.def>
#undef CAPABILITY
#undef TARGET_CAPABILITY
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
    REGISTER_COUNT
};

#endif

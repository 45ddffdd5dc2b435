#include <kernel/profile.h>

enum profile node_profile;
word_t plain_messages_end = ABI_MESSAGE_REGISTERS + 1;

void profile_init(enum profile profile)
{
    node_profile = profile;
    plain_messages_end = profile == PROFILE_CLASSIC ? ABI_MESSAGE_REGISTERS + 1 : 0;
}

static word_t meant_by_classic_up(word_t label)
{
    switch (label) {
#define INVOCATION(name, label, classic_up, words, caps)                                           \
    case classic_up:                                                                               \
        return label;
#include <api/invocations.def>
#undef INVOCATION
    default:
        return LABEL_InvalidInvocation;
    }
}

static word_t said_by_classic_up(word_t label)
{
    switch (label) {
#define INVOCATION(name, label, classic_up, words, caps)                                           \
    case LABEL_##name:                                                                             \
        return classic_up;
#include <api/invocations.def>
#undef INVOCATION
    default:
        return ABI_NO_LABEL(label);
    }
}

/* In the tables of MCS, methods of it alone are like the others. */
#define MCS_METHOD(name, number, mcs, microkit, microkit_debug)                                    \
    MCS_LABEL(name, mcs, microkit, microkit_debug)

static word_t meant_by_mcs(word_t label)
{
    switch (label) {
#define MCS_LABEL(name, mcs, microkit, microkit_debug)                                             \
    case mcs:                                                                                      \
        return LABEL_##name;
#include <api/invocations_mcs.def>
#undef MCS_LABEL
    default:
        return LABEL_InvalidInvocation;
    }
}

static word_t meant_by_microkit(word_t label)
{
    switch (label) {
#define MCS_LABEL(name, mcs, microkit, microkit_debug)                                             \
    case microkit:                                                                                 \
        return LABEL_##name;
#include <api/invocations_mcs.def>
#undef MCS_LABEL
    default:
        return LABEL_InvalidInvocation;
    }
}

static word_t meant_by_microkit_debug(word_t label)
{
    switch (label) {
#define MCS_LABEL(name, mcs, microkit, microkit_debug)                                             \
    case microkit_debug:                                                                           \
        return LABEL_##name;
#include <api/invocations_mcs.def>
#undef MCS_LABEL
    default:
        return LABEL_InvalidInvocation;
    }
}

static word_t said_by_mcs(enum profile profile, word_t label)
{
    static const struct {
        word_t meant;
        uint32_t said[PROFILE_MICROKIT_DEBUG - PROFILE_MCS + 1];
    } rows[] = {
#define MCS_LABEL(name, mcs, microkit, microkit_debug)                                             \
    {LABEL_##name, {mcs, microkit, microkit_debug}},
#include <api/invocations_mcs.def>
#undef MCS_LABEL
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(rows); i++) {
        if (rows[i].meant == label) {
            return rows[i].said[profile - PROFILE_MCS];
        }
    }
    return label; /* CMK's own */
}

word_t label_meant(enum profile profile, word_t label)
{
    if (label >= ABI_CMK_FIRST_LABEL) {
        return label;
    }
    switch (profile) {
    case PROFILE_CLASSIC:
        return label;
    case PROFILE_CLASSIC_UP:
        return meant_by_classic_up(label);
    case PROFILE_MCS:
        return meant_by_mcs(label);
    case PROFILE_MICROKIT:
        return meant_by_microkit(label);
    case PROFILE_MICROKIT_DEBUG:
        return meant_by_microkit_debug(label);
    }
    return LABEL_InvalidInvocation;
}

word_t label_said(enum profile profile, word_t label)
{
    switch (profile) {
    case PROFILE_CLASSIC:
        return label < ABI_MCS_FIRST_LABEL ? label : ABI_NO_LABEL(label);
    case PROFILE_CLASSIC_UP:
        return said_by_classic_up(label);
    case PROFILE_MCS:
    case PROFILE_MICROKIT:
    case PROFILE_MICROKIT_DEBUG:
        return said_by_mcs(profile, label);
    }
    return ABI_NO_LABEL(label);
}

bool is_mcs(enum profile profile)
{
    switch (profile) {
    case PROFILE_CLASSIC:
    case PROFILE_CLASSIC_UP:
        return false;
    case PROFILE_MCS:
    case PROFILE_MICROKIT:
    case PROFILE_MICROKIT_DEBUG:
        break;
    }
    return true;
}

/* Between the portable types and the target's, MCS has two more. */
enum { PORTABLE_TYPES = OBJECT_CNODE + 1, MCS_SCHED_CONTEXT_TYPE = PORTABLE_TYPES, MCS_REPLY_TYPE };

word_t object_type_meant(enum profile profile, word_t type)
{
    bool is_moved = is_mcs(profile) && type >= PORTABLE_TYPES;
    if (is_moved && type == MCS_SCHED_CONTEXT_TYPE) {
        return OBJECT_SCHED_CONTEXT;
    }
    if (is_moved && type == MCS_REPLY_TYPE) {
        return OBJECT_REPLY;
    }
    word_t meant = is_moved ? type - 2 : type;
    return meant < OBJECT_TYPE_COUNT ? meant : OBJECT_UNKNOWN;
}

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

static word_t said_by_classic_up(enum invocation_label label)
{
    switch (label) {
#define INVOCATION(name, label, classic_up, words, caps)                                           \
    case LABEL_##name:                                                                             \
        return classic_up;
#include <api/invocations.def>
#undef INVOCATION
    }
    return LABEL_InvalidInvocation;
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
    }
    return LABEL_InvalidInvocation;
}

word_t label_said(enum profile profile, enum invocation_label label)
{
    switch (profile) {
    case PROFILE_CLASSIC:
        return label;
    case PROFILE_CLASSIC_UP:
        return said_by_classic_up(label);
    }
    return LABEL_InvalidInvocation;
}

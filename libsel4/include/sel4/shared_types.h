/*
 * Words with fields (contract 2.1 and 2.2), and the IPC buffer (2.3).
 * Each such word gets, per field: TYPE_get_FIELD, TYPE_set_FIELD (returns the changed word),
 * TYPE_ptr_get_FIELD and TYPE_ptr_set_FIELD.
 */
#ifndef SEL4_SHARED_TYPES_H
#define SEL4_SHARED_TYPES_H

#include <sel4/constants.h>
#include <sel4/simple_types.h>
#include <cmk/language.h>

CMK_BEGIN_C

/*
 * A field of `width` bits whose lowest bit is `shift`. `width` is below 64: no shift count reaches
 * the word's width.
 */
#define SEL4_WORD_FIELD(type, field, shift, width)                                                 \
    static inline seL4_Word type##_get_##field(type##_t word)                                      \
    {                                                                                              \
        return (word.words[0] >> (shift)) & ((1ul << (width)) - 1);                                \
    }                                                                                              \
    static inline type##_t type##_set_##field(type##_t word, seL4_Word value)                      \
    {                                                                                              \
        seL4_Word mask = ((1ul << (width)) - 1) << (shift);                                        \
        word.words[0] = (word.words[0] & ~mask) | ((value << (shift)) & mask);                     \
        return word;                                                                               \
    }                                                                                              \
    static inline seL4_Word type##_ptr_get_##field(const type##_t *word)                           \
    {                                                                                              \
        return type##_get_##field(*word);                                                          \
    }                                                                                              \
    static inline void type##_ptr_set_##field(type##_t *word, seL4_Word value)                     \
    {                                                                                              \
        *word = type##_set_##field(*word, value);                                                  \
    }

typedef struct seL4_MessageInfo {
    seL4_Word words[1];
} seL4_MessageInfo_t;

SEL4_WORD_FIELD(seL4_MessageInfo, length, 0, 7)
SEL4_WORD_FIELD(seL4_MessageInfo, extraCaps, 7, 2)
SEL4_WORD_FIELD(seL4_MessageInfo, capsUnwrapped, 9, 3)
SEL4_WORD_FIELD(seL4_MessageInfo, label, 12, 52)

static inline seL4_MessageInfo_t seL4_MessageInfo_new(seL4_Word label, seL4_Word caps_unwrapped,
                                                      seL4_Word extra_caps, seL4_Word length)
{
    seL4_MessageInfo_t info = {{0}};
    info = seL4_MessageInfo_set_label(info, label);
    info = seL4_MessageInfo_set_capsUnwrapped(info, caps_unwrapped);
    info = seL4_MessageInfo_set_extraCaps(info, extra_caps);
    return seL4_MessageInfo_set_length(info, length);
}

static inline void seL4_MessageInfo_ptr_new(seL4_MessageInfo_t *info, seL4_Word label,
                                            seL4_Word caps_unwrapped, seL4_Word extra_caps,
                                            seL4_Word length)
{
    *info = seL4_MessageInfo_new(label, caps_unwrapped, extra_caps, length);
}

typedef struct seL4_CapRights {
    seL4_Word words[1];
} seL4_CapRights_t;

SEL4_WORD_FIELD(seL4_CapRights, capAllowWrite, 0, 1)
SEL4_WORD_FIELD(seL4_CapRights, capAllowRead, 1, 1)
SEL4_WORD_FIELD(seL4_CapRights, capAllowGrant, 2, 1)
SEL4_WORD_FIELD(seL4_CapRights, capAllowGrantReply, 3, 1)

static inline seL4_CapRights_t seL4_CapRights_new(seL4_Word grant_reply, seL4_Word grant,
                                                  seL4_Word read, seL4_Word write)
{
    seL4_CapRights_t rights = {
        {(grant_reply & 1) << 3 | (grant & 1) << 2 | (read & 1) << 1 | (write & 1)}};
    return rights;
}

#define seL4_ReadWrite     seL4_CapRights_new(0, 0, 1, 1)
#define seL4_AllRights     seL4_CapRights_new(1, 1, 1, 1)
#define seL4_CanRead       seL4_CapRights_new(0, 0, 1, 0)
#define seL4_CanWrite      seL4_CapRights_new(0, 0, 0, 1)
#define seL4_CanGrant      seL4_CapRights_new(0, 1, 0, 0)
#define seL4_CanGrantReply seL4_CapRights_new(1, 0, 0, 0)
#define seL4_NoWrite       seL4_CapRights_new(1, 1, 1, 0)
#define seL4_NoRead        seL4_CapRights_new(1, 1, 0, 1)
#define seL4_NoRights      seL4_CapRights_new(0, 0, 0, 0)
#define seL4_CapRightsBits 4

/* A CNode capability's guard, as Mint, Mutate, Rotate and TCB configuration take it. */
typedef struct seL4_CNode_CapData {
    seL4_Word words[1];
} seL4_CNode_CapData_t;

SEL4_WORD_FIELD(seL4_CNode_CapData, guardSize, 0, 6)
SEL4_WORD_FIELD(seL4_CNode_CapData, guard, 6, 58)

static inline seL4_CNode_CapData_t seL4_CNode_CapData_new(seL4_Word guard, seL4_Word guard_size)
{
    seL4_CNode_CapData_t data = {{0}};
    data = seL4_CNode_CapData_set_guard(data, guard);
    return seL4_CNode_CapData_set_guardSize(data, guard_size);
}

/*
 * The IPC buffer: written and read by its thread, and by the kernel during that thread's system
 * calls and when a message reaches it. Message registers 0 to 3 travel in CPU registers; the kernel
 * does not touch their words here.
 */
typedef struct seL4_IPCBuffer_ {
    seL4_MessageInfo_t tag;
    seL4_Word msg[seL4_MsgMaxLength];
    seL4_Word userData;
    seL4_Word caps_or_badges[seL4_MsgMaxExtraCaps];
    seL4_CPtr receiveCNode;
    seL4_CPtr receiveIndex;
    seL4_Word receiveDepth;
} __attribute__((aligned(1024))) seL4_IPCBuffer;

#define SEL4_IPC_BUFFER_WORD(member, word)                                                         \
    CMK_STATIC_ASSERT(__builtin_offsetof(seL4_IPCBuffer, member) == (word)*8,                      \
                      "IPC buffer: " #member)

SEL4_IPC_BUFFER_WORD(tag, ABI_IPC_TAG);
SEL4_IPC_BUFFER_WORD(msg, ABI_IPC_MESSAGE);
SEL4_IPC_BUFFER_WORD(userData, ABI_IPC_USER_DATA);
SEL4_IPC_BUFFER_WORD(caps_or_badges, ABI_IPC_CAPS_OR_BADGES);
SEL4_IPC_BUFFER_WORD(receiveCNode, ABI_IPC_RECEIVE_CNODE);
SEL4_IPC_BUFFER_WORD(receiveIndex, ABI_IPC_RECEIVE_INDEX);
SEL4_IPC_BUFFER_WORD(receiveDepth, ABI_IPC_RECEIVE_DEPTH);
CMK_STATIC_ASSERT(sizeof(seL4_IPCBuffer) == 1 << seL4_IPCBufferSizeBits, "IPC buffer: size");

CMK_END_C

#endif

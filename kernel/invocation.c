#include <kernel/invocation.h>
#include <kernel/objects.h>

word_t message_word(const struct invocation *call, unsigned index)
{
    if (index < ABI_MESSAGE_REGISTERS) {
        return context_message_register(&call->caller->context, index);
    }
    /* Volatile: one read of memory that users can change meanwhile, whatever the compiler would like to repeat. */
    return ((const volatile word_t *)call->buffer)[ABI_IPC_MESSAGE + index];
}

static bool has_less_than(const struct invocation *call, word_t words, unsigned extra_caps)
{
    return call->length < words || call->extra_caps < extra_caps;
}

bool is_truncated(const struct invocation *call)
{
    switch (call->label) {
#define INVOCATION(name, label, words, caps) case label: return has_less_than(call, words, caps);
#include <api/invocations.def>
#undef INVOCATION
    default:
        return false;
    }
}

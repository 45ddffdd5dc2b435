/* Breaks sanitised_context.cocci: what a user asks for goes into a context as it is. */
#include <kernel/invocation.h>

void start_at(struct invocation *call, struct tcb *thread)
{
    thread->context.rip = message_word(call, 0); /* breach */
}

void resume_at(struct user_context *context, word_t address)
{
    context->restart_ip = address; /* breach */
}

void set_bases(struct user_context *context, word_t base)
{
    context->fs_base = base; /* breach */
    context->gs_base = context_sanitise(REGISTER_gs_base, base);
}

void copy(struct user_context *to, const struct user_context *from)
{
    to->rip = from->rip;
}

/*
 * The debug system calls (contract 1.4). Misuse that halts a seL4 kernel prints a line here, and
 * the thread goes on.
 */
#include <arch/console.h>
#include <arch/machine.h>
#include <arch/object.h>
#include <kernel/debug.h>
#include <kernel/cspace.h>
#include <kernel/ipc.h>
#include <kernel/profile.h>
#include <kernel/scheduler.h>
#include <kernel/thread.h>

static void complain(const char *what)
{
    console_print("debug: thread \"%s\": %s\n", current_thread()->name, what);
}

/*
 * The capability that the current thread's capability register names; null if it cannot be
 * resolved.
 */
static struct capability named_capability(void)
{
    struct slot *slot;
    struct lookup_failure failure;
    struct tcb *thread = current_thread();
    bool found =
        lookup_thread_slot(thread, context_capability_register(&thread->context), &slot, &failure);
    return found ? slot->capability : capability_null();
}

/* The same for a TCB; null, after a complaint, if it is not one. */
static struct tcb *named_thread(const char *call)
{
    struct capability c = named_capability();
    if (capability_type(c) == CAP_TCB) {
        return capability_tcb(c);
    }
    complain(call);
    return NULL;
}

static void halt(void)
{
    complain("DebugHalt, this node stops"); /* the name stays on a line marked as users' */
    machine_stop_node();
}

static void capability_identify(void)
{
    context_set_badge(&current_thread()->context, capability_type(named_capability()));
}

/*
 * The name's words from the IPC buffer, each read once. False: no terminating zero where there
 * should be one.
 */
static bool copy_name(const word_t *buffer, char name[TCB_NAME_BYTES])
{
    for (unsigned i = 0; i < ABI_MAX_MESSAGE_LENGTH; i++) {
        word_t word = read_user_word(&buffer[ABI_IPC_MESSAGE + i]);
        for (unsigned byte = 0; byte < sizeof(word_t); byte++) {
            size_t at = i * sizeof(word_t) + byte;
            char c = (char)(word >> (8 * byte));
            name[MIN(at, TCB_NAME_BYTES - 1u)] = at < TCB_NAME_BYTES - 1u ? c : '\0';
            if (c == '\0') {
                return true;
            }
        }
    }
    return false;
}

static void name_thread(void)
{
    const word_t *buffer = arch_ipc_buffer(current_thread(), false);
    struct tcb *thread = named_thread("DebugNameThread of what is not a TCB");
    char name[TCB_NAME_BYTES];
    if (thread == NULL) {
        return;
    }
    if (buffer == NULL || !copy_name(buffer, name)) {
        complain("DebugNameThread without a zero-terminated name in an IPC buffer");
        return;
    }
    thread_set_name(thread, name);
}

static void get_thread_affinity(void)
{
    const struct tcb *thread = named_thread("DebugGetThreadAffinity of what is not a TCB");
    if (thread != NULL) {
        context_set_badge(&current_thread()->context, thread->affinity);
    }
}

/* Every thread and what its own slots hold, by type tag. */
static void snapshot(void)
{
    static const char *const slot_names[TCB_SLOT_COUNT] = {"vspace", "buffer", "cspace", "reply",
                                                           "caller"};
    for (const struct tcb *thread = all_threads; thread != NULL; thread = thread->all_next) {
        console_print("tcb %p \"%s\" prio %u core %u", (const void *)thread, thread->name,
                      thread->priority, thread->affinity);
        for (unsigned i = 0; i < TCB_SLOT_COUNT; i++) {
            struct capability c = thread->slots[i].capability;
            console_print(" %s %u:%lx/%lx", slot_names[i], capability_type(c), capability_object(c),
                          c.word[1]);
        }
        console_print("\n");
    }
}

/* Kernels for one CPU lack what is about others. */
static bool is_about_cpus(word_t number)
{
    return number == (word_t)SYS_DebugSendIPI || number == (word_t)SYS_DebugGetThreadAffinity;
}

bool handle_debug_syscall(word_t number)
{
    if (node_profile == PROFILE_CLASSIC_UP && is_about_cpus(number)) {
        return false;
    }
    switch ((int64_t)number) {
    case SYS_DebugDumpScheduler:
        thread_dump_all();
        machine_dump_cpus();
        return true;
    case SYS_DebugHalt:
        halt();
        return true;
    case SYS_DebugCapIdentify:
        capability_identify();
        return true;
    case SYS_DebugSnapshot:
        snapshot();
        return true;
    case SYS_DebugNameThread:
        name_thread();
        return true;
    case SYS_DebugSendIPI:
        complain("DebugSendIPI does not exist on x86");
        return true;
    case SYS_DebugGetThreadAffinity:
        get_thread_affinity();
        return true;
    default:
        return false;
    }
}

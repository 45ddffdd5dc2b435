/* Threads in the root server's own address space. */
#include "server.h"

extern void thread_entry(void); /* start.asm */
extern word_t thread_pointer;   /* boot.c */

void make_thread(struct thread *thread, void (*function)(void *), void *argument, word_t priority,
                 word_t fault_handler)
{
    thread->tcb = new_object(TCB, 0);
    CHECK(thread->tcb != 0);
    CHECK_EQUAL(invoke(thread->tcb, CONFIGURE, CAPS(OWN_CNODE, OWN_VSPACE, 0),
                       WORDS(fault_handler, 0, 0, 0))
                    .error,
                NO_ERROR);
    CHECK_EQUAL(invoke(thread->tcb, SET_PRIORITY, CAPS(OWN_TCB), WORDS(priority)).error, NO_ERROR);

    word_t *top = (word_t *)(thread->stack + sizeof(thread->stack)) - 2;
    top[0] = (word_t)function;
    top[1] = (word_t)argument;
    word_t words[2 + REGISTERS] = {0, REGISTERS};
    words[2 + RIP] = (word_t)thread_entry;
    words[2 + RSP] = (word_t)top;
    words[2 + RFLAGS] = 0x202;
    words[2 + FS_BASE] = thread_pointer;
    CHECK_EQUAL(invoke(thread->tcb, WRITE_REGISTERS, NONE, words, 2 + REGISTERS).error, NO_ERROR);
}

void start_thread(struct thread *thread)
{
    CHECK_EQUAL(invoke(thread->tcb, RESUME, NONE, NONE).error, NO_ERROR);
}

void stop_thread(struct thread *thread)
{
    CHECK_EQUAL(invoke(thread->tcb, SUSPEND, NONE, NONE).error, NO_ERROR);
}

bool set_affinity(struct thread *thread, word_t cpu)
{
    return invoke(thread->tcb, SET_AFFINITY, NONE, WORDS(cpu)).error == NO_ERROR;
}

static word_t quiet_endpoint;

void block_for_ever(void)
{
    for (;;) {
        trap1(RECV, quiet_endpoint, 0);
    }
}

static void try_debug_call(void *argument)
{
    struct message message = {.badge = *(word_t *)argument, .info = make_info(0, 0, 1)};
    message.mr[0] = trap1(DEBUG_CAP_IDENTIFY, OWN_TCB, 0);
    trap(SEND, &message);
    block_for_ever();
}

bool has_debug_calls(void)
{
    enum { TAG_TCB = 12 };
    static struct thread thread;
    static word_t endpoint;
    static bool answer;
    if (endpoint != 0) {
        return answer;
    }
    endpoint = new_object(ENDPOINT, 0);
    quiet_endpoint = new_object(ENDPOINT, 0);
    make_thread(&thread, try_debug_call, &endpoint, 100, endpoint);
    start_thread(&thread);
    struct message message = {.badge = endpoint};
    trap(RECV, &message);
    answer = label_of(message.info) == 0;
    CHECK(answer || label_of(message.info) == UNKNOWN_SYSCALL);
    CHECK(!answer || message.mr[0] == TAG_TCB);
    return answer;
}

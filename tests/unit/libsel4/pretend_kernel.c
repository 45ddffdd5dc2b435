/* Tracing a child whose system calls never reach Linux (PTRACE_SYSEMU). */
#include "pretend_kernel.h"

#include <check.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* The child's last system call: "I am done". No number of the ABI is positive. */
#define DONE_NUMBER 1

struct shared {
    seL4_IPCBuffer buffer;
    seL4_Word result[4];
    seL4_Word returned;
};

seL4_Word *pretend_result;

static _Noreturn void child(struct shared *shared, void (*call)(void), bool without_buffer)
{
    pretend_result = shared->result;
    seL4_SetIPCBuffer(without_buffer ? NULL : &shared->buffer);
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) {
        _exit(1);
    }
    syscall(SYS_kill, getpid(), SIGSTOP);
    call();
    shared->returned = 1;
    sel4_x64_enter_word((seL4_Syscall_ID)DONE_NUMBER, 0);
    __builtin_trap();
}

static void wait_for_stop(pid_t pid, int signal)
{
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFSTOPPED(status) && WSTOPSIG(status) == signal,
                  "the child ended or stopped with status 0x%x", status);
}

/* Runs the child until its next system call, which does not happen. */
static struct user_regs_struct next_syscall(pid_t pid)
{
    struct user_regs_struct registers;
    ck_assert_int_eq(ptrace(PTRACE_SYSEMU, pid, NULL, NULL), 0);
    wait_for_stop(pid, SIGTRAP);
    ck_assert_int_eq(ptrace(PTRACE_GETREGS, pid, NULL, &registers), 0);
    return registers;
}

static void answer_syscall(pid_t pid, struct user_regs_struct registers,
                           const struct pretend_answer *answer)
{
    /* Linux had put an error there; this kernel preserves rax */
    registers.rax = registers.orig_rax;
    registers.orig_rax = (unsigned long long)-1;
    registers.rdi = answer->badge;
    registers.rsi = answer->info;
    registers.r10 = answer->mr[0];
    registers.r8 = answer->mr[1];
    registers.r9 = answer->mr[2];
    registers.r15 = answer->mr[3];
    registers.rsp = 0;
    registers.rcx = 0x5c5c5c5c5c5c5c5c;
    registers.r11 = 0x1b1b1b1b1b1b1b1b;
    ck_assert_int_eq(ptrace(PTRACE_SETREGS, pid, NULL, &registers), 0);
}

static void report_syscall(const struct user_regs_struct *registers, const struct shared *shared,
                           struct pretend_report *report)
{
    report->number = registers->rdx;
    report->rdi = registers->rdi;
    report->info = registers->rsi;
    report->mr[0] = registers->r10;
    report->mr[1] = registers->r8;
    report->mr[2] = registers->r9;
    report->mr[3] = registers->r15;
    memcpy(&report->buffer, &shared->buffer, sizeof(shared->buffer));
}

/* A child that is about to make its call. */
static pid_t start_child(struct shared **shared, void (*call)(void), bool without_buffer)
{
    *shared =
        mmap(NULL, sizeof(**shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(*shared, MAP_FAILED);
    /* so that what a stub forgets shows */
    memset(&(*shared)->buffer, 0xee, sizeof((*shared)->buffer));

    pid_t pid = fork();
    if (pid == 0) {
        child(*shared, call, without_buffer);
    }
    ck_assert_int_gt(pid, 0);
    wait_for_stop(pid, SIGSTOP);
    return pid;
}

static void end_child(pid_t pid, struct shared *shared)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    munmap(shared, sizeof(*shared));
}

void pretend(void (*call)(void), const struct pretend_answer *answer, bool without_buffer,
             struct pretend_report *report)
{
    struct shared *shared;
    pid_t pid = start_child(&shared, call, without_buffer);
    memset(report, 0, sizeof(*report));

    struct user_regs_struct registers = next_syscall(pid);
    report_syscall(&registers, shared, report);
    shared->buffer.msg[4] = answer->more[0];
    shared->buffer.msg[5] = answer->more[1];
    answer_syscall(pid, registers, answer);

    registers = next_syscall(pid);
    report->returned = registers.rdx == DONE_NUMBER && shared->returned == 1;
    memcpy(report->result, shared->result, sizeof(report->result));
    memcpy(&report->buffer_after, &shared->buffer, sizeof(shared->buffer));
    end_child(pid, shared);
}

size_t pretend_many(void (*call)(void), struct pretend_call *calls, size_t most)
{
    const struct pretend_answer success = {0};
    struct shared *shared;
    size_t count = 0;
    pid_t pid = start_child(&shared, call, false);

    while (count < most) {
        struct user_regs_struct registers = next_syscall(pid);
        if (registers.rdx == DONE_NUMBER) {
            break;
        }
        calls[count++] =
            (struct pretend_call){registers.rdx, registers.rdi, registers.rsi, registers.r10};
        answer_syscall(pid, registers, &success);
    }
    end_child(pid, shared);
    return count;
}

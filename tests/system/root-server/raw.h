/*
 * seL4's binary interface for x86-64 (16.0.0-dev, SMP, non-MCS) as a program compiled against
 * another libsel4 brings it along: numbers, layouts and stubs, typed in from the contract. Nothing
 * here comes from CMK's headers or libraries.
 */
#ifndef ROOT_SERVER_RAW_H
#define ROOT_SERVER_RAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t word_t;

/* --- numbers (contract 1.1, 3.1, 4.2, 4.3, 9.6) --- */

enum system_call {
    CALL = -1,
    REPLY_RECV = -2,
    SEND = -3,
    NB_SEND = -4,
    RECV = -5,
    REPLY = -6,
    YIELD = -7,
    NB_RECV = -8,
    DEBUG_PUT_CHAR = -9,
    DEBUG_CAP_IDENTIFY = -12,
    DEBUG_NAME_THREAD = -14,
    SET_TLS_BASE = -30
};

enum initial_slot {
    OWN_TCB = 1,
    OWN_CNODE = 2,
    OWN_VSPACE = 3,
    IRQ_CONTROL = 4,
    ASID_CONTROL = 5,
    OWN_ASID_POOL = 6,
    IO_PORT_CONTROL = 7,
    IO_SPACE = 8,
    BOOT_INFO_FRAME = 9,
    OWN_IPC_BUFFER = 10,
    DOMAIN = 11,
    OWN_SC = 14,
    FIRST_DYNAMIC = 16
};

enum object_type {
    UNTYPED,
    TCB,
    ENDPOINT,
    NOTIFICATION,
    CNODE,
    PDPT,
    PML4,
    HUGE_PAGE,
    PAGE_4K,
    LARGE_PAGE,
    PAGE_TABLE,
    PAGE_DIRECTORY
};

enum label {
    RETYPE = 1,
    READ_REGISTERS = 2,
    WRITE_REGISTERS = 3,
    CONFIGURE = 5,
    SET_PRIORITY = 6,
    SET_SPACE = 10,
    SUSPEND = 11,
    RESUME = 12,
    BIND_NOTIFICATION = 13,
    SET_AFFINITY = 15,
    SET_TLS_BASE_OF = 16,
    REVOKE = 18,
    DELETE = 19,
    COPY = 21,
    MINT = 22,
    ISSUE_HANDLER = 27,
    ACK = 28,
    SET_NOTIFICATION = 29,
    PDPT_MAP = 34,
    PAGE_DIRECTORY_MAP = 36,
    PAGE_TABLE_MAP = 38,
    PAGE_MAP = 40,
    PAGE_UNMAP = 41,
    GET_ADDRESS = 42,
    MAKE_POOL = 43,
    ASSIGN = 44,
    ISSUE_PORTS = 45,
    IN8 = 46,
    OUT8 = 49,
    ISSUE_IO_APIC = 52,
    ISSUE_MSI = 53
};

enum error {
    NO_ERROR = 0,
    ILLEGAL_OPERATION = 3,
    FAILED_LOOKUP = 6,
    DELETE_FIRST = 8,
    NOT_ENOUGH_MEMORY = 10
};

enum fault { VM_FAULT = 5, UNKNOWN_SYSCALL = 2, USER_EXCEPTION = 3 };

enum { READ_WRITE = 3, ALL_RIGHTS = 15, CACHED = 0, UNCACHED = 3, REGISTERS = 20, DEPTH = 64 };

enum register_index { RIP, RSP, RFLAGS, RDI = 8, FS_BASE = 18 };

/* --- boot info (contract 9.7, 9.8) --- */

struct slot_region {
    word_t start, end;
};

struct untyped_description {
    word_t paddr;
    uint8_t size_bits, is_device, padding[6];
};

struct boot_info {
    word_t extra_length, node_id, node_count, io_page_table_levels, ipc_buffer;
    struct slot_region empty, shared_frames, image_frames, image_paging, io_space_caps, extra_pages;
    word_t cnode_size_bits, domain;
    struct slot_region untyped;
    struct untyped_description untyped_list[230];
};
_Static_assert(sizeof(struct boot_info) == 3848, "contract 9.7");

struct chunk {
    word_t id, length;
};

enum chunk_id { CHUNK_RSDP = 3, CHUNK_MEMORY_MAP = 2, CHUNK_TSC = 5 };

/* --- stubs --- */

struct message {
    word_t badge, info, mr[4];
};

static inline word_t make_info(word_t label, word_t caps, word_t length)
{
    return label << 12 | caps << 7 | length;
}

static inline word_t label_of(word_t info)
{
    return info >> 12;
}

static inline word_t length_of(word_t info)
{
    return info & 127;
}

/* As seL4's own stubs do it: the stack pointer waits in rbx. */
static inline void trap(enum system_call number, struct message *message)
{
    register word_t mr0 __asm__("r10") = message->mr[0];
    register word_t mr1 __asm__("r8") = message->mr[1];
    register word_t mr2 __asm__("r9") = message->mr[2];
    register word_t mr3 __asm__("r15") = message->mr[3];
    __asm__ volatile("movq %%rsp, %%rbx\n\tsyscall\n\tmovq %%rbx, %%rsp"
                     : "+D"(message->badge), "+S"(message->info), "+r"(mr0), "+r"(mr1), "+r"(mr2),
                       "+r"(mr3)
                     : "d"((word_t)(int64_t)number)
                     : "rbx", "rcx", "r11", "memory");
    message->mr[0] = mr0;
    message->mr[1] = mr1;
    message->mr[2] = mr2;
    message->mr[3] = mr3;
}

/* One argument in, one result out: the debug calls, SetTLSBase, Yield, Signal. */
static inline word_t trap1(enum system_call number, word_t argument, word_t info)
{
    struct message message = {.badge = argument, .info = info};
    trap(number, &message);
    return message.badge;
}

static inline word_t read_tsc(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (word_t)high << 32 | low;
}

#endif

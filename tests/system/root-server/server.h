/* What the parts of the root server share. */
#ifndef ROOT_SERVER_SERVER_H
#define ROOT_SERVER_SERVER_H

#include "raw.h"

/* --- results (output.c) --- */

void put_text(const char *text);
void put_number(word_t number);

/* From now on characters go through this function instead of DebugPutChar. */
void print_through(void (*put)(char));

void begin(const char *name);
void check_failed(const char *file, int line, const char *what, word_t got, word_t expected);
void end(void);
bool all_passed(void);

/* Says that the rest of the test cannot be done here, and why: it counts as passed. */
void skip(const char *why);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            check_failed(__FILE__, __LINE__, #condition, 0, 1);                                    \
        }                                                                                          \
    } while (0)
#define CHECK_EQUAL(got, expected)                                                                 \
    do {                                                                                           \
        word_t got_ = (word_t)(got), expected_ = (word_t)(expected);                               \
        if (got_ != expected_) {                                                                   \
            check_failed(__FILE__, __LINE__, #got, got_, expected_);                               \
        }                                                                                          \
    } while (0)

/* --- objects and memory (objects.c) --- */

extern const struct boot_info *boot_info;

/*
 * Invokes `cap`; words beyond four and capabilities go through the IPC buffer. The initial thread
 * only.
 */
struct answer {
    word_t error, length, mr[4];
};
struct answer invoke(word_t cap, enum label label, const word_t *caps, unsigned cap_count,
                     const word_t *words, unsigned word_count);
#define CAPS(...)  (const word_t[]){__VA_ARGS__}, sizeof((word_t[]){__VA_ARGS__}) / sizeof(word_t)
#define WORDS(...) (const word_t[]){__VA_ARGS__}, sizeof((word_t[]){__VA_ARGS__}) / sizeof(word_t)
#define NONE       NULL, 0

void use_ipc_buffer(word_t address);
word_t new_slot(void);

/* A new object out of RAM; 0 if there is no memory for it. */
word_t new_object(enum object_type type, word_t size_bits);

/*
 * A 4 KiB frame for this physical address, out of the device untypeds, which are halved until it
 * comes out; 0: none.
 */
word_t device_frame(word_t paddr);

/* Maps a frame in a VSpace and makes the paging structures that are missing. False: refused. */
bool map_frame(word_t vspace, word_t frame, word_t vaddr, word_t attributes);

/*
 * Physical memory [paddr, paddr + bytes), mapped; null if some of it belongs to no device untyped.
 */
volatile uint8_t *map_device(word_t paddr, word_t bytes);

const struct chunk *find_chunk(enum chunk_id id);

/* --- threads (threads.c) --- */

struct thread {
    word_t tcb;
    _Alignas(16) uint8_t stack[4096];
};

/* Makes a thread that runs function(argument) in this address space, not yet started. */
void make_thread(struct thread *thread, void (*function)(void *), void *argument, word_t priority,
                 word_t fault_handler);
void start_thread(struct thread *thread);
void stop_thread(struct thread *thread);
bool set_affinity(struct thread *thread, word_t cpu);
void block_for_ever(void);

/* --- the tests --- */

void test_boot(void); /* boot.c */
void test_thread_local(void);
void test_capabilities(void);
void test_untypeds(void);
void test_acpi(void);   /* acpi.c */
void test_hpet(void);   /* timer.c */
void test_serial(void); /* serial.c */
void test_identify_often(void);
void test_huge_page(void); /* memory.c */
void test_address_space_pools(void);
void test_process(void); /* process.c */
void test_faults(void);
void test_priorities(void); /* scheduling.c */
void test_round_robin(void);
void test_other_cpus(void);

/* --- what they learn from each other --- */

/* HPET registers, from the ACPI tables; 0 if there is none. */
extern word_t hpet_address;

/* Waits for `count` ticks of a timer that test_hpet() has set going; false if there is none. */
bool wait_for_ticks(unsigned count);

/* Whether this kernel has the debug calls: a thread with a fault handler has tried. */
bool has_debug_calls(void);

#endif

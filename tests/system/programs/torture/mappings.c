/*
 * Part "mappings": a mapper on each CPU maps, restricts and unmaps pages in a window of its own,
 * and checkers on the CPUs read and write there all the time (reader.asm). Whatever the mapper
 * takes away it poisons through another mapping as soon as the call returns: a reader that sees
 * poison, or a write that lands after that, used a stale translation. Paging structures too: the
 * memory of a page table that was unmapped becomes a page, full of entries that lead to poison.
 */
#include "torture.h"

#include <string.h>

enum {
    MAX_MAPPERS = 8,
    FRAMES = 3,
    STRUCTURE_BITS = 12,
    TABLE_ENTRIES = 512,
    GOING_ON_MILLISECONDS = 600000
};

#define POISON (1ull << 63 | 0x70150e)

struct checker {
    volatile uint64_t counter;
    volatile uint64_t found;
    uint64_t store;
    seL4_CPtr tcb;
} __attribute__((aligned(64)));

struct mapper {
    /* of the page that checkers use; alone in its page table and directory */
    seL4_Word vaddr;
    seL4_CPtr original[FRAMES];       /* mapped at alias */
    seL4_CPtr frame[FRAMES];          /* copies of these, mapped at vaddr, in turns */
    volatile uint64_t *alias[FRAMES]; /* the same pages elsewhere */
    /* untypeds; the page table and the directory over vaddr are made of them */
    seL4_CPtr structure[2];
    seL4_CPtr table, directory; /* slots */
    seL4_CPtr filler;           /* a page of a structure's old memory */
    volatile uint64_t *filler_alias;
    /* what an entry of an old page table and of an old directory shall be */
    seL4_Word lead_to_poison[2];
    unsigned mapped; /* which frame */
    struct checker reader[2], writer;
};

extern const char reader_start[], writer_start[];

static struct mapper mappers[MAX_MAPPERS];
static unsigned mapper_count;
static seL4_CPtr fault_endpoint;

static void expect(seL4_Error error, const char *what)
{
    if (error != seL4_NoError) {
        violation(&part_mappings, "%s: error %lu", what, error);
    }
}

/* Answers every fault: the checker tries again. */
static void handle_faults(struct worker *worker)
{
    seL4_Word badge;
    seL4_MessageInfo_t info =
        worker->rounds == 0
            ? seL4_Recv(fault_endpoint, &badge)
            : seL4_ReplyRecv(fault_endpoint, seL4_MessageInfo_new(0, 0, 0, 0), &badge);
    if (seL4_MessageInfo_get_label(info) != seL4_Fault_VMFault) {
        violation(&part_mappings, "checker %lu has fault %lu", badge,
                  seL4_MessageInfo_get_label(info));
    }
}

static void poison(struct mapper *mapper, unsigned frame)
{
    mapper->alias[frame][0] = POISON;
    for (unsigned i = 0; i < 200; i++) {
        if (mapper->alias[frame][0] != POISON) {
            violation(&part_mappings,
                      "a write of %lx landed in a page that is unmapped or read-only",
                      mapper->alias[frame][0]);
            return;
        }
        __asm__ volatile("pause");
    }
}

static void map(struct mapper *mapper, unsigned frame, seL4_CapRights_t rights)
{
    mapper->alias[frame][0] = 1;
    expect(seL4_X86_Page_Map(mapper->frame[frame], seL4_CapInitThreadVSpace, mapper->vaddr, rights,
                             seL4_X86_Default_VMAttributes),
           "Page_Map");
    mapper->mapped = frame;
}

static void map_another(struct mapper *mapper, uint64_t *random)
{
    map(mapper, (mapper->mapped + 1) % FRAMES,
        random_below(random, 4) ? seL4_ReadWrite : seL4_CanRead);
}

/* Read-only from here on: no write may land, so what the page holds stays. */
static void restrict_rights(struct mapper *mapper)
{
    expect(seL4_X86_Page_Map(mapper->frame[mapper->mapped], seL4_CapInitThreadVSpace, mapper->vaddr,
                             seL4_CanRead, seL4_X86_Default_VMAttributes),
           "remapping read-only");
    uint64_t before = mapper->alias[mapper->mapped][0];
    for (unsigned i = 0; i < 200; i++) {
        if (mapper->alias[mapper->mapped][0] != before) {
            violation(&part_mappings, "a write landed in a read-only page");
            return;
        }
    }
}

static void unmap_page(struct mapper *mapper)
{
    expect(seL4_X86_Page_Unmap(mapper->frame[mapper->mapped]), "Page_Unmap");
    poison(mapper, mapper->mapped);
}

/* The frame goes away by deletion, and comes back as a copy of its alias's capability. */
static void delete_page(struct mapper *mapper)
{
    seL4_CPtr frame = mapper->frame[mapper->mapped];
    expect(slot_delete(frame), "deletion of a page");
    poison(mapper, mapper->mapped);
    expect(slot_copy(frame, mapper->original[mapper->mapped]), "copy of a page");
}

/*
 * A page made of the memory that was a page table, full of entries that lead to the poisoned frame.
 */
static void fill_old_table(struct mapper *mapper, unsigned which)
{
    expect(slot_revoke(mapper->structure[which]), "revocation of a page table");
    expect(retype_into(mapper->structure[which], seL4_X86_4K, 0, mapper->filler),
           "page from an old page table");
    expect(seL4_X86_Page_Map(mapper->filler, seL4_CapInitThreadVSpace,
                             (seL4_Word)mapper->filler_alias, seL4_ReadWrite,
                             seL4_X86_Default_VMAttributes),
           "map of an old page table");
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        mapper->filler_alias[i] = mapper->lead_to_poison[which];
    }
    for (unsigned i = 0; i < 100; i++) {
        __asm__ volatile("pause");
    }
    expect(slot_delete(mapper->filler), "deletion of a page");
}

static void make_structure(struct mapper *mapper, bool table)
{
    seL4_CPtr slot = table ? mapper->table : mapper->directory;
    expect(retype_into(mapper->structure[!table],
                       table ? seL4_X86_PageTableObject : seL4_X86_PageDirectoryObject, 0, slot),
           "retype to a paging structure");
    expect(table ? seL4_X86_PageTable_Map(slot, seL4_CapInitThreadVSpace, mapper->vaddr,
                                          seL4_X86_Default_VMAttributes)
                 : seL4_X86_PageDirectory_Map(slot, seL4_CapInitThreadVSpace, mapper->vaddr,
                                              seL4_X86_Default_VMAttributes),
           "map of a paging structure");
}

static void unmap_structure(struct worker *worker, struct mapper *mapper, bool table)
{
    if (random_below(&worker->random, 2)) {
        expect(table ? seL4_X86_PageTable_Unmap(mapper->table)
                     : seL4_X86_PageDirectory_Unmap(mapper->directory),
               "unmapping a paging structure");
    } else {
        expect(slot_delete(table ? mapper->table : mapper->directory),
               "deleting a paging structure");
    }
    poison(mapper, mapper->mapped);
    fill_old_table(mapper, !table);
    make_structure(mapper, table);
    if (!table) { /* the page table is still in memory, but under no directory now */
        expect(slot_revoke(mapper->structure[0]), "revocation of a page table");
        make_structure(mapper, true);
    }
    (void)seL4_X86_Page_Unmap(mapper->frame[mapper->mapped]); /* so that it may be mapped anew */
}

static void attack(struct worker *worker)
{
    struct mapper *mapper = &mappers[worker->index];
    switch (random_below(&worker->random, 6)) {
    case 0:
        restrict_rights(mapper);
        break;
    case 1:
    case 2:
        unmap_page(mapper);
        map_another(mapper, &worker->random);
        break;
    case 3:
        delete_page(mapper);
        map_another(mapper, &worker->random);
        break;
    case 4:
    case 5:
        unmap_structure(worker, mapper, random_below(&worker->random, 2));
        map_another(mapper, &worker->random);
        break;
    }
    struct checker *checkers[] = {&mapper->reader[0], &mapper->reader[1], &mapper->writer};
    for (unsigned i = 0; i < 3; i++) {
        if (checkers[i]->found != 0) {
            violation(&part_mappings, "a checker read %lx through a stale translation",
                      checkers[i]->found);
        }
        if (!balanced && random_below(&worker->random, 8) == 0) {
            expect(seL4_TCB_SetAffinity(checkers[i]->tcb, random_below(&worker->random, cpu_count)),
                   "SetAffinity");
        }
    }
    if (random_below(&worker->random, 2) == 0) {
        seL4_Yield();
    }
}

static bool start_checker(struct mapper *mapper, struct checker *checker, const char *code,
                          unsigned cpu, seL4_Word badge)
{
    seL4_CPtr handler = cmk_alloc_slot();
    checker->store = 0x1000 + badge;
    checker->tcb = cmk_alloc_object(seL4_TCBObject, 0);
    seL4_UserContext context = {
        .rip = (seL4_Word)code,
        .rflags = 0x202,
        .r15 = (seL4_Word)checker,
        .rdi = mapper->vaddr,
    };
    return handler != 0 && checker->tcb != 0 &&
           slot_mint(handler, fault_endpoint, badge) == seL4_NoError &&
           seL4_TCB_Configure(checker->tcb, handler, seL4_CapInitThreadCNode, 0,
                              seL4_CapInitThreadVSpace, 0, 0, 0) == seL4_NoError &&
           seL4_TCB_SetPriority(checker->tcb, seL4_CapInitThreadTCB, WORKER_PRIORITY) ==
               seL4_NoError &&
           (balanced || seL4_TCB_SetAffinity(checker->tcb, cpu % cpu_count) == seL4_NoError) &&
           seL4_TCB_WriteRegisters(checker->tcb, true, 0, 20, &context) == seL4_NoError;
}

static bool set_up_frames(struct mapper *mapper)
{
    for (unsigned i = 0; i < FRAMES; i++) {
        mapper->frame[i] = cmk_alloc_slot();
        mapper->original[i] = cmk_alloc_object(seL4_X86_4K, 0);
        if (mapper->original[i] == 0 ||
            slot_copy(mapper->frame[i], mapper->original[i]) != seL4_NoError) {
            return false;
        }
        mapper->alias[i] = cmk_map_frames(mapper->original[i], 1, seL4_PageBits, seL4_ReadWrite,
                                          seL4_X86_Default_VMAttributes);
        if (mapper->alias[i] == NULL) {
            return false;
        }
    }
    return true;
}

/*
 * A page of nothing but `word`. Returns a writable and user-accessible entry that leads there; 0:
 * something is used up.
 */
static seL4_Word page_full_of(seL4_Word word)
{
    enum { PRESENT_WRITABLE_USER = 7 };
    seL4_CPtr frame = cmk_alloc_object(seL4_X86_4K, 0);
    seL4_Word *words =
        cmk_map_frames(frame, 1, seL4_PageBits, seL4_ReadWrite, seL4_X86_Default_VMAttributes);
    if (words == NULL) {
        return 0;
    }
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        words[i] = word;
    }
    return seL4_X86_Page_GetAddress(frame).paddr | PRESENT_WRITABLE_USER;
}

static bool set_up_mapper(struct mapper *mapper)
{
    enum { DIRECTORY_BITS = 30 };
    mapper->lead_to_poison[0] = page_full_of(POISON);
    mapper->lead_to_poison[1] = page_full_of(mapper->lead_to_poison[0]);
    mapper->vaddr = cmk_alloc_addresses(1ul << DIRECTORY_BITS, DIRECTORY_BITS);
    mapper->table = cmk_alloc_slot();
    mapper->directory = cmk_alloc_slot();
    for (unsigned i = 0; i < 2; i++) {
        mapper->structure[i] = cmk_alloc_object(seL4_UntypedObject, STRUCTURE_BITS);
    }
    /* The page that is mapped here first only serves to make the paging structures. */
    mapper->filler = cmk_alloc_object(seL4_X86_4K, 0);
    mapper->filler_alias = cmk_map_frames(mapper->filler, 1, seL4_PageBits, seL4_ReadWrite,
                                          seL4_X86_Default_VMAttributes);
    return mapper->vaddr != 0 && mapper->structure[1] != 0 && mapper->filler_alias != NULL &&
           slot_delete(mapper->filler) == seL4_NoError && set_up_frames(mapper);
}

/*
 * The paging structures above the page: a PDPT that stays, a directory and a table that come and
 * go.
 */
static bool set_up_structures(struct mapper *mapper)
{
    seL4_CPtr pdpt = cmk_alloc_object(seL4_X86_PDPTObject, 0);
    seL4_Error error = seL4_X86_PDPT_Map(pdpt, seL4_CapInitThreadVSpace, mapper->vaddr,
                                         seL4_X86_Default_VMAttributes);
    if (error != seL4_NoError && error != seL4_DeleteFirst) {
        return false;
    }
    make_structure(mapper, false);
    make_structure(mapper, true);
    map(mapper, 0, seL4_ReadWrite);
    return true;
}

static bool set_up(const struct part *part)
{
    fault_endpoint = cmk_alloc_object(seL4_EndpointObject, 0);
    mapper_count = cpu_count < MAX_MAPPERS ? cpu_count : MAX_MAPPERS;
    for (unsigned i = 0; i < mapper_count; i++) {
        struct mapper *mapper = &mappers[i];
        if (!set_up_mapper(mapper) || !set_up_structures(mapper) ||
            !start_checker(mapper, &mapper->reader[0], reader_start, i + 1, 3 * i + 1) ||
            !start_checker(mapper, &mapper->reader[1], reader_start, i + 2, 3 * i + 2) ||
            !start_checker(mapper, &mapper->writer, writer_start, i + 1, 3 * i + 3)) {
            return false;
        }
        if (!add_worker(part, i, attack, RUNS)) {
            return false;
        }
    }
    for (unsigned i = 0; i < cpu_count; i++) {
        if (!add_worker(part, i, handle_faults, SERVES)) {
            return false;
        }
    }
    return true;
}

static bool goes_on(const struct checker *checker)
{
    uint64_t counter = checker->counter;
    struct waiting waiting = begin_waiting();
    while (checker->counter == counter && checker->found == 0) {
        if (is_too_long(&waiting, GOING_ON_MILLISECONDS)) {
            return false;
        }
        seL4_Yield();
    }
    return checker->found == 0;
}

/* Every checker still goes on once the page is there to stay. */
static bool check_end(void)
{
    for (unsigned i = 0; i < mapper_count; i++) {
        struct mapper *mapper = &mappers[i];
        struct checker *checkers[] = {&mapper->reader[0], &mapper->reader[1], &mapper->writer};
        expect(seL4_X86_Page_Map(mapper->frame[mapper->mapped], seL4_CapInitThreadVSpace,
                                 mapper->vaddr, seL4_ReadWrite, seL4_X86_Default_VMAttributes),
               "the last Page_Map");
        for (unsigned j = 0; j < 3; j++) {
            if (!goes_on(checkers[j])) {
                say("checker %u of mapper %u: counter %lu, found %lx", j, i, checkers[j]->counter,
                    checkers[j]->found);
                return false;
            }
            (void)seL4_TCB_Suspend(checkers[j]->tcb);
        }
    }
    return true;
}

const struct part part_mappings = {
    .name = "mappings",
    .what = "stale translations",
    .set_up = set_up,
    .check_end = check_end,
};

/*
 * The words of the kernel's command line, and of boot modules' strings (docs/configuration.md).
 * Plain C.
 *
 * Text comes from the loader. GRUB wraps a word that contains a space in double quotes and marks \
 * ' and " inside words with a backslash; QEMU passes what was typed. So: words are separated by
 * blanks outside double quotes, double quotes vanish, and a backslash makes a following \ ' or " an
 * ordinary character.
 */
#ifndef BOOT_PLAN_CONFIGURATION_H
#define BOOT_PLAN_CONFIGURATION_H

#include <boot/plan/plan.h>

enum {
    WORD_BYTES = 1024, /* longest word, its terminating zero included */
    SHOWN_BYTES = 64,  /* a word as mistakes show it */
    LEAST_CNODE_BITS = 9,
    GREATEST_CNODE_BITS = 22 /* 128 MiB */
};

struct word {
    const char *raw; /* as the loader passed it */
    size_t raw_length;
    char text[WORD_BYTES]; /* without the quoting, cut if too long */
    bool too_long;
    bool open_quote; /* the string ended inside double quotes */
};

/*
 * Reads the next word of the string at *cursor and moves the cursor after it. False: there is
 * none.
 */
bool next_word(const char **cursor, struct word *word);

/*
 * Skips the file name that QEMU puts in front of every string; `loader` is what the loader calls
 * itself.
 */
const char *skip_file_name(const char *text, const char *loader);

/* A word as the loader passed it, cut to SHOWN_BYTES and printable. Returns `shown`. */
const char *show_word(const char *raw, char shown[static SHOWN_BYTES]);

bool is_same_text(const char *a, const char *b);

/* What follows `prefix` in `text`, or null if `text` does not begin with it. */
const char *text_after(const char *text, const char *prefix);

/*
 * Decimal or 0x hexadecimal digits up to `end` characters (all of them); false also if 64 bits are
 * too few.
 */
bool parse_number(const char *text, size_t length, uint64_t *value);

/* The same, with an optional K, M or G. */
bool parse_size(const char *text, size_t length, uint64_t *value);

/* Where mistakes go. */
struct complaints {
    complain_function *complain;
    void *context;
    unsigned count;
};

__attribute__((format(printf, 2, 3))) void mistake(struct complaints *complaints,
                                                   const char *format, ...);

enum nodes_kind { NODES_COUNTED, NODES_PER_CPU, NODES_NUMA, NODES_LLC, NODES_PACKAGE };

/* The profiles, by enum profile. */
struct profile_fact {
    const char *word; /* what api= says */
    bool one_cpu;     /* its nodes have one CPU */
    bool runs;        /* nodes can have it */
};
extern const struct profile_fact profile_facts[];

enum devices_kind { DEVICES_DEFAULT, DEVICES_ALL, DEVICES_NONE, DEVICES_LIST };

/* On: where the machine has one that can be used. */
enum iommu_setting { IOMMU_ON, IOMMU_OFF, IOMMU_REQUIRED };

/*
 * What was said about one node. The `_word`s point into the command line and are null where nothing
 * was said.
 */
struct node_configuration {
    const char *cpus_word;
    uint64_t cpus[ABI_CMK_MAX_CPUS / 64]; /* bit set: that logical CPU */
    const char *mem_word;
    uint64_t mem_bytes;
    bool mem_is_placed; /* at mem_address, as a whole */
    paddr_t mem_address;
    const char *cnode_word;
    uint8_t cnode_bits; /* 0: as many as are needed */
    const char *profile_word;
    enum profile profile;
    const char *console_word;
    uint16_t console_port;
    const char *devices_word;
    enum devices_kind devices;
    bool console_ports; /* all, and the ports of its console's UART */
    const char *start_word;
    bool starts_off; /* not at boot, but when the manager wishes */
    const char *store_word;
    uint64_t store_bytes; /* of its image store, at least; 0: what its image takes */
};

struct configuration {
    const char *nodes_word;
    bool nodes_bad; /* the word is there, and wrong: how many nodes there are is unknown */
    enum nodes_kind nodes_kind;
    uint32_t node_count; /* with NODES_COUNTED */
    struct node_configuration node[ABI_CMK_MAX_NODES];
    bool cpus_bad; /* some nodeK.cpus= is wrong */
    const char *shared_word;
    uint64_t shared_bytes;
    uint32_t channel_count;
    struct channel_configuration {
        const char *word;
        uint16_t node[2]; /* ascending */
        uint64_t bytes;
    } channel[ABI_CMK_MAX_CHANNELS];
    const char *plan_word, *checks_word, *balance_word, *fastpath_word, *fpu_word;
    const char *profile_word;
    enum profile profile; /* of nodes of which nothing else is said */
    const char *missing_cpus_word, *power_off_word, *console_mark_word, *modules_word;
    uint32_t module_count; /* how many boot modules there must be; 0: any number */
    uint64_t console_mark; /* 0: none */
    const char *iommu_word;
    enum iommu_setting iommu;
    const char *intremap_word;
    bool intremap;
    const char *manager_word;
    bool manager; /* node 0 may stop and start the others */
    bool plan_only, checks, balance, fastpath, avx, missing_cpus_go_on, power_off;
};

/*
 * Reads the command line in `facts`; of the facts, it needs the loader's name and the number of
 * CPUs.
 */
void read_configuration(const struct machine_facts *facts, struct configuration *configuration,
                        struct complaints *complaints);

#endif

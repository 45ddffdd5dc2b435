/* Deleting and revoking many capabilities, making many objects. */
#include "latency.h"
#include <stdio.h>

enum { MANY_RADIX = 14, MANY = 10000, TREE_RADIX = 8, LEAF_RADIX = 4 };

static void fill(seL4_CPtr cnode, seL4_Word radix, seL4_Word count, seL4_CPtr source)
{
    for (seL4_Word i = 0; i < count; i++) {
        OK(seL4_CNode_Copy(cnode, i, (seL4_Uint8)radix, ROOT, source, DEPTH, seL4_AllRights));
    }
}

static void revoke_many(void)
{
    seL4_CPtr cnode = new_object(seL4_CapTableObject, MANY_RADIX);
    seL4_CPtr endpoint = new_object(seL4_EndpointObject, 0);
    fill(cnode, MANY_RADIX, MANY, endpoint);
    begin();
    revoke(endpoint);
    end("revoke 10000 capabilities");
    fill(cnode, MANY_RADIX, MANY, endpoint);
    begin();
    delete (cnode);
    end("delete a CNode of 16384 slots, 10000 used");
    delete (endpoint);
}

static void delete_empty(void)
{
    seL4_CPtr cnode = new_object(seL4_CapTableObject, 18);
    begin();
    delete (cnode);
    end("delete an empty CNode of 262144 slots");
}

/* A CNode of 256 CNodes, each of which holds itself, the top and a capability to an endpoint. */
static void delete_tree(void)
{
    seL4_CPtr untyped = new_object(seL4_UntypedObject, 19);
    seL4_CPtr copy = new_object(seL4_EndpointObject, 0);
    seL4_CPtr top = new_object(seL4_CapTableObject, TREE_RADIX);
    OK(seL4_Untyped_Retype(untyped, seL4_CapTableObject, LEAF_RADIX, ROOT, top, DEPTH, 0, FAN_OUT));
    delete (copy);
    for (seL4_Word i = 0; i < FAN_OUT; i++) {
        OK(seL4_CNode_Copy(ROOT, copy, DEPTH, top, i, TREE_RADIX, seL4_AllRights));
        fill(copy, LEAF_RADIX, 8, copy);
        OK(seL4_CNode_Copy(copy, 8, LEAF_RADIX, ROOT, top, DEPTH, seL4_AllRights));
        delete (copy);
    }
    begin();
    delete (top);
    revoke(untyped);
    end("delete a tree of 257 CNodes with cycles");
}

static const struct {
    const char *name;
    seL4_Word type, size_bits, untyped_bits;
} kinds[] = {
    {"256 untypeds", seL4_UntypedObject, 4, 12},
    {"256 TCBs", seL4_TCBObject, 0, 19},
    {"256 endpoints", seL4_EndpointObject, 0, 12},
    {"256 notifications", seL4_NotificationObject, 0, 13},
    {"256 CNodes", seL4_CapTableObject, 4, 17},
    {"256 PDPTs", seL4_X86_PDPTObject, 0, 20},
    {"256 PML4s", seL4_X64_PML4Object, 0, 20},
    {"256 pages of 4 KiB", seL4_X86_4K, 0, 20},
    {"64 pages of 2 MiB", seL4_X86_LargePageObject, 0, 27},
    {"256 page tables", seL4_X86_PageTableObject, 0, 20},
    {"256 page directories", seL4_X86_PageDirectoryObject, 0, 20},
};

static void make_and_revoke(unsigned i)
{
    char name[64];
    seL4_CPtr cnode = new_object(seL4_CapTableObject, 8);
    seL4_CPtr untyped = new_object(seL4_UntypedObject, kinds[i].untyped_bits);
    seL4_Word count = kinds[i].type == seL4_X86_LargePageObject ? 64 : FAN_OUT;
    begin();
    OK(seL4_Untyped_Retype(untyped, kinds[i].type, kinds[i].size_bits, ROOT, cnode, DEPTH, 0,
                           count));
    snprintf(name, sizeof(name), "make %s", kinds[i].name);
    end(name);
    begin();
    revoke(untyped);
    snprintf(name, sizeof(name), "revoke %s", kinds[i].name);
    end(name);
}

void measure_capabilities(void)
{
    revoke_many();
    delete_empty();
    delete_tree();
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        make_and_revoke(i);
    }
}

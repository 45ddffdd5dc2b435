/* Labels of the invocations (contract 4.3; CMK's own start at 0x1000). */
#ifndef SEL4_INVOCATION_H
#define SEL4_INVOCATION_H

#include <sel4/macros.h>

enum seL4_InvocationLabel {
#define INVOCATION(name, label, words, caps) name = (label),
#include <api/invocations.def>
#undef INVOCATION
    nInvocationLabels = X86PDPTMap,                  /* the portable labels */
    nSeL4ArchInvocationLabels = X86PageDirectoryMap, /* with those that only x86-64 has */
    nArchInvocationLabels = X86IRQIssueIRQHandlerMSI + 1
};

#endif

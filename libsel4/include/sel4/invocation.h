/* Labels of the invocations (contract 4.3; CMK's own start at 0x1000), as the profile has them. */
#ifndef SEL4_INVOCATION_H
#define SEL4_INVOCATION_H

#include <api/limits.h>
#include <sel4/macros.h>

enum seL4_InvocationLabel {
#ifdef CMK_API_CLASSIC_UP
#define INVOCATION(name, label, classic_up, words, caps) name = (classic_up),
#else
#define INVOCATION(name, label, classic_up, words, caps) name = (label),
#endif
#include <api/invocations.def>
#undef INVOCATION
    nInvocationLabels = X86PDPTMap,                  /* the portable labels */
    nSeL4ArchInvocationLabels = X86PageDirectoryMap, /* with those that only x86-64 has */
    nArchInvocationLabels = X86IRQIssueIRQHandlerMSI + 1
};

#endif

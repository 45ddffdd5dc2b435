/*
 * The profile of the node: which seL4 its programs were built for (api/profiles.def). Labels differ
 * between them. The kernel knows those of PROFILE_CLASSIC only, and translates what other programs
 * say where the message is decoded.
 */
#ifndef KERNEL_PROFILE_H
#define KERNEL_PROFILE_H

#include <api/types.h>
#include <kernel/types.h>

/* Of this node. Constant after boot. */
extern enum profile node_profile;

/*
 * Plain messages need no work before they are understood: no words or capabilities in the buffer,
 * and no label to be translated. Those whose message info is, without its label, less than this.
 */
extern word_t plain_messages_end;

/* Boot only. */
void profile_init(enum profile profile);

/*
 * What the label that a program of `profile` says means: a label of PROFILE_CLASSIC.
 * LABEL_InvalidInvocation, which no capability knows: nothing. CMK's own labels stay.
 */
word_t label_meant(enum profile profile, word_t label);

/* What programs of `profile` say to mean `label`; a number above all labels: they cannot. */
word_t label_said(enum profile profile, enum invocation_label label);

#endif

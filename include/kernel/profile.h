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

/* Programs of it use MCS: scheduling contexts, reply objects. */
bool is_mcs(enum profile profile);

/*
 * What the label that a program of `profile` says means: a label of PROFILE_CLASSIC or an enum
 * mcs_label. LABEL_InvalidInvocation, which no capability knows: nothing. CMK's own labels stay.
 */
word_t label_meant(enum profile profile, word_t label);

/* What programs of `profile` say to mean `label`; a number above all labels: they cannot. */
word_t label_said(enum profile profile, word_t label);

/*
 * What the number of an object type means that a program of `profile` says: an enum object_type,
 * enum target_object_type or enum mcs_object_type; OBJECT_UNKNOWN: nothing.
 */
word_t object_type_meant(enum profile profile, word_t type);

#endif

/* Integer types of the API. A word is 64 bits. */
#ifndef SEL4_SIMPLE_TYPES_H
#define SEL4_SIMPLE_TYPES_H

#include <sel4/macros.h>
#include <cmk/language.h>

CMK_BEGIN_C

typedef signed char seL4_Int8;
typedef unsigned char seL4_Uint8;
typedef signed short seL4_Int16;
typedef unsigned short seL4_Uint16;
typedef signed int seL4_Int32;
typedef unsigned int seL4_Uint32;
typedef signed long seL4_Int64;
typedef unsigned long seL4_Uint64;

typedef seL4_Uint64 seL4_Word;
typedef seL4_Word seL4_CPtr;
typedef seL4_Word seL4_PAddr;
typedef seL4_Word seL4_Domain;
typedef seL4_Word seL4_NodeId;
typedef seL4_Uint64 seL4_Time;
typedef seL4_Uint64 seL4_Ticks;
typedef seL4_Int8 seL4_Bool;

#define seL4_True  1
#define seL4_False 0
#define seL4_Null  ((void *)0)

/* Format letters for seL4_Word, to go after a '%'. */
#define SEL4_PRId_word          "ld"
#define SEL4_PRIi_word          "li"
#define SEL4_PRIu_word          "lu"
#define SEL4_PRIo_word          "lo"
#define SEL4_PRIx_word          "lx"
#define SEL4_PRI_word           "lu"
#define SEL4_PRId64             "ld"
#define SEL4_PRIi64             "li"
#define SEL4_PRIu64             "lu"
#define SEL4_PRIx64             "lx"
#define SEL4_WORD_CONST(number) number##ul

CMK_STATIC_ASSERT(sizeof(seL4_Int8) == 1 && sizeof(seL4_Int16) == 2, "8 and 16 bit types");
CMK_STATIC_ASSERT(sizeof(seL4_Int32) == 4 && sizeof(seL4_Int64) == 8, "32 and 64 bit types");
CMK_STATIC_ASSERT(sizeof(seL4_Word) == sizeof(void *), "a word holds a pointer");

CMK_END_C

#endif

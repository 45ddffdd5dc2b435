/*
 * APIC ids in hardware fields, for the kernel and for programs that build messages of their own. A
 * field has 8 bits (interrupt commands of an xAPIC, IOAPIC entries, MSI addresses) or 32 (x2APIC),
 * and all of them set means every CPU (Intel SDM volume 3, 11.6, 11.11 and 11.12). An id above the
 * largest of its field must never be cut to fit: the interrupt, or INIT, would hit another CPU.
 */
#ifndef API_APIC_IDS_H
#define API_APIC_IDS_H

#define ABI_XAPIC_BROADCAST   0xff
#define ABI_LARGEST_XAPIC_ID  0xfe
#define ABI_X2APIC_BROADCAST  0xffffffff
#define ABI_LARGEST_X2APIC_ID 0xfffffffe

#endif

/*
 * This test is about x86's own exit, unlike the others (tests/unit/host/include/target/switch.h).
 */
#include "../../../../../arch/x86/include/target/switch.h"

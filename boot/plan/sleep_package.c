/*
 * The package \_S5 of an ACPI table's AML (ACPI specification 6.4, 7.4.2 and 20.2): what goes into
 * the sleep type fields to switch the machine off. AML is not interpreted: every firmware defines
 * the package as a plain name with constants.
 */
#include <boot/plan/acpi.h>
#include <kernel/string.h>

enum {
    AML_ZERO = 0x00,
    AML_ONE = 0x01,
    AML_NAME = 0x08,
    AML_BYTE = 0x0a,
    AML_WORD = 0x0b,
    AML_DWORD = 0x0c,
    AML_PACKAGE = 0x12,
    GREATEST_TYPE = 7 /* the field has three bits */
};

/* What is left to read. */
struct aml {
    const uint8_t *at, *end;
};

static bool take(struct aml *aml, uint8_t *byte)
{
    if (aml->at == aml->end) {
        return false;
    }
    *byte = *aml->at++;
    return true;
}

/* A number from 0 to 7, as its own byte or after a prefix. */
static bool take_type(struct aml *aml, uint8_t *type)
{
    uint8_t prefix, more = 0;
    if (!take(aml, &prefix)) {
        return false;
    }
    if (prefix == AML_ZERO || prefix == AML_ONE) {
        *type = prefix;
        return true;
    }
    if ((prefix != AML_BYTE && prefix != AML_WORD && prefix != AML_DWORD) || !take(aml, type)) {
        return false;
    }
    /* The higher bytes. */
    for (unsigned bytes = 1U << (prefix - AML_BYTE); bytes > 1; bytes--) {
        if (!take(aml, &more) || more != 0) {
            return false;
        }
    }
    return *type <= GREATEST_TYPE;
}

/* After "_S5_": a package whose first two elements are types. */
static bool take_package(struct aml aml, uint8_t type[2])
{
    uint8_t byte, count;
    if (!take(&aml, &byte) || byte != AML_PACKAGE || !take(&aml, &byte)) {
        return false;
    }
    /* The length's own bytes; what it says is not needed. */
    for (unsigned more = byte >> 6; more > 0; more--) {
        if (!take(&aml, &byte)) {
            return false;
        }
    }
    return take(&aml, &count) && count >= 2 && take_type(&aml, &type[0]) &&
           take_type(&aml, &type[1]);
}

bool acpi_find_sleep_package(const uint8_t *aml, uint64_t bytes, uint8_t type[2])
{
    static const uint8_t name[] = {'_', 'S', '5', '_'};
    for (uint64_t at = 1; at + sizeof(name) <= bytes; at++) {
        if (memcmp(aml + at, name, sizeof(name)) != 0) {
            continue;
        }
        bool is_name =
            aml[at - 1] == AML_NAME || (aml[at - 1] == '\\' && at > 1 && aml[at - 2] == AML_NAME);
        struct aml rest = {aml + at + sizeof(name), aml + bytes};
        if (is_name && take_package(rest, type)) {
            return true;
        }
    }
    return false;
}

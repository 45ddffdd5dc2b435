/* The methods of I/O port capabilities: Issue, In and Out (contract 4.10). */
#include <x86/io_port.h>
#include <x86/port.h>
#include <kernel/cspace.h>
#include <kernel/derivation.h>

static MUST_USE enum outcome issue(struct invocation *call, struct answer *answer)
{
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    word_t first = message_word(call, 0) & LAST_PORT;
    word_t last = message_word(call, 1) & LAST_PORT;
    word_t index = message_word(call, 2);
    word_t depth = message_word(call, 3);
    if (last < first) {
        return refuse_argument(answer, 1);
    }
    if (!io_ports_are_free(first, last)) {
        return refuse(answer, ERROR_REVOKE_FIRST);
    }
    struct slot *slot;
    if (!lookup_empty_slot(extra_capability(call, 0), index, depth, &slot, answer)) {
        return REFUSED;
    }

    io_ports_take(first, last);
    insert_new(io_port_capability(first, last), call->slot, slot);
    return DONE;
}

enum outcome io_port_control_invoke(struct invocation *call, struct answer *answer)
{
    return call->label == LABEL_X86IOPortControlIssue ? issue(call, answer)
                                                      : refuse(answer, ERROR_ILLEGAL_OPERATION);
}

static word_t read_port(enum invocation_label label, uint16_t port)
{
    return label == LABEL_X86IOPortIn8    ? port_read8(port)
           : label == LABEL_X86IOPortIn16 ? port_read16(port)
                                          : port_read32(port);
}

static void write_port(enum invocation_label label, uint16_t port, word_t value)
{
    if (label == LABEL_X86IOPortOut8) {
        port_write8(port, (uint8_t)value);
    } else if (label == LABEL_X86IOPortOut16) {
        port_write16(port, (uint16_t)value);
    } else {
        port_write32(port, (uint32_t)value);
    }
}

/* Bytes that a method moves; 0: not a method of I/O ports. */
static word_t access_bytes(word_t label)
{
    switch (label) {
    case LABEL_X86IOPortIn8:
    case LABEL_X86IOPortOut8:
        return 1;
    case LABEL_X86IOPortIn16:
    case LABEL_X86IOPortOut16:
        return 2;
    case LABEL_X86IOPortIn32:
    case LABEL_X86IOPortOut32:
        return 4;
    default:
        return 0;
    }
}

enum outcome io_port_invoke(struct invocation *call, struct answer *answer)
{
    word_t bytes = access_bytes(call->label);
    if (bytes == 0) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    if (is_truncated(call)) {
        return refuse(answer, ERROR_TRUNCATED_MESSAGE);
    }
    word_t port = message_word(call, 0) & LAST_PORT;
    if (port < io_port_capability_first(call->capability) ||
        port + bytes - 1 > io_port_capability_last(call->capability)) {
        return refuse(answer, ERROR_ILLEGAL_OPERATION);
    }
    enum invocation_label label = (enum invocation_label)call->label;
    if (label <= LABEL_X86IOPortIn32) {
        return answer_word(answer, read_port(label, (uint16_t)port));
    }
    write_port(label, (uint16_t)port, message_word(call, 1));
    return DONE;
}

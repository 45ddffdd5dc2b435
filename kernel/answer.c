#include <kernel/answer.h>

unsigned lookup_failure_to_words(const struct lookup_failure *failure, word_t *words)
{
    static const unsigned details[] = {
#define LOOKUP_FAILURE(api_name, type, name, words) [type] = (words),
#include <api/lookup_failures.def>
#undef LOOKUP_FAILURE
    };
    unsigned count = details[failure->type];
    words[0] = failure->type;
    for (unsigned i = 0; i < count; i++) {
        words[1 + i] = failure->words[i];
    }
    return 1 + count;
}

static MUST_USE enum outcome refuse_with(struct answer *answer, enum error_code code, word_t length)
{
    answer->label = code;
    answer->length = length;
    return REFUSED;
}

enum outcome refuse(struct answer *answer, enum error_code code)
{
    return refuse_with(answer, code, 0);
}

enum outcome refuse_argument(struct answer *answer, word_t number)
{
    answer->words[0] = number;
    return refuse_with(answer, ERROR_INVALID_ARGUMENT, 1);
}

enum outcome refuse_capability(struct answer *answer, word_t number)
{
    answer->words[0] = number;
    return refuse_with(answer, ERROR_INVALID_CAPABILITY, 1);
}

enum outcome refuse_range(struct answer *answer, word_t least, word_t greatest)
{
    answer->words[0] = least;
    answer->words[1] = greatest;
    return refuse_with(answer, ERROR_RANGE, 2);
}

enum outcome refuse_lookup(struct answer *answer, bool source_side,
                           const struct lookup_failure *failure)
{
    answer->words[0] = source_side;
    return refuse_with(answer, ERROR_FAILED_LOOKUP,
                       1 + lookup_failure_to_words(failure, &answer->words[1]));
}

enum outcome refuse_missing(struct answer *answer, bool source_side, word_t bits_left)
{
    struct lookup_failure failure = {LOOKUP_MISSING_CAPABILITY, {bits_left}};
    return refuse_lookup(answer, source_side, &failure);
}

enum outcome refuse_memory(struct answer *answer, word_t bytes_free)
{
    answer->words[0] = bytes_free;
    return refuse_with(answer, ERROR_NOT_ENOUGH_MEMORY, 1);
}

enum outcome answer_two_words(struct answer *answer, word_t first, word_t second)
{
    answer->label = ERROR_NONE;
    answer->length = 2;
    answer->words[0] = first;
    answer->words[1] = second;
    return DONE;
}

enum outcome answer_word(struct answer *answer, word_t value)
{
    answer->label = ERROR_NONE;
    answer->length = 1;
    answer->words[0] = value;
    return DONE;
}

/*
 * Runs a fuzz target over stored inputs: FILE or FOLDER ... Files called *.hex hold the input's
 * bytes as hexadecimal digits, with blanks and "# comments" between them; all other files are the
 * input themselves. Ends with the number of inputs run.
 *
 * With --decode FOLDER first, writes the inputs there instead, as libFuzzer reads them.
 */
#include "fuzz.h"
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

static const char *decode_folder;
static unsigned long inputs;

static uint8_t *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;

    must(file != NULL, "%s cannot be read", path);
    *size = 0;
    for (int c = fgetc(file); c != EOF; c = fgetc(file)) {
        data = realloc(data, *size + 1);
        must(data != NULL, "out of memory");
        data[(*size)++] = (uint8_t)c;
    }
    fclose(file);
    return data;
}

static int digit_value(uint8_t c)
{
    const char *digits = "0123456789abcdef";
    const char *found = c == '\0' ? NULL : strchr(digits, c | 0x20);
    return found == NULL ? -1 : (int)(found - digits);
}

/* In place; returns the new size. */
static size_t decode_hex(const char *path, uint8_t *data, size_t size)
{
    size_t digits = 0;
    bool comment = false;
    for (size_t i = 0; i < size; i++) {
        uint8_t c = data[i];
        int value = digit_value(c);
        comment = c != '\n' && (comment || c == '#');
        if (comment || c == ' ' || c == '\n') {
            continue;
        }
        must(value >= 0, "%s: '%c' is no hexadecimal digit", path, c);
        data[digits / 2] = (uint8_t)(digits % 2 == 0 ? value << 4 : data[digits / 2] | value);
        digits++;
    }
    must(digits % 2 == 0, "%s: half a byte", path);
    return digits / 2;
}

static void write_input(const char *path, const uint8_t *data, size_t size)
{
    const char *name = strrchr(path, '/');
    char target[4096];
    FILE *file;

    snprintf(target, sizeof(target), "%s/%s", decode_folder, name == NULL ? path : name + 1);
    file = fopen(target, "wb");
    must(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0,
         "%s cannot be written", target);
}

static void run_file(const char *path)
{
    const char *ending = strrchr(path, '.');
    size_t size;
    uint8_t *data = read_file(path, &size);
    uint8_t *exact;
    if (ending != NULL && strcmp(ending, ".hex") == 0) {
        size = decode_hex(path, data, size);
    }
    /* A block of exactly this size, so that the sanitizer sees a read beyond it. */
    exact = malloc(size > 0 ? size : 1);
    must(exact != NULL, "out of memory");
    if (size > 0) {
        memcpy(exact, data, size);
    }
    if (decode_folder != NULL) {
        write_input(path, exact, size);
    } else {
        LLVMFuzzerTestOneInput(exact, size);
    }
    inputs++;
    free(exact);
    free(data);
}

static void run_folder(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    must(count >= 0, "%s cannot be read", path);
    for (int i = 0; i < count; i++) {
        char file[4096];
        snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') {
            run_file(file);
        }
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    int first = 1;
    bool is_whole_corpus = false;
    if (argc > 2 && strcmp(argv[1], "--decode") == 0) {
        decode_folder = argv[2];
        first = 3;
    }
    for (int i = first; i < argc; i++) {
        struct stat status;
        must(stat(argv[i], &status) == 0, "%s is not there", argv[i]);
        if (S_ISDIR(status.st_mode)) {
            run_folder(argv[i]);
            is_whole_corpus = decode_folder == NULL;
        } else {
            run_file(argv[i]);
        }
    }
    bool enough = !is_whole_corpus || reached_enough == NULL || reached_enough();
    printf("%lu inputs\n", inputs);
    return inputs > 0 && enough ? 0 : 1;
}

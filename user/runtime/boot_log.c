/* <cmk/boot_log.h> */
#include <cmk/boot_log.h>
#include <cmk/resources.h>

const struct cmk_boot_log *cmk_boot_log(void)
{
    static const struct cmk_boot_log *log;
    const struct cmk_cluster *cluster = cmk_cluster();
    if (!log && cluster) {
        log = cmk_map_frames(cluster->log_frame, CMK_BOOT_LOG_FRAMES, seL4_PageBits, seL4_CanRead,
                             seL4_X86_Default_VMAttributes);
    }
    return log;
}

int cmk_boot_log_character(const struct cmk_boot_log *log, seL4_Word place)
{
    seL4_Word size = sizeof(log->text);
    seL4_Word first = log->written > size ? log->written - size : 0;
    return place < log->written - first ? (unsigned char)log->text[(first + place) % size] : -1;
}

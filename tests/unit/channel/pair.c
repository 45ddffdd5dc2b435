/* Channels for tests; doorbells are made of POSIX threads' parts. */
#include "pair.h"

#include <cmk/timer.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

/* A notification: rung or not. A button is 1 + its index. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    bool rung;
} notifications[2] = {{PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false},
                      {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false}};

void (*pair_between_looks)(void);

void cmk_doorbell_ring(seL4_CPtr button)
{
    must(button == 1 || button == 2);
    pthread_mutex_lock(&notifications[button - 1].mutex);
    notifications[button - 1].rung = true;
    pthread_cond_signal(&notifications[button - 1].condition);
    pthread_mutex_unlock(&notifications[button - 1].mutex);
}

void cmk_doorbell_sleep(struct cmk_doorbell *bell)
{
    unsigned i = (unsigned)bell->notification - 1;
    pthread_mutex_lock(&notifications[i].mutex);
    while (!notifications[i].rung) {
        pthread_cond_wait(&notifications[i].condition, &notifications[i].mutex);
    }
    notifications[i].rung = false;
    pthread_mutex_unlock(&notifications[i].mutex);
}

/* Until it rings, or the moment: here by looking. */
void cmk_doorbell_sleep_until(struct cmk_doorbell *bell, uint64_t moment)
{
    unsigned i = (unsigned)bell->notification - 1;
    if (moment == CMK_TIMER_NEVER) {
        cmk_doorbell_sleep(bell);
        return;
    }
    for (bool rung = false; !rung && cmk_now() < moment;) {
        pthread_mutex_lock(&notifications[i].mutex);
        rung = notifications[i].rung;
        notifications[i].rung = false;
        pthread_mutex_unlock(&notifications[i].mutex);
        sched_yield();
    }
}

void cmk_doorbell_relax(unsigned count)
{
    if (pair_between_looks) {
        pair_between_looks();
    }
    if (count % 16 == 15) {
        sched_yield();
    }
}

void pair_open(struct pair *pair, uint32_t lines, uint32_t bulk_bytes, bool sleeping)
{
    struct cmk_channel_geometry geometry = {lines, bulk_bytes};
    memset(pair, 0, sizeof(*pair));
    pair->bytes = cmk_channel_bytes(geometry);
    must(pair->bytes != 0);
    pair->memory = aligned_alloc(CMK_CHANNEL_LINE, pair->bytes);
    memset(pair->memory, 0, pair->bytes);
    for (unsigned side = 0; side < 2; side++) {
        notifications[side].rung = false;
        pair->bell[side].notification = side + 1;
        pair->status[side].state = CMK_STATUS_RUNNING;
        struct cmk_channel_config config = {.geometry = geometry,
                                            .side = side,
                                            .peer_status = &pair->status[1 - side],
                                            .bell = sleeping ? &pair->bell[side] : NULL,
                                            .button = sleeping ? 2 - side : 0};
        must(cmk_channel_open(&pair->end[side], pair->memory, &config));
        pair->end[side].spins = 3;
    }
}

void pair_close(struct pair *pair)
{
    free(pair->memory);
    pair_between_looks = NULL;
}

void pair_end_node(struct pair *pair, unsigned side, uint64_t state)
{
    __atomic_store_n(&pair->status[side].state, state, __ATOMIC_RELEASE);
    cmk_doorbell_ring(2 - side);
}

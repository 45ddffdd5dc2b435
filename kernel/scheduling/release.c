/* The release queue: a leftist tree with links to parents. */
#include <kernel/assert.h>
#include <kernel/release.h>

static bool is_earlier(const struct release_node *a, const struct release_node *b)
{
    return a->time < b->time || (a->time == b->time && a->order < b->order);
}

static unsigned rank_of(const struct release_node *node)
{
    return node != NULL ? node->rank : 0;
}

/* The child of smaller rank to the right, and the rank that follows. */
static void settle(struct release_node *node)
{
    if (rank_of(node->left) < rank_of(node->right)) {
        struct release_node *left = node->left;
        node->left = node->right;
        node->right = left;
    }
    node->rank = (uint8_t)(rank_of(node->right) + 1);
}

/*
 * One tree of two, either of which may be null. Along the right sides of both, which have as many
 * nodes as the ranks of the roots say, at most log2(n + 1) each.
 */
static struct release_node *merge(struct release_node *a, struct release_node *b)
{
    struct release_node *root = NULL;
    struct release_node **link = &root;
    struct release_node *above = NULL;
    while (a != NULL && b != NULL) {
        if (is_earlier(b, a)) {
            struct release_node *earlier = b;
            b = a;
            a = earlier;
        }
        *link = a;
        a->parent = above;
        above = a;
        link = &a->right;
        a = a->right;
    }
    *link = a != NULL ? a : b;
    if (*link != NULL) {
        (*link)->parent = above;
    }
    for (; above != NULL; above = above->parent) {
        settle(above);
    }
    return root;
}

void release_insert(struct release_queue *queue, struct release_node *node, uint64_t time)
{
    assert(!is_in_release_queue(node));
    *node = (struct release_node){.time = time, .order = ++queue->last_order, .rank = 1};
    queue->first = merge(queue->first, node);
}

/*
 * Upwards only as far as ranks change. A node's rank changes only with that of the smaller child,
 * and is one more than it, before and after: so with each step up the rank, of which there are
 * log2(n + 1), was or is greater by one.
 */
static void settle_upwards(struct release_node *node)
{
    while (node != NULL) {
        unsigned before = node->rank;
        settle(node);
        if (node->rank == before) {
            return;
        }
        node = node->parent;
    }
}

void release_remove(struct release_queue *queue, struct release_node *node)
{
    assert(is_in_release_queue(node));
    struct release_node *above = node->parent;
    struct release_node *below = merge(node->left, node->right);
    if (below != NULL) {
        below->parent = above;
    }
    if (above == NULL) {
        queue->first = below;
    } else if (above->left == node) {
        above->left = below;
    } else {
        above->right = below;
    }
    settle_upwards(above);
    *node = (struct release_node){.rank = 0};
}

/* What the parts of this program share. */
#ifndef TESTS_H
#define TESTS_H

#include <cmk/mesh.h>
#include <cmk/node_status.h>
#include <cmk/resources.h>

extern const struct cmk_cluster *cluster;
extern struct cmk_mesh mesh;

void check(bool good, const char *name);
void test_status_pages(void);
void test_foreign_channel(void);

#endif

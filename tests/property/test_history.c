/* SPDX-License-Identifier: ISC */
/*
 * Histories of two to five replicas, and the laws that hold in each:
 *
 *   LOST UPDATE, BAD DELETE   a version gives way only to one whose author had
 *                             seen it (or its equal), or to a decision
 *   UNDO OF WHAT CAME AFTER   a run is taken back only where it is the last
 *   RESURRECTION              nothing comes back without a new event
 *   FALSE CONFLICT            who has seen the other's version is never asked;
 *                             so a decision is final wherever it is known.  A
 *                             few reports of deletions and of restored states
 *                             are allowed, counted and bounded
 *   NO CONVERGENCE            after sessions of all pairs, all are the same
 *   NOT IDEMPOTENT            and from then on nothing is done, nor stored
 *
 * Sessions are whole, partial, one-way, of a saved plan, killed, with ops that
 * fail and paths that cannot be read; replicas settle conflicts and take back
 * runs by themselves; states are cloned, restored, rolled back and lost, disks
 * change places; content rots; rules come and go.  All that decides and
 * remembers is the program's own code (merge/, sync/chosen).
 *
 * SEED= reruns from a seed, N= says how many histories, TRACE= shows the first
 * bad one whole.
 */
#include <check.h>
#include <inttypes.h>
#include <stdlib.h>

#include "tests/property/history.h"

static uint64_t
number(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 0) : otherwise;
}

static void
show(const struct session_counts *c, uint64_t n)
{
    printf("histories=%" PRIu64 " sessions=%" PRIu64 " ops=%" PRIu64
           " shown=%" PRIu64 " moves=%" PRIu64 " scopes=%" PRIu64
           " stops=%" PRIu64 " failed=%" PRIu64 " allowed=%" PRIu64 "\n",
           n, c->sessions, c->ops, c->shown, c->moves, c->scopes, c->stops,
           c->failed, c->allowed);
    printf("causal=%" PRIu64 " created=%" PRIu64 " derived=%" PRIu64
           " rule=%" PRIu64 " kept=%" PRIu64 " conflicts: edited=%" PRIu64
           " deleted=%" PRIu64 " history=%" PRIu64 " type=%" PRIu64
           " target=%" PRIu64 "\n",
           c->decisions[DECIDE_CAUSAL], c->decisions[DECIDE_CREATED],
           c->decisions[DECIDE_DERIVED], c->decisions[DECIDE_RULE],
           c->decisions[DECIDE_KEPT], c->conflicts[DECIDE_EDITED],
           c->conflicts[DECIDE_DELETED], c->conflicts[DECIDE_HISTORY],
           c->conflicts[DECIDE_TYPE], c->conflicts[DECIDE_TARGET]);
    const struct revise_counts *r = &c->revised;
    printf("resolved: mine=%" PRIu64 " theirs=%" PRIu64 " merged=%" PRIu64
           " deleted=%" PRIu64 " both=%" PRIu64 " settled=%" PRIu64
           " below=%" PRIu64 " undone=%" PRIu64 " refused=%" PRIu64
           " restored=%" PRIu64 " saved=%" PRIu64 " repaired=%" PRIu64 "\n",
           r->resolved[0], r->resolved[1], r->resolved[2], r->resolved[3],
           r->resolved[4], r->settled, r->below, r->undone, r->refused,
           r->restored, c->chosen, c->repaired);
}

START_TEST(histories)
{
    uint64_t seed = number("SEED", 1), n = number("N", 20000);
    struct session_counts counts = {0};
    uint64_t needless = 0;
    struct history h;

    for (uint64_t i = 0; i < n; i++) {
        uint64_t before = counts.allowed;
        history_make(seed + i, &h);
        const char *broken = history_run(&h, &counts, NULL);
        needless += counts.allowed > before;
        if (broken == NULL)
            continue;
        if (getenv("TRACE"))
            history_run(&h, &counts, stdout);
        history_shrink(&h);
        printf("%s, %d steps left:\n", broken, h.n);
        history_run(&h, &counts, stdout);
        fflush(stdout);
        ck_abort_msg("%s: rerun with SEED=%" PRIu64 " N=1", broken, seed + i);
    }
    show(&counts, n);
    ck_assert_msg(needless <= 2 + n / 2500,
                  "%" PRIu64 " histories with needless reports", needless);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("history");
    TCase *c = tcase_create("laws");
    SRunner *r = srunner_create(s);

    tcase_set_timeout(c, 0);
    tcase_add_test(c, histories);
    suite_add_tcase(s, c);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}

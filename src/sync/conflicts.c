/* SPDX-License-Identifier: ISC */
#include "sync/conflicts.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "merge/resolve.h"
#include "store/history.h"

/* What the session was not about stays as it was noted. */
static bool
is_beside(void *arg, const char *path)
{
    const struct pair *p = arg;
    bool inside;

    message_open_about(&p->open, path, &inside);
    return !inside || pair_undoes(p);
}

/* ---- what both versions were made from ---- */

static bool
has_common(const struct entry *a, const struct entry *b)
{
    static const uint8_t unknown[ENTRY_PREV_LEN];

    return memcmp(a->prev, unknown, sizeof unknown) != 0 &&
           memcmp(a->prev, b->prev, sizeof a->prev) == 0;
}

struct commons {
    struct history_conflict *v; /* [n] in path order */
    size_t n;
    uint64_t node;
};

static int
carry_over(void *arg, const struct history_conflict *old)
{
    struct commons *c = arg;
    size_t low = 0, high = c->n;

    if (old->peer_node != c->node || !has_common(&old->mine, &old->theirs))
        return 0;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (path_compare(c->v[mid].path, old->path) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (low == c->n || strcmp(c->v[low].path, old->path) != 0)
        return 0;
    memcpy(c->v[low].mine.prev, old->mine.prev, ENTRY_PREV_LEN);
    memcpy(c->v[low].theirs.prev, old->mine.prev, ENTRY_PREV_LEN);
    return 0;
}

/* ---- what others have settled ---- */

struct review {
    struct ledger *ledger;
    uint64_t node; /* its conflicts are those of the session */
    struct settled {
        char *path;
        uint64_t node;
    } * v; /* [n] */
    size_t n, cap;
    int status;
    struct err *err;
};

static int
is_settled(struct ledger *ledger, const struct history_conflict *c,
           struct err *err)
{
    const struct resolve_other other = {.entry = &c->theirs,
                                        .know = &c->known};
    char *dir = path_parent(c->path);
    struct knowledge known = {0};
    struct listing *l;
    int status = ledger_listing(ledger, dir, &l, err);

    free(dir);
    if (status < 0 || ledger_known(ledger, c->path, &known, err) < 0)
        return -1;
    bool open = resolve_is_open(listing_find(l, path_name(c->path)), &known,
                                &other);
    knowledge_fini(&known);
    return !open;
}

static int
review(void *arg, const struct history_conflict *c)
{
    struct review *r = arg;

    if (c->peer_node == r->node)
        return 0;
    int settled = is_settled(r->ledger, c, r->err);
    if (settled > 0) {
        MEM_GROW(r->v, r->n, r->cap);
        r->v[r->n++] = (struct settled){mem_string(c->path), c->peer_node};
    }
    r->status = settled < 0 ? -1 : 0;
    return r->status;
}

static int
forget_settled(struct replica *replica, uint64_t node, struct ledger *ledger,
               struct err *err)
{
    struct review r = {.ledger = ledger, .node = node, .err = err};
    int status = history_each_conflict(replica, review, &r, err);

    status = status < 0 ? -1 : r.status;
    for (size_t i = 0; i < r.n; i++) {
        if (status == 0)
            status = history_settle(replica, r.v[i].path, r.v[i].node, err);
        free(r.v[i].path);
    }
    free(r.v);
    return status;
}

/* ---- noting ---- */

static struct knowledge
known_by(const struct plan *plan, uint32_t number)
{
    static const struct knowledge nothing;

    return number < plan->know_n ? plan->know[number] : nothing;
}

int
conflicts_note(const struct pair *p, const struct plan *plan,
               struct ledger *ledger, struct err *err)
{
    size_t n = plan->conflict_n;
    struct history_conflict *v = mem_array(n, sizeof *v);
    char *peer = pair_location(p);
    struct commons commons = {.v = v, .n = n, .node = p->root.node};

    for (size_t i = 0; i < n; i++) {
        const struct plan_conflict *c = &plan->conflicts[i];
        v[i] = (struct history_conflict){
            .path = c->path,
            .why = (int)c->why,
            .mine = p->initiator ? c->left : c->right,
            .theirs = p->initiator ? c->right : c->left,
            .known = known_by(plan, c->know[p->initiator ? PLAN_RIGHT
                                                         : PLAN_LEFT]),
            .peer_node = p->root.node,
            .peer = peer};
    }
    int status = history_each_conflict(p->replica, carry_over, &commons, err);
    if (status == 0)
        status = history_set_conflicts(p->replica, p->root.node, v, n,
                                       p->open.only_n > 0 || pair_undoes(p)
                                           ? is_beside
                                           : NULL,
                                       (void *)p, err);
    if (status == 0)
        status = forget_settled(p->replica, p->root.node, ledger, err);
    free(peer);
    free(v);
    return status;
}

int
conflicts_forget(const struct pair *p, struct err *err)
{
    static const struct plan nothing;
    struct replica *r = p->replica;
    struct ledger ledger = {.replica = r};
    uint64_t open;

    if (r->ephemeral)
        return 0;
    if (history_count_conflicts(r, &open, err) < 0)
        return -1;
    if (open == 0)
        return 0;
    if (replica_begin(r, err) < 0)
        return -1;
    int status = conflicts_note(p, &nothing, &ledger, err);
    ledger_fini(&ledger);
    if (status == 0)
        return replica_commit(r, err);
    replica_rollback(r);
    return -1;
}

/* SPDX-License-Identifier: ISC */
#include "store/replica.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/reader.h"
#include "fs/meta.h"
#include "fs/ops.h"
#include "store/facts.h"

#define EXCEPTIONS_MAX (1 << 20)
#define LOCK_NAME "lock"

/* There while a writer is at work: one that still stands at the next opening
 * tells that the last run ended badly, and everything is checked. */
#define MARK_NAME "unclean"

/* Incarnations */

static uint64_t
random_u64(void)
{
    uint64_t v;

    do
        hash_random(&v, sizeof v);
    while (v == 0);
    return v;
}

static void
new_incarnation(struct replica *r)
{
    struct incarnation id = incarnation_new();

    r->self = incarnation_number(&r->who, &id);
    r->tick = 0;
    r->renewed = true;
    r->changed = true;
}

static int
forget_ticks(struct replica *r, struct err *err)
{
    return database_run(r->db, err, "DELETE FROM ticks", "");
}

/* Own ticks are known everywhere without being written down; once they are
 * another's, they have to be. */
static void
remember_own(struct replica *r)
{
    uint32_t nonce = replica_nonce(r, r->tick);

    knowledge_see(&r->known, r->self, r->tick, nonce);
    for (uint32_t n = 1; n < r->exception_n; n++)
        knowledge_see(&r->exceptions[n], r->self, r->tick, nonce);
    r->exception_saved = 1; /* save them all again */
}

static int
renew(struct replica *r, struct err *err)
{
    remember_own(r);
    new_incarnation(r);
    return forget_ticks(r, err);
}

static void
drop_exceptions(struct replica *r)
{
    for (uint32_t n = 1; n < r->exception_n; n++)
        knowledge_fini(&r->exceptions[n]);
    r->exception_n = r->exception_saved = 1;
    r->forgets = false;
    tree_know(r->tree, 1);
}

/* Believe nothing.  What the tree is known to hold goes with the knowledge:
 * listings would turn a file that was rolled back into an edit, and one that
 * is missing into a deletion. */
static int
forget_all(struct replica *r, struct err *err)
{
    knowledge_fini(&r->known);
    drop_exceptions(r);
    free(r->rules);
    r->rules = NULL;
    r->rules_len = 0;
    r->conservative = true;
    new_incarnation(r);
    if (tree_forget(r->tree, "", err) < 0 ||
        database_run(r->db, err, "DELETE FROM knows", "") < 0 ||
        database_run(r->db, err, "UPDATE intents SET know=0", "") < 0)
        return -1;
    return forget_ticks(r, err);
}

/* Opening: the root and its control directory */

static int
open_root(struct replica *r, const struct replica_args *a, struct err *err)
{
    if (root_open(&r->root, a->path, err) == 0)
        return 0;
    r->root.fd = -1;
    if (a->known && err->sys == ENOENT)
        err->code = ERR_SYS; /* no wrong word of the user: it was there */
    if (!a->create || err->sys != ENOENT)
        return -1;
    if (a->dry_run)
        return 0; /* nothing is there yet */
    if (root_make(a->path, err) < 0)
        return -1;
    return root_open(&r->root, a->path, err);
}

static int
find_control(struct replica *r, struct err *err)
{
    return r->root.fd < 0 ? 0 : control_find(r->root.fd, &r->control_fd, err);
}

static int
guard(struct replica *r, const struct replica_args *a, struct err *err)
{
    struct control_id id = {.node = 0};
    int got = 0;

    if (a->expected_root_id == NULL || a->new_replica)
        return 0;
    if (r->control_fd >= 0)
        got = control_read_id(r->control_fd, &id, err);
    if (got < 0 && err->code != ERR_STATE)
        return -1;
    if (got > 0 && memcmp(id.root, a->expected_root_id, sizeof id.root) == 0)
        return 0;
    char *quoted = path_quote(a->path);
    err_set(err, ERR_GUARD,
            "%s is not the replica that was synchronized here before: mount "
            "it%s",
            quoted, a->known ? "" : ", or run again with --new-replica");
    free(quoted);
    return -1;
}

static int
no_replica(const char *path, struct err *err)
{
    char *quoted = path_quote(path);

    err_set(err, ERR_USAGE,
            "%s is no replica: weft has not synchronized it yet", quoted);
    free(quoted);
    return -1;
}

/* A root that will be made must not come to be before it is guarded. */
static int
open_place(struct replica *r, const struct replica_args *a, struct err *err)
{
    struct replica_args look = *a;

    look.dry_run = a->dry_run || (a->expected_root_id && !a->new_replica);
    if (open_root(r, &look, err) < 0 || find_control(r, err) < 0 ||
        guard(r, a, err) < 0)
        return -1;
    if (a->dry_run && r->root.fd < 0 && root_may_make(a->path, err) < 0)
        return -1;
    if ((a->known || (a->read_only && !a->dry_run)) && r->control_fd < 0)
        return no_replica(a->path, err);
    if (a->dry_run || a->read_only)
        return 0;
    ops_close_quietly(r->control_fd);
    r->control_fd = -1;
    r->elsewhere = a->leave_alone;
    if (control_make(r->root.fd, &r->control_fd, &r->elsewhere, err) < 0)
        return -1;
    return lock_take(r->control_fd, LOCK_NAME, a->wait_lock, &r->lock, err);
}

/* Opening: the database */

static bool
is_marked(struct replica *r)
{
    struct meta m;
    struct err none = {0};

    return meta_at(r->control_fd, MARK_NAME, &m, &none) == 0;
}

static void
set_mark(struct replica *r)
{
    int fd = ops_openat(r->control_fd, MARK_NAME, O_WRONLY | O_CREAT, 0600);

    ops_close_quietly(fd);
}

static int
check_rows(struct replica *r, struct err *err)
{
    struct tree_walk w;
    struct listing *l;
    int got;

    if (tree_walk_open(&w, r->tree, err) < 0)
        return -1;
    while ((got = tree_walk_next(&w, &l, err)) > 0)
        listing_free(l);
    tree_walk_close(&w);
    return got;
}

static void
close_database(struct replica *r)
{
    tree_free(r->tree);
    database_close(r->db);
    r->tree = NULL;
    r->db = NULL;
    incarnation_fini(&r->who);
    knowledge_fini(&r->known);
    knowledge_fini(&r->doubted);
    for (uint32_t n = 1; n < r->exception_n; n++)
        knowledge_fini(&r->exceptions[n]);
    r->exception_n = 0;
    free(r->rules);
    r->rules = NULL;
    r->rules_len = 0;
    r->conservative = false;
    r->epoch = r->tick = 0;
    r->last_sync_ns = 0;
}

/* 1, 0 when nothing was ever saved in it. */
static int
load(struct replica *r, enum database_mode mode, int control_fd, bool check,
     struct facts *facts, struct err *err)
{
    if (database_open(&r->db, control_fd, mode, err) < 0)
        return -1;
    r->tree = tree_new(r->db, &r->who);
    int got = facts_load(r, facts, err);
    if (got > 0 && check &&
        (database_check(r->db, err) < 0 || check_rows(r, err) < 0))
        return -1;
    return got;
}

/* A reader beside a run takes a copy: it neither waits for the run's commits
 * nor keeps them waiting, and sees one of them alone. */
static enum database_mode
mode_for(struct replica *r, const struct replica_args *a)
{
    struct err holder;

    if (a->dry_run)
        return DATABASE_COPY;
    if (!a->read_only)
        return DATABASE_WRITE;
    return lock_held(r->control_fd, LOCK_NAME, &holder) > 0 ? DATABASE_COPY
                                                            : DATABASE_READ;
}

/* As load, but a state that cannot be read counts as none: *lost. */
static int
load_or_lose(struct replica *r, const struct replica_args *a, bool *lost,
             struct facts *facts, struct err *err)
{
    enum database_mode mode = mode_for(r, a);
    bool check = mode == DATABASE_WRITE && is_marked(r);
    int got = load(r, mode, r->control_fd, check, facts, err);

    if (got >= 0 || err->code != ERR_STATE || a->read_only)
        return got;
    log_debug(LOG_STORE, "state lost why='%s'", err->msg);
    close_database(r);
    *facts = (struct facts){0};
    *lost = true;
    if (mode == DATABASE_WRITE && control_set_aside(r->control_fd, err) < 0)
        return -1;
    return load(r, mode, a->dry_run ? -1 : r->control_fd, false, facts, err);
}

/* Opening: do tree and memory belong together? */

struct judgement {
    bool fresh;  /* there is nothing to remember */
    bool forget; /* what is remembered is not of this tree as it is */
    bool renew;  /* it is, but somebody else may remember the same */
    bool name;   /* the id file has to be written */
    struct control_id id;
    bool id_known;
};

/* A small file that does not make sense counts as none; one that cannot be
 * read now must not make us forget everything. */
static int
or_none(int got, struct err *err)
{
    return got < 0 && err->code == ERR_STATE ? 0 : got;
}

/* Is this not the tree that was here before?  Nobody minds, or guard would
 * have stopped it. */
static bool
is_foreign(const struct replica_args *a, const struct judgement *j)
{
    return a->expected_root_id != NULL && j->id_known &&
           memcmp(j->id.root, a->expected_root_id, sizeof j->id.root) != 0;
}

static int
judge(struct replica *r, const struct replica_args *a, int loaded,
      const struct facts *facts, struct judgement *j, struct err *err)
{
    uint64_t epoch = 0;
    int fd = r->control_fd, id = 0, known = 0;

    *j = (struct judgement){.fresh = loaded == 0};
    /* After the database was read: a writer beside us raises the file first,
     * so the order makes the file the same or one more. */
    if (fd >= 0)
        id = or_none(control_read_id(fd, &j->id, err), err);
    if (fd >= 0 && id >= 0)
        known = or_none(control_read_epoch(fd, &epoch, err), err);
    if (id < 0 || known < 0)
        return -1;
    j->id_known = id > 0;
    j->name = !j->id_known;
    if (j->fresh)
        return 0;
    j->renew = !j->id_known || facts->ino != r->root.ino ||
               facts->btime_ns != r->root.btime_ns;
    j->forget =
        (j->renew && is_foreign(a, j)) || !known ||
        (epoch != r->epoch && epoch != r->epoch + 1) ||
        (j->id_known && memcmp(j->id.root, r->root_id, sizeof j->id.root) != 0);
    return 0;
}

/* A copy of a replica is the same tree, but not the same replica. */
static void
name_self(struct replica *r, struct judgement *j)
{
    if (j->id_known) {
        memcpy(r->root_id, j->id.root, sizeof r->root_id);
        r->node = j->id.node;
    } else if (j->fresh) {
        hash_random(r->root_id, sizeof r->root_id);
        r->node = random_u64();
    }
    if (j->renew) {
        r->node = random_u64();
        j->name = true;
    }
}

/* Inside a transaction. */
static int
set_right(struct replica *r, struct judgement *j, struct err *err)
{
    struct facts now = {.ino = r->root.ino, .btime_ns = r->root.btime_ns};
    int got = 0;

    name_self(r, j);
    if (j->fresh) {
        /* With an id beside it there was a state once. */
        r->conservative = r->conservative || j->id_known;
        r->fresh = !r->conservative;
        new_incarnation(r);
        r->renewed = false;
    } else if (j->forget) {
        got = forget_all(r, err);
    } else {
        got = renew(r, err);
    }
    return got < 0 ? -1 : facts_save(r, &now, err);
}

static int
come_right(struct replica *r, struct judgement *j, struct err *err)
{
    struct control_id id;

    if (replica_begin(r, err) < 0)
        return -1;
    if (set_right(r, j, err) < 0 || replica_commit(r, err) < 0) {
        replica_rollback(r);
        return -1;
    }
    if (r->ephemeral || !j->name)
        return 0;
    /* Last: an id tells that there was a state. */
    memcpy(id.root, r->root_id, sizeof id.root);
    id.node = r->node;
    return control_write_id(r->control_fd, &id, err);
}

/* For a reader: there is a control directory, but nothing was committed. */
static int
nothing_yet(struct replica *r, struct err *err)
{
    struct err holder;
    char *quoted = path_quote(r->path);

    if (lock_held(r->control_fd, LOCK_NAME, &holder) > 0)
        err_set(err, ERR_BUSY,
                "%s is being synchronized for the first time: there is "
                "nothing to tell yet",
                quoted);
    else
        err_set(err, ERR_STATE,
                "there is no state of %s: the first run was cut short", quoted);
    free(quoted);
    return -1;
}

static int
open_state(struct replica *r, const struct replica_args *a, struct err *err)
{
    struct facts facts = {0};
    bool lost = false;
    int loaded = load_or_lose(r, a, &lost, &facts, err);

    if (a->read_only &&
        (loaded == 0 || (loaded < 0 && err->code == ERR_STATE && err->sys)))
        return nothing_yet(r, err);
    if (loaded < 0 || a->read_only)
        return loaded < 0 ? -1 : 0;
    if (!a->dry_run)
        set_mark(r);
    struct judgement j;
    if (judge(r, a, loaded, &facts, &j, err) < 0)
        return -1;
    r->conservative = r->conservative || lost;
    return j.fresh || j.forget || j.renew ? come_right(r, &j, err) : 0;
}

int
replica_open(struct replica **out, const struct replica_args *args,
             struct err *err)
{
    struct replica *r = mem_zero(sizeof *r);

    r->path = mem_string(args->path);
    r->root.fd = r->control_fd = r->lock.fd = -1;
    r->ephemeral = args->dry_run;
    pthread_mutex_init(&r->mutex, NULL);
    if (open_place(r, args, err) < 0 || open_state(r, args, err) < 0) {
        r->failed = true; /* whatever is marked stays marked */
        replica_close(r);
        return -1;
    }
    log_debug(LOG_STORE,
              "replica node=%016llx self=%u fresh=%d renewed=%d "
              "conservative=%d",
              (unsigned long long)r->node, r->self, r->fresh, r->renewed,
              r->conservative);
    *out = r;
    return 0;
}

void
replica_close(struct replica *r)
{
    if (r == NULL)
        return;
    bool clean = !r->failed && r->db != NULL && !r->db->damaged;
    bool marked = r->lock.fd >= 0;
    close_database(r);
    if (marked && clean)
        ops_unlinkat(r->control_fd, MARK_NAME, 0);
    lock_release(&r->lock);
    ops_close_quietly(r->control_fd);
    root_fini(&r->root);
    free(r->exceptions);
    free(r->path);
    pthread_mutex_destroy(&r->mutex);
    free(r);
}

void
replica_lock(struct replica *r)
{
    pthread_mutex_lock(&r->mutex);
}

void
replica_unlock(struct replica *r)
{
    pthread_mutex_unlock(&r->mutex);
}

/* Transactions */

int
replica_begin(struct replica *r, struct err *err)
{
    if (r->failed)
        return err_set(err, ERR_STATE,
                       "the state could not be saved before: run again");
    r->changes_before = sqlite3_total_changes64(r->db->db);
    return database_begin(r->db, err);
}

static int
raise_epoch(struct replica *r, struct err *err)
{
    if (r->bumped)
        return 0;
    if (!r->ephemeral &&
        control_write_epoch(r->control_fd, r->epoch + 1, err) < 0)
        return -1;
    return facts_save_number(r, "epoch", r->epoch + 1, err);
}

static void
note_committed(struct replica *r)
{
    if (!r->bumped)
        r->epoch++;
    r->bumped = true;
    r->changed = false;
    r->who_saved = r->who.n;
    if (r->forgets)
        drop_exceptions(r);
    r->exception_saved = r->exception_n;
}

/* Has the transaction anything to keep?  Exceptions that no row names need
 * not be; with the first row that does, all are. */
static bool
has_news(const struct replica *r)
{
    return r->changed || r->forgets || r->who_saved < r->who.n ||
           sqlite3_total_changes64(r->db->db) != r->changes_before;
}

int
replica_commit(struct replica *r, struct err *err)
{
    if (!has_news(r)) {
        database_rollback(r->db);
        return 0;
    }
    if (facts_save_new(r, err) < 0 || raise_epoch(r, err) < 0 ||
        database_commit(r->db, err) < 0) {
        r->failed = true;
        replica_rollback(r);
        return -1;
    }
    note_committed(r);
    return 0;
}

void
replica_rollback(struct replica *r)
{
    struct err none = {0};

    if (!r->db->began)
        return;
    database_rollback(r->db);
    r->forgets = false;
    if (r->changed && facts_reload(r, &none) < 0)
        r->failed = true;
    r->changed = false;
}

/* Ticks */

int
replica_next_tick(struct replica *r, uint64_t *tick, struct err *err)
{
    uint64_t next = r->tick + 1, old = 0;
    uint32_t nonce = (uint32_t)random_u64() | 1; /* never 0 */

    if (next > REPLICA_TICKS_MAX)
        old = next - REPLICA_TICKS_MAX;
    if (database_run(r->db, err,
                     "INSERT OR REPLACE INTO ticks(tick, nonce, time)"
                     " VALUES(?,?,?)",
                     "uii", next, (int64_t)nonce, clock_wall_ns()) < 0 ||
        database_run(r->db, err, "DELETE FROM ticks WHERE tick<=?", "u", old) <
            0 ||
        facts_save_number(r, "tick", next, err) < 0)
        return -1;
    r->changed = true;
    *tick = r->tick = next;
    return 0;
}

static int64_t
about_tick(struct replica *r, uint64_t tick, int column)
{
    struct err none = {0};
    sqlite3_stmt *s = database_statement(
        r->db, "SELECT nonce, time FROM ticks WHERE tick=?", &none);
    int64_t value = 0;

    if (s == NULL)
        return 0;
    database_bind(s, "u", tick);
    if (database_step(r->db, s, &none) > 0)
        value = database_int(s, column);
    database_done(s);
    return value;
}

uint32_t
replica_nonce(struct replica *r, uint64_t tick)
{
    return (uint32_t)about_tick(r, tick, 0);
}

int64_t
replica_tick_time(struct replica *r, uint64_t tick)
{
    return about_tick(r, tick, 1);
}

bool
replica_issued(struct replica *r, uint64_t tick, uint32_t nonce)
{
    if (tick > r->tick)
        return false;
    uint32_t ours = replica_nonce(r, tick);
    return nonce == 0 || ours == 0 || ours == nonce;
}

int
replica_doubt(struct replica *r, struct err *err)
{
    struct facts now = {.ino = r->root.ino, .btime_ns = r->root.btime_ns};

    knowledge_see(&r->doubted, r->self, r->tick, 0);
    if (forget_all(r, err) < 0)
        return -1;
    return facts_save(r, &now, err);
}

/* Knowledge */

int
replica_exception(struct replica *r, const struct knowledge *k, uint32_t *out,
                  struct err *err)
{
    uint32_t n;

    if (r->forgets) {
        r->forgets = false;
        r->exception_saved = 1; /* the rows are gone already */
    }
    for (n = 1; n < r->exception_n; n++)
        if (knowledge_equal(&r->exceptions[n], k)) {
            *out = n;
            return 0;
        }
    if (n == EXCEPTIONS_MAX)
        return err_set(err, ERR_LIMIT, "too many exceptions are open");
    MEM_GROW(r->exceptions, r->exception_n, r->exception_cap);
    r->exceptions[n] = (struct knowledge){0};
    knowledge_copy(&r->exceptions[n], k);
    r->exception_n++;
    tree_know(r->tree, r->exception_n);
    *out = n;
    return 0;
}

int
replica_forget_exceptions(struct replica *r, struct err *err)
{
    if (database_run(r->db, err, "DELETE FROM knows", "") < 0)
        return -1;
    r->forgets = true;
    return 0;
}

int
replica_set_known(struct replica *r, const struct knowledge *known,
                  const uint8_t *rules, size_t rules_len, struct err *err)
{
    uint8_t *copy = mem_dup(rules, rules_len);

    r->changed = true;
    knowledge_copy(&r->known, known);
    free(r->rules);
    r->rules = copy;
    r->rules_len = rules_len;
    r->last_sync_ns = clock_wall_ns();
    r->conservative = false;
    if (facts_save_number(r, "last_sync", (uint64_t)r->last_sync_ns, err) < 0 ||
        facts_save_number(r, "conservative", 0, err) < 0)
        return -1;
    return facts_save_known(r, err);
}

/* Peers */

int
replica_record_peer(struct replica *r, const struct replica_peer *p,
                    struct err *err)
{
    struct buf known = {0};

    knowledge_encode(&p->known, &known);
    int got = database_run(
        r->db, err,
        "INSERT OR REPLACE INTO peers(node, incarnation, root, location,"
        " last_sync, known) VALUES(?,?,?,?,?,?)",
        "ubbsib", p->node, p->incarnation.b, sizeof p->incarnation.b,
        p->root_id, sizeof p->root_id, p->location ? p->location : "",
        p->last_sync_ns, known.data, known.len);
    buf_fini(&known);
    return got;
}

/* Columns: node, incarnation, root, location, last_sync, known. */
static int
take_peer(struct replica *r, sqlite3_stmt *s, struct replica_peer *p,
          char **location, struct err *err)
{
    size_t len;
    const uint8_t *known = database_blob(s, 5, &len);
    struct reader rd = reader_over(known ? known : (const uint8_t *)"", len);

    p->node = database_uint(s, 0);
    p->last_sync_ns = database_int(s, 4);
    knowledge_decode(&rd, r->who.n, NULL, &p->known);
    if (!reader_end(&rd) ||
        !database_exact(s, 1, p->incarnation.b, sizeof p->incarnation.b) ||
        !database_exact(s, 2, p->root_id, sizeof p->root_id)) {
        r->db->damaged = true;
        return err_set(err, ERR_STATE,
                       "what is remembered of a peer is damaged");
    }
    p->location = *location = database_string(s, 3);
    return 1;
}

int
replica_each_peer(struct replica *r,
                  int (*each)(void *arg, const struct replica_peer *p),
                  void *arg, struct err *err)
{
    sqlite3_stmt *s = database_statement(
        r->db,
        "SELECT node, incarnation, root, location, last_sync, known"
        " FROM peers ORDER BY last_sync DESC, node",
        err);
    int got, stop = 0;

    if (s == NULL)
        return -1;
    while (!stop && (got = database_step(r->db, s, err)) > 0) {
        struct replica_peer p = {.node = 0};
        char *location = NULL;
        got = take_peer(r, s, &p, &location, err);
        if (got > 0)
            stop = each(arg, &p);
        knowledge_fini(&p.known);
        free(location);
        if (got < 0)
            break;
    }
    database_done(s);
    return stop || got == 0 ? 0 : -1;
}

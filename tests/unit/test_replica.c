/* SPDX-License-Identifier: ISC */
#include <dirent.h>
#include <sys/wait.h>

#include "base/table.h"
#include "store/intent.h"
#include "store/replica.h"
#include "tests/lib/fault.h"
#include "tests/unit/listings.h"
#include "tests/unit/scratch.h"

static char root[600], other[600];

static void
setup(void)
{
    scratch_setup();
    snprintf(root, sizeof root, "%s/root", scratch);
    snprintf(other, sizeof other, "%s/other", scratch);
    ck_assert_int_eq(mkdir(root, 0755), 0);
    snprintf(other, sizeof other, "%s/state", scratch);
    setenv("XDG_STATE_HOME", other, 1);
    snprintf(other, sizeof other, "%s/other", scratch);
}

static struct replica *
open_with(struct replica_args args)
{
    struct replica *r = NULL;
    struct err err = {0};

    if (args.path == NULL)
        args.path = root;
    must(replica_open(&r, &args, &err));
    return r;
}

static struct replica *
opened(void)
{
    return open_with((struct replica_args){.path = root});
}

static enum err_code
refused(struct replica_args args)
{
    struct replica *r = NULL;
    struct err err = {0};

    if (args.path == NULL)
        args.path = root;
    ck_assert_int_eq(replica_open(&r, &args, &err), -1);
    ck_assert_int_ne(err.msg[0], '\0');
    return err.code;
}

static void sh(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
sh(const char *format, ...)
{
    char command[2000];
    va_list ap;

    va_start(ap, format);
    vsnprintf(command, sizeof command, format, ap);
    va_end(ap);
    ck_assert_msg(system(command) == 0, "%s", command);
}

/* A session: one listing, one tick, knowledge of that tick and of a peer's. */
static void
session(struct replica *r, uint64_t salt)
{
    struct err err = {0};
    struct incarnation peer = {{1, 2, 3}};
    struct knowledge k = {0};
    uint64_t tick = 0;

    must(replica_begin(r, &err));
    must(replica_next_tick(r, &tick, &err));
    struct listing *l = listings_of("", 500, salt);
    for (size_t i = 0; i < l->n; i++) {
        l->entries[i].created = (struct dot){r->self, tick};
        l->entries[i].made = dot_set_of((struct dot){r->self, tick}, &l->arena);
    }
    listings_ready(l, &r->who);
    must(tree_save(r->tree, l, &err));
    listing_free(l);
    knowledge_copy(&k, &r->known);
    knowledge_see(&k, incarnation_number(&r->who, &peer), salt, 7);
    must(replica_set_known(r, &k, (const uint8_t *)"*.o\0", 4, &err));
    must(replica_commit(r, &err));
    knowledge_fini(&k);
}

/* What the root's listing was saved with; 0 when there is none. */
static uint64_t
salt_of(struct replica *r)
{
    struct err err = {0};
    struct listing *l = NULL;

    must(tree_load(r->tree, "", &l, &err));
    uint64_t salt = l ? l->seen.ino - 1 : 0;
    ck_assert(l == NULL || l->n == 500);
    listing_free(l);
    return salt;
}

static struct incarnation
own(const struct replica *r)
{
    return r->who.id[r->self];
}

static bool
same(struct incarnation a, struct incarnation b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

START_TEST(a_fresh_replica_is_there_again)
{
    struct replica *r = opened();
    uint8_t id[CONTROL_ID_LEN];

    ck_assert(r->fresh && !r->conservative && !r->renewed);
    ck_assert(r->node != 0 && r->tick == 0 && r->known.n == 0);
    ck_assert_uint_eq(r->rules_len, 0);
    struct incarnation self = own(r);
    uint64_t node = r->node;
    memcpy(id, r->root_id, sizeof id);
    session(r, 5);
    ck_assert_uint_eq(r->tick, 1);
    uint32_t nonce = replica_nonce(r, 1);
    ck_assert_uint_ne(nonce, 0);
    ck_assert(scratch_exists(r->root.fd, ".weft/unclean"));
    replica_close(r);

    r = opened();
    ck_assert(!r->fresh && !r->conservative && !r->renewed);
    ck_assert(same(self, own(r)) && r->node == node);
    ck_assert(memcmp(id, r->root_id, sizeof id) == 0);
    ck_assert_uint_eq(r->tick, 1);
    ck_assert_uint_eq(replica_nonce(r, 1), nonce);
    ck_assert_uint_eq(r->known.n, 2);
    ck_assert_uint_eq(r->known.seen[1].tick, 5);
    ck_assert_uint_eq(r->known.seen[1].nonce, 7);
    ck_assert_uint_eq(r->rules_len, 4);
    ck_assert(memcmp(r->rules, "*.o\0", 4) == 0);
    ck_assert_int_gt(r->last_sync_ns, 0);
    ck_assert_uint_eq(salt_of(r), 5);
    struct stat st;
    ck_assert_int_eq(fstat(r->control_fd, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0700);
    ck_assert_str_eq(scratch_read_at(r->control_fd, ".gitignore"), "*\n");
    replica_close(r);
    ck_assert(!scratch_exists(scratch_fd, "root/.weft/unclean"));
    replica_close(NULL);
}
END_TEST

START_TEST(a_session_raises_the_epoch_once)
{
    struct replica *r = opened(); /* its own first commit */
    struct err err = {0};
    uint64_t tick;

    ck_assert_uint_eq(r->epoch, 1);
    session(r, 1);
    session(r, 2);
    ck_assert_uint_eq(r->epoch, 1);
    replica_close(r);
    r = opened();
    ck_assert_uint_eq(r->epoch, 1);
    ck_assert_str_eq(scratch_read_at(r->control_fd, "epoch"), "1\n");
    must(replica_begin(r, &err));
    must(replica_commit(r, &err)); /* of nothing */
    ck_assert_str_eq(scratch_read_at(r->control_fd, "epoch"), "1\n");
    must(replica_begin(r, &err));
    must(replica_next_tick(r, &tick, &err));
    ck_assert_str_eq(scratch_read_at(r->control_fd, "epoch"), "1\n");
    must(replica_commit(r, &err));
    ck_assert_str_eq(scratch_read_at(r->control_fd, "epoch"), "2\n");
    session(r, 3);
    ck_assert_str_eq(scratch_read_at(r->control_fd, "epoch"), "2\n");
    replica_close(r);
}
END_TEST

START_TEST(a_second_opener_is_locked_out_and_a_reader_is_not)
{
    struct replica *r = opened();

    session(r, 1);
    ck_assert_int_eq(refused((struct replica_args){0}), ERR_LOCKED);

    struct err err = {0};
    must(replica_begin(r, &err));
    uint64_t tick = 0;
    must(replica_next_tick(r, &tick, &err));
    struct replica *reader =
        open_with((struct replica_args){.read_only = true});
    ck_assert_uint_eq(reader->tick, 1);
    ck_assert_uint_eq(salt_of(reader), 1);
    ck_assert(same(own(reader), own(r)));
    struct replica *dry = open_with((struct replica_args){.dry_run = true});
    ck_assert_uint_eq(dry->tick, 1);
    ck_assert(!dry->conservative && !dry->renewed);
    replica_close(dry);
    must(replica_commit(r, &err));
    ck_assert_uint_eq(salt_of(reader), 1);
    replica_close(reader);
    replica_close(r);
    replica_close(opened());
}
END_TEST

/* Every name, inode, size, mtime and ctime below the scratch directory. */
static void
picture(char *out, size_t len)
{
    char command[1400];

    snprintf(command, sizeof command,
             "find %s -printf '%%p %%i %%s %%T@ %%C@ %%m\\n' | sort", scratch);
    FILE *f = popen(command, "r");
    size_t got = fread(out, 1, len - 1, f);
    out[got] = '\0';
    pclose(f);
    ck_assert_uint_gt(got, 0);
}

START_TEST(a_dry_run_leaves_no_trace)
{
    static char before[1 << 16], after[1 << 16];
    struct err err = {0};

    if (_i == 1)
        replica_close(opened());
    if (_i == 2) {
        struct replica *r = opened();
        session(r, 9);
        replica_close(r);
    }
    if (_i == 3) { /* damaged */
        replica_close(opened());
        scratch_write("root/.weft/state.db", "rubbish");
    }
    picture(before, sizeof before);
    struct replica *dry = open_with((struct replica_args){.dry_run = true});
    ck_assert(dry->ephemeral);
    ck_assert(dry->fresh == (_i == 0));
    ck_assert(dry->conservative == (_i == 3));
    ck_assert_uint_eq(salt_of(dry), _i == 2 ? 9 : 0);
    session(dry, 10);
    ck_assert_uint_eq(salt_of(dry), 10);
    must(replica_begin(dry, &err));
    must(replica_doubt(dry, &err));
    must(replica_commit(dry, &err));
    replica_close(dry);
    picture(after, sizeof after);
    ck_assert_str_eq(before, after);
}
END_TEST

START_TEST(a_dry_run_of_what_is_not_there)
{
    struct replica *dry = open_with(
        (struct replica_args){.path = other, .dry_run = true, .create = true});

    ck_assert_int_eq(dry->root.fd, -1);
    ck_assert(dry->fresh);
    session(dry, 1);
    replica_close(dry);
    ck_assert(!scratch_exists(scratch_fd, "other"));
    ck_assert_int_eq(refused((struct replica_args){.path = other}), ERR_USAGE);
    struct replica *r =
        open_with((struct replica_args){.path = other, .create = true});
    ck_assert(r->fresh);
    replica_close(r);
    ck_assert(scratch_exists(scratch_fd, "other/.weft/id"));
}
END_TEST

/* Exceptions alone are nothing to keep. */
static void
change_something(struct replica *r)
{
    struct knowledge same = {0};
    struct err err = {0};

    knowledge_copy(&same, &r->known);
    must(replica_set_known(r, &same, NULL, 0, &err));
    knowledge_fini(&same);
}

START_TEST(a_copy_gets_an_incarnation_of_its_own)
{
    struct replica *r = opened();
    uint8_t id[CONTROL_ID_LEN];
    struct err err = {0};
    struct knowledge k = {0};
    uint32_t exception = 0;

    session(r, 4);
    must(replica_begin(r, &err));
    knowledge_see(&k, 1, 3, 3);
    must(replica_exception(r, &k, &exception, &err));
    change_something(r);
    must(replica_commit(r, &err));
    struct incarnation self = own(r);
    uint64_t node = r->node;
    uint32_t nonce = replica_nonce(r, 1);
    memcpy(id, r->root_id, sizeof id);
    replica_close(r);
    sh("cp -a %s %s", root, other);

    for (int time = 0; time < 2; time++) {
        r = open_with((struct replica_args){.path = other});
        ck_assert(r->renewed == (time == 0));
        ck_assert(!r->conservative && !r->fresh);
        ck_assert(!same(self, own(r)) && r->node != node);
        ck_assert(memcmp(id, r->root_id, sizeof id) == 0);
        ck_assert_uint_eq(r->tick, 0);
        /* What the old one did is known, with its nonce, everywhere. */
        uint32_t old = incarnation_find(&r->who, &self);
        ck_assert_uint_eq(knowledge_tick(&r->known, old), 1);
        ck_assert_uint_eq(r->known.seen[old].nonce, nonce);
        ck_assert_uint_eq(knowledge_tick(&r->exceptions[exception], old), 1);
        ck_assert_uint_eq(salt_of(r), 4);
        replica_close(r);
    }
    r = opened();
    ck_assert(!r->renewed && same(self, own(r)) && r->node == node);
    replica_close(r);
    knowledge_fini(&k);
}
END_TEST

/* State and tree that were not saved at the same time. */
static const struct {
    const char *says, *before, *after;
} rolled_back[] = {
    {"the database is older than the tree", "cp .weft/state.db ../kept",
     "cp ../kept .weft/state.db"},
    {"the tree is older than the database", "cp .weft/epoch ../kept",
     "cp ../kept .weft/epoch"},
    {"the epoch is gone", "true", "rm .weft/epoch"},
    {"the epoch is rubbish", "true", "echo x > .weft/epoch"},
    {"the state is another tree's", "true",
     "mkdir ../s && echo 'root 00000000000000000000000000000001' > .weft/id "
     "&& echo 'node 0000000000000007' >> .weft/id"},
};

START_TEST(a_restored_part_is_noticed)
{
    const char *says = rolled_back[_i].says;
    struct replica *r = opened();

    session(r, 1);
    replica_close(r);
    sh("cd %s && %s", root, rolled_back[_i].before);
    for (uint64_t i = 2; i < 5; i++) {
        r = opened();
        session(r, i);
        replica_close(r);
    }
    struct replica *was = opened();
    struct incarnation self = own(was);
    replica_close(was);
    sh("cd %s && %s", root, rolled_back[_i].after);

    r = opened();
    ck_assert_msg(r->conservative && r->renewed && !r->fresh, "%s", says);
    ck_assert_msg(!same(self, own(r)), "%s", says);
    ck_assert_msg(r->known.n == 0 || knowledge_tick(&r->known, 0) == 0, "%s",
                  says);
    ck_assert_uint_eq(salt_of(r), 0);
    ck_assert_uint_eq(r->tick, 0);
    replica_close(r);

    /* It stays so until a session is through. */
    r = opened();
    ck_assert_msg(r->conservative && !r->renewed, "%s", says);
    session(r, 6);
    ck_assert(!r->conservative);
    replica_close(r);
    r = opened();
    ck_assert(!r->conservative);
    replica_close(r);
}
END_TEST

static const char *const lost[] = {
    "rm state.db",
    ": > state.db",
    "echo rubbish > state.db",
    "dd if=/dev/urandom of=state.db bs=512 count=8 conv=notrunc 2>/dev/null",
    "dd if=/dev/zero of=state.db bs=4096 seek=3 count=1 conv=notrunc "
    "2>/dev/null",
    "truncate -s 5000 state.db",
};

START_TEST(a_lost_state_is_set_aside)
{
    uint8_t id[CONTROL_ID_LEN];
    struct replica *r = opened();

    session(r, 1);
    struct incarnation self = own(r);
    uint64_t node = r->node;
    memcpy(id, r->root_id, sizeof id);
    replica_close(r);
    /* A bad ending makes the next opening look at everything. */
    sh("cd %s/.weft && %s && : > unclean", root, lost[_i]);
    bool empty = _i < 2;
    if (!empty)
        ck_assert_int_eq(refused((struct replica_args){.read_only = true}) ==
                                 ERR_STATE ||
                             _i == 4,
                         1);
    r = opened();
    ck_assert_msg(r->conservative && !r->fresh, "%s", lost[_i]);
    ck_assert(!same(self, own(r)) && r->node == node);
    ck_assert(memcmp(id, r->root_id, sizeof id) == 0);
    ck_assert_uint_eq(r->known.n, 0);
    ck_assert_uint_eq(salt_of(r), 0);
    ck_assert(scratch_exists(r->control_fd, "state.db.damaged-1") == !empty);
    session(r, 2);
    replica_close(r);
    r = opened();
    ck_assert(!r->conservative);
    ck_assert_uint_eq(salt_of(r), 2);
    replica_close(r);
}
END_TEST

START_TEST(a_later_version_is_left_alone)
{
    struct replica *r = opened();

    ck_assert_int_eq(
        sqlite3_exec(r->db->db, "PRAGMA user_version=9", NULL, NULL, NULL),
        SQLITE_OK);
    replica_close(r);
    ck_assert_int_eq(refused((struct replica_args){0}), ERR_VERSION);
    ck_assert_int_eq(refused((struct replica_args){.dry_run = true}),
                     ERR_VERSION);
    ck_assert(!scratch_exists(scratch_fd, "root/.weft/state.db.damaged-1"));
}
END_TEST

START_TEST(a_place_that_had_another_tree_is_guarded)
{
    uint8_t id[CONTROL_ID_LEN] = {1};
    struct replica *r;

    ck_assert_int_eq(refused((struct replica_args){.expected_root_id = id}),
                     ERR_GUARD);
    ck_assert(!scratch_exists(scratch_fd, "root/.weft"));
    ck_assert_int_eq(refused((struct replica_args){.path = other,
                                                   .create = true,
                                                   .expected_root_id = id}),
                     ERR_GUARD);
    ck_assert(!scratch_exists(scratch_fd, "other"));
    r = open_with(
        (struct replica_args){.expected_root_id = id, .new_replica = true});
    memcpy(id, r->root_id, sizeof id);
    replica_close(r);
    replica_close(open_with((struct replica_args){.expected_root_id = id}));
    id[3] ^= 1;
    ck_assert_int_eq(refused((struct replica_args){.expected_root_id = id}),
                     ERR_GUARD);
}
END_TEST

START_TEST(a_reader_needs_a_replica)
{
    ck_assert_int_eq(refused((struct replica_args){.read_only = true}),
                     ERR_USAGE);
    ck_assert(!scratch_exists(scratch_fd, "root/.weft"));
}
END_TEST

START_TEST(a_reader_of_a_run_that_only_begins)
{
    struct err err = {0};
    struct lock lock = {.fd = -1};

    ck_assert_int_eq(mkdirat(scratch_fd, "root/.weft", 0700), 0);
    int fd = openat(scratch_fd, "root/.weft", O_RDONLY | O_DIRECTORY);
    ck_assert_int_eq(refused((struct replica_args){.read_only = true}),
                     ERR_STATE);
    must(lock_take(fd, "lock", false, &lock, &err));
    ck_assert_int_eq(refused((struct replica_args){.read_only = true}),
                     ERR_BUSY);
    scratch_write("root/.weft/state.db", "");
    ck_assert_int_eq(refused((struct replica_args){.read_only = true}),
                     ERR_BUSY);
    scratch_write("root/.weft/state.db", "rubbish");
    ck_assert_int_eq(refused((struct replica_args){.read_only = true}),
                     ERR_STATE);
    lock_release(&lock);
    close(fd);
}
END_TEST

START_TEST(ticks_have_nonces)
{
    struct err err = {0};
    struct replica *r = opened();
    uint64_t tick = 0;

    must(replica_begin(r, &err));
    for (uint64_t i = 1; i <= REPLICA_TICKS_MAX + 10; i++) {
        must(replica_next_tick(r, &tick, &err));
        ck_assert_uint_eq(tick, i);
    }
    must(replica_commit(r, &err));
    ck_assert_uint_eq(replica_nonce(r, 10), 0);
    ck_assert_uint_ne(replica_nonce(r, 11), 0);
    uint32_t nonce = replica_nonce(r, tick);
    ck_assert(replica_issued(r, tick, nonce));
    ck_assert(replica_issued(r, tick, 0));
    ck_assert(replica_issued(r, 3, 77));
    ck_assert(!replica_issued(r, tick, nonce + 2));
    ck_assert(!replica_issued(r, tick + 1, 0));

    must(replica_begin(r, &err));
    must(replica_next_tick(r, &tick, &err));
    replica_rollback(r);
    ck_assert_uint_eq(r->tick, REPLICA_TICKS_MAX + 10);
    replica_close(r);
}
END_TEST

START_TEST(doubt_begins_anew_and_believes_nothing)
{
    struct err err = {0};
    struct replica *r = opened();

    session(r, 3);
    struct incarnation self = own(r);
    uint32_t before = r->self;
    must(replica_begin(r, &err));
    must(replica_doubt(r, &err));
    ck_assert(!same(self, own(r)));
    replica_rollback(r);
    ck_assert(same(self, own(r)));
    ck_assert_uint_eq(r->tick, 1);
    must(replica_begin(r, &err));
    must(replica_doubt(r, &err));
    must(replica_commit(r, &err));
    struct incarnation now = own(r);
    replica_close(r);
    r = opened();
    ck_assert(same(now, own(r)) && !same(now, self) && r->conservative);
    ck_assert_uint_eq(knowledge_tick(&r->known, before), 0);
    ck_assert_uint_eq(knowledge_tick(&r->known, 1), 0);
    ck_assert_uint_eq(salt_of(r), 0);
    /* Which events are doubted is not forgotten with the rest. */
    ck_assert_uint_eq(knowledge_tick(&r->doubted, before), 1);
    ck_assert_uint_eq(knowledge_tick(&r->doubted, r->self), 0);
    replica_close(r);
}
END_TEST

START_TEST(exceptions_are_interned)
{
    struct err err = {0};
    struct replica *r = opened();
    struct knowledge a = {0}, b = {0};
    uint32_t na = 0, nb = 0, again = 0;
    struct listing *l = listings_of("", 3, 1);

    knowledge_see(&a, 0, 1, 1);
    knowledge_see(&b, 0, 2, 2);
    must(replica_begin(r, &err));
    must(replica_exception(r, &a, &na, &err));
    must(replica_exception(r, &b, &nb, &err));
    must(replica_exception(r, &a, &again, &err));
    ck_assert(na == again && na != nb && na > 0 && nb > 0);
    l->entries[0].know = na;
    l->entries[1].know = nb;
    must(tree_save(r->tree, l, &err));
    must(replica_commit(r, &err));
    listing_free(l);
    replica_close(r);

    r = opened();
    must(tree_load(r->tree, "", &l, &err));
    ck_assert(l->entries[0].know == na && l->entries[1].know == nb);
    ck_assert(knowledge_equal(&r->exceptions[na], &a));
    ck_assert(knowledge_equal(&r->exceptions[nb], &b));
    listing_free(l);
    must(replica_begin(r, &err));
    must(replica_exception(r, &b, &again, &err));
    ck_assert_uint_eq(again, nb);
    must(replica_commit(r, &err));
    replica_close(r);
    knowledge_fini(&a);
    knowledge_fini(&b);
}
END_TEST

/* A replica with the exceptions a and b, which no listing has. */
static void
make_exceptions(struct replica *r, struct knowledge *a, struct knowledge *b)
{
    struct err err = {0};
    uint32_t n = 0;

    knowledge_see(a, 0, 1, 1);
    knowledge_see(b, 0, 2, 2);
    must(replica_begin(r, &err));
    must(replica_exception(r, a, &n, &err));
    ck_assert_uint_eq(n, 1);
    must(replica_exception(r, b, &n, &err));
    ck_assert_uint_eq(n, 2);
    change_something(r);
    must(replica_commit(r, &err));
}

START_TEST(exceptions_that_are_forgotten_leave_their_numbers)
{
    struct err err = {0};
    struct replica *r = opened();
    struct knowledge a = {0}, b = {0};
    uint32_t n = 0;

    make_exceptions(r, &a, &b);
    must(replica_begin(r, &err));
    must(replica_forget_exceptions(r, &err));
    ck_assert_uint_eq(r->exception_n, 3);
    replica_rollback(r);
    ck_assert_uint_eq(r->exception_n, 3);
    ck_assert_uint_eq(r->tree->know_n, 3);
    must(replica_begin(r, &err));
    must(replica_commit(r, &err));
    ck_assert_uint_eq(r->exception_n, 3);

    must(replica_begin(r, &err));
    must(replica_forget_exceptions(r, &err));
    must(replica_commit(r, &err));
    ck_assert_uint_eq(r->exception_n, 1);
    ck_assert_uint_eq(r->tree->know_n, 1);
    must(replica_begin(r, &err));
    must(replica_exception(r, &b, &n, &err));
    ck_assert_uint_eq(n, 1);
    change_something(r);
    must(replica_commit(r, &err));
    replica_close(r);
    r = opened();
    ck_assert_uint_eq(r->exception_n, 2);
    ck_assert(knowledge_equal(&r->exceptions[1], &b));
    replica_close(r);
    knowledge_fini(&a);
    knowledge_fini(&b);
}
END_TEST

START_TEST(asking_for_a_number_calls_forgetting_off)
{
    struct err err = {0};
    struct replica *r = opened();
    struct knowledge a = {0}, b = {0};
    uint32_t n = 0;

    make_exceptions(r, &a, &b);
    must(replica_begin(r, &err));
    must(replica_forget_exceptions(r, &err));
    must(replica_exception(r, &b, &n, &err));
    ck_assert_uint_eq(n, 2);
    change_something(r);
    must(replica_commit(r, &err));
    replica_close(r);
    r = opened();
    ck_assert_uint_eq(r->exception_n, 3);
    ck_assert(knowledge_equal(&r->exceptions[1], &a));
    ck_assert(knowledge_equal(&r->exceptions[2], &b));
    replica_close(r);
    knowledge_fini(&a);
    knowledge_fini(&b);
}
END_TEST

static int
note_peer(void *arg, const struct replica_peer *p)
{
    char *out = arg;

    sprintf(out + strlen(out), "%d:%s:%d ", (int)p->node, p->location,
            (int)knowledge_tick(&p->known, 0));
    return 0;
}

START_TEST(peers_are_listed_the_latest_first)
{
    struct err err = {0};
    struct replica *r = opened();
    char seen[200] = "";
    struct replica_peer p = {
        .node = 1, .location = "nas:a", .last_sync_ns = 10};

    must(replica_begin(r, &err));
    must(replica_record_peer(r, &p, &err));
    p.node = 2;
    p.location = "b\nc";
    p.last_sync_ns = 20;
    knowledge_see(&p.known, 0, 5, 5);
    must(replica_record_peer(r, &p, &err));
    p.node = 1;
    p.last_sync_ns = 15;
    must(replica_record_peer(r, &p, &err));
    must(replica_commit(r, &err));
    replica_close(r);
    r = open_with((struct replica_args){.read_only = true});
    must(replica_each_peer(r, note_peer, seen, &err));
    ck_assert_str_eq(seen, "2:b\nc:5 1:b\nc:5 ");
    replica_close(r);
    knowledge_fini(&p.known);
}
END_TEST

START_TEST(after_a_failed_commit_nothing_is_begun)
{
    struct err err = {0};
    struct replica *r = opened();
    uint64_t tick;

    session(r, 1);
    must(replica_begin(r, &err));
    must(replica_next_tick(r, &tick, &err));
    fault_set(FAULT_FAIL_FROM, 1, EIO);
    ck_assert_int_eq(replica_commit(r, &err), -1);
    ck_assert_int_eq(err.code, ERR_SYS);
    ck_assert_int_eq(err.sys, EIO);
    fault_clear();
    ck_assert_int_eq(replica_begin(r, &err), -1);
    ck_assert_int_eq(err.code, ERR_STATE);
    replica_close(r);
    r = opened();
    ck_assert(!r->conservative && !r->renewed);
    ck_assert_uint_eq(r->tick, 1);
    replica_close(r);
}
END_TEST

/* Two sessions, killed before the n-th change that they make to disk, or with
 * that change failing, or with the n-th look failing, for every n: afterwards
 * the replica opens, believes its state, and holds what was committed. */
static int
two_sessions(void)
{
    struct replica *r = NULL;
    struct err err = {0};
    struct replica_args args = {.path = root};
    uint64_t tick;

    for (int i = 0; i < 2; i++) {
        if (replica_open(&r, &args, &err) < 0)
            return 1;
        struct listing *l = listings_of("", 500, r->tick + 1);
        bool bad = replica_begin(r, &err) < 0 ||
                   replica_next_tick(r, &tick, &err) < 0 ||
                   tree_save(r->tree, l, &err) < 0 ||
                   replica_commit(r, &err) < 0;
        listing_free(l);
        replica_close(r);
        if (bad)
            return 1;
    }
    return 0;
}

START_TEST(a_kill_at_any_moment_is_survived)
{
    static const enum fault_kind kinds[] = {FAULT_KILL_BEFORE, FAULT_FAIL,
                                            FAULT_FAIL_LOOK};
    struct err err = {0};
    bool fresh = _i % 2; /* the first opening and all its making as well */
    int status = 1;
    uint64_t tick = 0;

    for (unsigned long n = 1; status != 0; n++) {
        ck_assert_uint_lt(n, 5000);
        must(descend_remove(scratch_fd, "root", &err));
        ck_assert_int_eq(mkdir(root, 0755), 0);
        if (!fresh)
            replica_close(opened());
        pid_t child = fork();
        if (child == 0) {
            fault_set(kinds[_i / 2], n, EIO);
            int bad = two_sessions();
            bool hit = fault_changes() >= n;
            if (_i / 2 == 2)
                hit = fault_looks() >= n;
            _exit(hit ? 9 : bad);
        }
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 1);
        struct replica *r = opened();
        ck_assert_msg(!r->conservative, "change %lu", n);
        ck_assert_uint_eq(salt_of(r), r->tick);
        ck_assert_msg(r->tick <= 2, "change %lu: tick %d", n, (int)r->tick);
        tick = r->tick;
        replica_close(r);
    }
    ck_assert_uint_eq(tick, 2);
}
END_TEST

/* The very step between epoch and database, without any other fault. */
START_TEST(an_epoch_ahead_by_one_is_normal)
{
    struct replica *r = opened();
    struct err err = {0};

    session(r, 1);
    must(control_write_epoch(r->control_fd, r->epoch + 1, &err));
    replica_close(r);
    r = opened();
    ck_assert(!r->conservative && !r->renewed);
    session(r, 2);
    replica_close(r);
    r = opened();
    ck_assert(!r->conservative && salt_of(r) == 2);
    must(control_write_epoch(r->control_fd, r->epoch + 2, &err));
    replica_close(r);
    r = opened();
    ck_assert(r->conservative);
    replica_close(r);
}
END_TEST

START_TEST(intents_survive_without_their_exceptions)
{
    struct err err = {0};
    struct replica *r = opened();
    struct knowledge k = {0};
    struct mem_arena arena = {0};
    uint32_t n = 0;
    uint64_t count = 0;
    struct intent i = {.op = 1, .path = "a", .tmp = "1"};

    knowledge_see(&k, 0, 1, 1);
    i.to = listings_entry("a", ENTRY_FILE, 1, &arena);
    must(replica_begin(r, &err));
    must(replica_exception(r, &k, &n, &err));
    i.know = n;
    must(intent_add(r, &i, &err));
    must(replica_commit(r, &err));
    must(control_write_epoch(r->control_fd, 77, &err));
    replica_close(r);
    r = opened();
    ck_assert(r->conservative);
    must(intent_count(r, &count, &err));
    ck_assert_uint_eq(count, 1);
    replica_close(r);
    knowledge_fini(&k);
    mem_arena_fini(&arena);
}
END_TEST

/* As a plain user: of a root that may not be written to. */
START_TEST(a_read_only_root_has_its_state_elsewhere)
{
    if (geteuid() == 0)
        sh("chmod 755 %s && chmod 711 %s && mkdir -p %s/state"
           " && chmod 777 %s/state",
           root, scratch, scratch, scratch);
    else
        sh("chmod 555 %s", root);
    pid_t child = fork();
    if (child == 0) {
        struct err err = {0};
        struct replica *r = NULL;
        struct replica_args args = {.path = root};
        if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
            _exit(0);
        if (replica_open(&r, &args, &err) < 0) {
            fprintf(stderr, "%s\n", err.msg);
            _exit(1);
        }
        if (!r->fresh || !r->elsewhere)
            _exit(2);
        session(r, 3);
        struct incarnation self = own(r);
        replica_close(r);
        if (replica_open(&r, &args, &err) < 0)
            _exit(3);
        if (r->fresh || !same(self, own(r)) || salt_of(r) != 3)
            _exit(4);
        replica_close(r);
        args.read_only = true;
        if (replica_open(&r, &args, &err) < 0)
            _exit(5);
        replica_close(r);
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert(!scratch_exists(scratch_fd, "root/.weft"));
    sh("chmod 755 %s", root);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("replica");
    TCase *tc = tcase_create("replica");

    tcase_add_checked_fixture(tc, setup, scratch_teardown);
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, a_fresh_replica_is_there_again);
    tcase_add_test(tc, a_session_raises_the_epoch_once);
    tcase_add_test(tc, a_second_opener_is_locked_out_and_a_reader_is_not);
    tcase_add_loop_test(tc, a_dry_run_leaves_no_trace, 0, 4);
    tcase_add_test(tc, a_dry_run_of_what_is_not_there);
    tcase_add_test(tc, a_copy_gets_an_incarnation_of_its_own);
    tcase_add_loop_test(tc, a_restored_part_is_noticed, 0,
                        sizeof rolled_back / sizeof *rolled_back);
    tcase_add_loop_test(tc, a_lost_state_is_set_aside, 0,
                        sizeof lost / sizeof *lost);
    tcase_add_test(tc, a_later_version_is_left_alone);
    tcase_add_test(tc, a_place_that_had_another_tree_is_guarded);
    tcase_add_test(tc, a_reader_needs_a_replica);
    tcase_add_test(tc, a_reader_of_a_run_that_only_begins);
    tcase_add_test(tc, ticks_have_nonces);
    tcase_add_test(tc, doubt_begins_anew_and_believes_nothing);
    tcase_add_test(tc, exceptions_are_interned);
    tcase_add_test(tc, exceptions_that_are_forgotten_leave_their_numbers);
    tcase_add_test(tc, asking_for_a_number_calls_forgetting_off);
    tcase_add_test(tc, peers_are_listed_the_latest_first);
    tcase_add_test(tc, after_a_failed_commit_nothing_is_begun);
    tcase_add_loop_test(tc, a_kill_at_any_moment_is_survived, 0, 6);
    tcase_add_test(tc, an_epoch_ahead_by_one_is_normal);
    tcase_add_test(tc, intents_survive_without_their_exceptions);
    tcase_add_test(tc, a_read_only_root_has_its_state_elsewhere);
    suite_add_tcase(suite, tc);
    return scratch_run(suite);
}

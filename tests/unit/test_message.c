/* SPDX-License-Identifier: ISC */
/*
 * Every message has a sample here and the bytes that it must be, which pin
 * the protocol.  All decoders are then tried on all samples' prefixes, and on
 * what no peer should send.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/writer.h"
#include "manifest/listing.h"
#include "wire/message.h"
#include "wire/message_data.h"
#include "wire/message_event.h"
#include "wire/message_delta.h"
#include "wire/message_open.h"
#include "wire/message_peek.h"
#include "wire/message_plan.h"
#include "wire/message_root.h"
#include "wire/message_scan.h"
#include "wire/message_tree.h"
#include "wire/message_undo.h"

static const struct incarnation who[2] = {
    {"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f"},
    {"\x20\x21\x22\x23\x24\x25\x26\x27\x28\x29\x2a\x2b\x2c\x2d\x2e\x2f"},
};
static struct knowledge_seen seen[2] = {{5, 0x01020304}, {300, 0}};
static const struct knowledge know = {.seen = seen, .n = 2};
static const struct entry_maps maps = {.who_n = 2, .know_n = 3};
static const struct dot dots[1] = {{1, 300}};

static struct entry
file(void)
{
    struct entry e = {
        .kind = ENTRY_FILE,
        .mode = 0644,
        .size = 1000,
        .mtime_ns = 1700000000123456789,
        .made = {dots, 1},
        .created = {0, 5},
        .know = 2, /* does not travel in a plan */
    };

    memset(e.id.b, 0xab, sizeof e.id.b);
    memset(e.prev, 0xcd, sizeof e.prev);
    return e;
}

static struct entry
symbolic(void)
{
    struct entry e = file();

    e.kind = ENTRY_SYMLINK;
    e.mode = 0;
    e.target = "../b";
    e.size = strlen(e.target);
    e.id = hash_of(e.target, e.size);
    return e;
}

static struct message_event_version
version(void)
{
    struct entry e = symbolic();
    struct message_event_version v = message_event_version_of(&e);

    v.node = 7;
    v.host = "nas";
    memset(v.id.b, 0xee, sizeof v.id.b);
    return v;
}

static const char *const only[] = {"a", "b/c", "b/d"};

static struct message_open
an_open(const char *root)
{
    return (struct message_open){
        .root = root,
        .label = "nas",
        .flags = MESSAGE_OPEN_DURABLE | MESSAGE_OPEN_CREATE,
        .mode = MESSAGE_OPEN_TO_FAR,
        .root_id = "0123456789abcde",
        .rules = (const uint8_t *)"rules",
        .rules_len = 5,
        .guard_limited = true,
        .guard_number = 100,
        .size_max = 4096,
        .rate = 1 << 20,
        .compress = -5,
        .timeout_ms = 60000,
        .run = "20260102-030405-beef",
        .undo = "20250102-030405-0123",
        .only = only,
        .only_n = 3,
    };
}

/* Samples: encode one of each. */

static void
hello(struct buf *out)
{
    struct message_hello m = message_hello_own("weft 0.1");

    message_hello_encode(&m, out);
}

static void
open_(struct buf *out)
{
    struct message_open m = an_open("notes");

    message_open_encode(&m, out);
}

static void
root(struct buf *out)
{
    struct knowledge exceptions[3] = {{0}, know, {0}};
    struct message_root m = {
        .id = "0123456789abcde",
        .node = 0x1122334455667788,
        .who_n = 2,
        .who = who,
        .self = 1,
        .tick = 300,
        .nonce = 9,
        .know = know,
        .exception_n = 2,
        .exceptions = exceptions,
        .flags = MESSAGE_ROOT_CREATED,
        .fs = MESSAGE_ROOT_FS_MODES,
        .rule_hash = 1,
        .host = "nas",
        .root = "/srv/notes",
        .clock_ns = 1700000000000000000,
        .last_sync_ns = -1,
        .device = 66,
        .inode = 2,
        .machine = 0x77,
    };

    message_root_encode(&m, out);
}

static void
who_(struct buf *out)
{
    struct message_who m = {.first = 2, .n = 2, .id = who};

    message_who_encode(&m, out);
}

static void
scanned(struct buf *out)
{
    struct message_scan_rules rules[] = {{"", "*.o"}, {"src", "*.d\n!x.d"}};
    struct message_scan_skipped skipped[] = {
        {"a/b", true, ERR_SYS, "permission denied"},
        {"a/c", false, ERR_BUSY, ""},
    };
    struct message_scan m = {
        .h.b = "h",
        .v.b = "v",
        .uneven = true,
        .tick = 301,
        .nonce = 8,
        .files = 8412,
        .dirs = 10,
        .links = 1,
        .bytes = 1 << 30,
        .read_files = 3,
        .read_bytes = 5000,
        .unknown = 2,
        .before = (const uint8_t *)"\1\0",
        .before_len = 2,
        .rules_n = 2,
        .rules = rules,
        .skipped_n = 2,
        .skipped = skipped,
    };

    message_scan_encode(&m, out);
}

static const uint8_t prefixes[2][MESSAGE_TREE_PREFIX] = {"1234567", "abcdefg"};

static void
list(struct buf *out)
{
    struct message_tree_want dirs[] = {{"", 0, NULL}, {"a/b", 2, prefixes}};
    struct message_tree_list m = {.n = 2, .dirs = dirs};

    message_tree_list_encode(&m, out);
}

static void
listing(struct buf *out)
{
    struct message_tree_page pages[] = {
        {.prefix = "1234567"},
        {.body = (const uint8_t *)"body", .len = 4},
        {.body = (const uint8_t *)"", .len = 0},
    };
    struct message_tree_listing m = {
        .path = "a/b", .flags = MESSAGE_TREE_LAST, .n = 3, .pages = pages};

    message_tree_listing_encode(&m, out);
}

static void
peek(struct buf *out)
{
    struct message_peek_item items[] = {
        {.path = "dir/a", .check = "1234567"},
        {.path = "dir/b", .check = "89abcde"},
        {.prev = "0123456789abcde"},
    };
    struct message_peek m = {.n = 3, .items = items};

    message_peek_encode(&m, out);
}

static void
peeked(struct buf *out)
{
    struct message_peek_text m = {
        .there = true, .bytes = (const uint8_t *)"text", .len = 4};

    message_peek_text_encode(&m, out);
}

static void
know_(struct buf *out)
{
    struct message_plan_know m = {.index = 2, .know = know};

    message_plan_know_encode(&m, out);
}

static void
plan(struct buf *out)
{
    struct message_plan_op ops[] = {
        {.id = 7,
         .far_side = true,
         .shown = true,
         .action = MESSAGE_PLAN_FILE,
         .why = 1,
         .path = "dir/file",
         .from_check = "1234567",
         .to = file(),
         .know = 2},
        {.id = 9, .action = MESSAGE_PLAN_DELETE, .path = "dir/old"},
        {.id = 10,
         .far_side = true,
         .action = MESSAGE_PLAN_FILE,
         .path = "dir/f2",
         .to = file(),
         .beside = "dir/f",
         .foreign = true},
    };
    struct message_plan_ops m = {.n = 3, .ops = ops};

    message_plan_ops_encode(&m, out);
}

static void
conflict(struct buf *out)
{
    struct message_plan_conflict c = {
        .path = "a",
        .why = 3,
        .initiator = symbolic(),
        .know_initiator = 1,
        .know_far = 2};
    struct message_plan_conflicts m = {.n = 1, .conflicts = &c};

    message_plan_conflicts_encode(&m, out);
}

static void
scope(struct buf *out)
{
    struct message_plan_scope m = {.path = "a/b", .know = 2};

    message_plan_scope_encode(&m, out);
}

static void
plan_end(struct buf *out)
{
    struct message_plan_end m = {
        .ops = 5,
        .conflicts = 1,
        .initiator = {1, 2, 3, 4, 5, 6, 7, 8},
        .far = {9, 10, 11, 12, 13, 14, 1000, 16},
    };

    message_plan_end_encode(&m, out);
}

static void
guard(struct buf *out)
{
    struct message_guard m = {.sentence = "no"};

    message_guard_encode(&m, out);
}

static void
want(struct buf *out)
{
    struct message_data_part parts[] = {{300, 0}, {2, 65536}};
    struct message_data_want m = {.n = 2, .parts = parts};

    message_data_want_encode(&m, out);
}

static void
data(struct buf *out)
{
    struct message_data_record a = {.op = 1,
                                    .flags =
                                        MESSAGE_DATA_FIRST | MESSAGE_DATA_LAST,
                                    .bytes = (const uint8_t *)"abc",
                                    .len = 3};
    struct message_data_record b = {
        .op = 2, .offset = 65536, .flags = MESSAGE_DATA_HOLE, .len = 1 << 20};
    struct message_data_record c = {
        .op = 3, .flags = MESSAGE_DATA_FD, .bytes = (const uint8_t *)""};

    message_data_add(&a, out);
    message_data_add(&b, out);
    struct message_data_record d = {.op = 4,
                                    .offset = 5,
                                    .flags = MESSAGE_DATA_COPY,
                                    .len = 65536,
                                    .from = 1024};
    message_data_add(&c, out);
    message_data_add(&d, out);
}

static void
fail_(struct buf *out)
{
    struct message_data_fail m = {
        .op = 4, .code = ERR_SYS, .sys = 28, .sentence = "disk full"};

    message_data_fail_encode(&m, out);
}

static void
committed(struct buf *out)
{
    struct message_data_range ranges[] = {{0, 3}, {10, 1000}};
    struct message_data_committed m = {.n = 2, .ranges = ranges};

    message_data_committed_encode(&m, out);
}

static void
sums(struct buf *out)
{
    struct message_delta_sums m = {
        .op = 7,
        .block = 1024,
        .seed = 0x0102030405060708,
        .from = 65536,
        .last = true,
        .n = 2,
        .sums = (const uint8_t *)"0123456789abcdefghij"};

    message_delta_sums_encode(&m, out);
}

static void
ask(struct buf *out)
{
    struct message_delta_range ranges[] = {{0, 65536}, {262144, 1}};
    struct message_delta_ask m = {
        .op = 7, .block = 1024, .n = 2, .ranges = ranges};

    message_delta_ask_encode(&m, out);
}

static void
credit(struct buf *out)
{
    struct message_data_credit m = {.bytes = 8 << 20};

    message_data_credit_encode(&m, out);
}

static void
text(struct buf *out)
{
    struct message_data_text m = {
        .id = {{'t', 'x'}}, .bytes = (const uint8_t *)"a\n", .len = 2};

    message_data_text_encode(&m, out);
}

static void
finish(struct buf *out)
{
    struct message_finish m = {.know = know, .complete = true};

    message_finish_encode(&m, out);
}

static void
finished(struct buf *out)
{
    struct message_finished m = {.h.b = "h", .v.b = "v"};

    message_finished_encode(&m, out);
}

static void
abort_(struct buf *out)
{
    struct message_abort m = {.exit_status = 6};

    err_set(&m.err, ERR_LOCKED, "locked");
    message_abort_encode(&m, out);
}

static void
ping(struct buf *out)
{
    struct message_ping m = {.number = 0x0807060504030201};

    message_ping_encode(&m, out);
}

static void
start(struct buf *out)
{
    struct message_event_start m = {
        .here = an_open("/home/me/notes"),
        .far = an_open(""),
        .policy = MESSAGE_EVENT_NEWER,
        .confirm = true,
        .jobs = 4,
        .progress_ms = 100,
        .repair = true,
    };

    message_event_start_encode(&m, out);
}

static void
undo(struct buf *out)
{
    static const struct message_undo_item items[] = {
        {.path = "a", .state = MESSAGE_UNDO_OFFER, .check = "1234567"},
        {.path = "b/c", .state = MESSAGE_UNDO_SAME},
        {.path = "b/d",
         .state = MESSAGE_UNDO_REFUSED,
         .code = ERR_CHANGED,
         .sentence = "changed"},
        {.path = "e",
         .state = MESSAGE_UNDO_VETO,
         .code = ERR_STATE,
         .sentence = "since"},
        {.path = "f",
         .state = MESSAGE_UNDO_DONE,
         .action = MESSAGE_PLAN_FILE,
         .after = {.kind = ENTRY_FILE,
                   .mode = 0644,
                   .size = 300,
                   .mtime_ns = -5}},
    };
    struct message_undo m = {.flags = MESSAGE_UNDO_LAST | MESSAGE_UNDO_KNOWN,
                             .n = sizeof items / sizeof *items,
                             .items = items};

    message_undo_encode(&m, out);
}

static void
peer(struct buf *out)
{
    struct message_event_peer m = {.label = "nas",
                                   .location = "nas:d",
                                   .greeted = true};

    message_event_peer_encode(&m, out);
}

static void
answer(struct buf *out)
{
    struct message_event_answer m = {.id = 3,
                                     .choice = MESSAGE_EVENT_CHOICE_FAR};

    message_event_answer_encode(&m, out);
}

static void
answer_text(struct buf *out)
{
    struct message_event_answer m = {
        .id = 4,
        .choice = MESSAGE_EVENT_CHOICE_TEXT,
        .text = {.there = true, .bytes = (const uint8_t *)"new", .len = 3}};

    message_event_answer_encode(&m, out);
}

static void
cancel(struct buf *out)
{
    struct message_event_cancel m = {.at_once = true};

    message_event_cancel_encode(&m, out);
}

static void
event_root(struct buf *out)
{
    struct message_event_root m = {
        .far = true,
        .id = "0123456789abcde",
        .node = 7,
        .flags = MESSAGE_ROOT_FRESH,
        .host = "nas",
        .root = "/srv",
        .clock_ahead_ns = -5,
    };

    message_event_root_encode(&m, out);
}

static void
event_change(struct buf *out)
{
    struct message_event_change m = {
        .op = 3,
        .far = true,
        .shown = true,
        .action = MESSAGE_PLAN_SYMLINK,
        .why = 1,
        .path = "b/x",
        .moved_from = "a/x",
        .to = version(),
    };

    message_event_change_encode(&m, out);
}

static void
event_conflict(struct buf *out)
{
    struct message_event_conflict m = {.path = "x", .why = 3, .own = version()};

    message_event_conflict_encode(&m, out);
}

static void
problem(struct buf *out)
{
    struct message_event_problem m = {.far = true,
                                      .code = ERR_SYS,
                                      .sys = 13,
                                      .path = "x",
                                      .sentence = "permission denied"};

    message_event_problem_encode(&m, out);
}

static void
summary(struct buf *out)
{
    struct message_event_summary m = {
        .exit_status = 1,
        .in_step = false,
        .conflicts = 1,
        .problems = 2,
        .raw_in = 3,
        .raw_out = 4,
        .wire_in = 5,
        .wire_out = 6,
        .elapsed_ns = 7,
        .own = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
        .far = {11, 12, 13, 14, 15, 16, 17, 18, 19, 20},
    };

    message_event_summary_encode(&m, out);
}

static void
question(struct buf *out)
{
    struct message_event_question m = {.id = 1, .sentence = "which?"};

    m.conflict.path = "x";
    m.conflict.own = version();
    m.own = (struct message_event_text){true, (const uint8_t *)"a", 1};
    m.common = (struct message_event_text){.there = true};
    m.may_merge = true;
    message_event_question_encode(&m, out);
}

static void
progress(struct buf *out)
{
    struct message_data_progress m = {
        .stage = MESSAGE_DATA_STAGE_TRANSFER,
        .scanned_files = 1,
        .scanned_bytes = 2,
        .files_done = 3,
        .files_total = 4,
        .bytes_done = 5,
        .bytes_total = 6,
        .wire_in = 7,
        .wire_out = 8,
        .path = "x",
    };

    message_data_progress_encode(&m, out);
}

static void
log_(struct buf *out)
{
    struct message_log m = {.topic = 4, .line = "x"};

    message_log_encode(&m, out);
}

static void
note(struct buf *out)
{
    struct message_note m = {.warning = true, .sentence = "x"};

    message_note_encode(&m, out);
}

/* Decode, and encode what came out. */

typedef bool again_fn(struct reader *r, struct mem_arena *arena,
                      struct buf *out);

#define AGAIN(x)                                                               \
    static bool x##_again(struct reader *r, struct mem_arena *arena,           \
                          struct buf *out)                                     \
    {                                                                          \
        struct x m;                                                            \
        memset(&m, 0x5a, sizeof m);                                            \
        struct x before = m;                                                   \
        if (!x##_decode(r, arena, &m)) {                                       \
            ck_assert_mem_eq(&m, &before, sizeof m);                           \
            return false;                                                      \
        }                                                                      \
        x##_encode(&m, out);                                                   \
        return true;                                                           \
    }

#define AGAIN_MAPPED(x)                                                        \
    static bool x##_again(struct reader *r, struct mem_arena *arena,           \
                          struct buf *out)                                     \
    {                                                                          \
        struct x m;                                                            \
        memset(&m, 0x5a, sizeof m);                                            \
        struct x before = m;                                                   \
        if (!x##_decode(r, &maps, arena, &m)) {                                \
            ck_assert_mem_eq(&m, &before, sizeof m);                           \
            return false;                                                      \
        }                                                                      \
        x##_encode(&m, out);                                                   \
        return true;                                                           \
    }

AGAIN(message_hello)
AGAIN(message_open)
AGAIN(message_root)
AGAIN(message_who)
AGAIN(message_scan)
AGAIN(message_tree_list)
AGAIN(message_tree_listing)
AGAIN(message_peek)
AGAIN(message_peek_text)
AGAIN_MAPPED(message_plan_know)
AGAIN_MAPPED(message_plan_ops)
AGAIN_MAPPED(message_plan_conflicts)
AGAIN_MAPPED(message_plan_scope)
AGAIN(message_plan_end)
AGAIN(message_guard)
AGAIN(message_data_want)
AGAIN(message_data_fail)
AGAIN(message_data_committed)
AGAIN(message_data_credit)
AGAIN(message_data_text)
AGAIN(message_delta_sums)
AGAIN(message_delta_ask)
AGAIN_MAPPED(message_finish)
AGAIN(message_finished)
AGAIN(message_abort)
AGAIN(message_ping)
AGAIN(message_event_start)
AGAIN(message_event_peer)
AGAIN(message_event_answer)
AGAIN(message_event_cancel)
AGAIN(message_event_root)
AGAIN(message_event_change)
AGAIN(message_event_conflict)
AGAIN(message_event_problem)
AGAIN(message_event_summary)
AGAIN(message_event_question)
AGAIN(message_data_progress)
AGAIN(message_log)
AGAIN(message_note)
AGAIN(message_undo)

static bool
message_data_again(struct reader *r, struct mem_arena *arena, struct buf *out)
{
    struct message_data_record m;

    (void)arena;
    while (message_data_next(r, &m))
        message_data_add(&m, out);
    return reader_end(r);
}

static const struct {
    enum message_type type;
    void (*sample)(struct buf *out);
    again_fn *again;
    const char *hex;
} all[] = {
    {MESSAGE_HELLO, hello, message_hello_again,
     "01010300000000000000808040087765667420302e31"},
    {MESSAGE_OPEN, open_, message_open_again,
     "056e6f746573036e617382010130313233343536373839616263646500057275"
     "6c657301006400802080804009e0d4031432303236303130322d303330343035"
     "2d626565661432303235303130322d3033303430352d30313233030001610003"
     "622f63020164"},
    {MESSAGE_ROOT, root, message_root_again,
     "3031323334353637383961626364650088776655443322110210111213141516"
     "1718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f01ac0209000000"
     "0200050403020100ac0200000000020200050403020100ac0200000000000810"
     "0100000000000000036e61730a2f7372762f6e6f7465738080d0e2c6bfce972f"
     "0142027700000000000000"},
    {MESSAGE_WHO, who_, message_who_again,
     "0202101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d"
     "2e2f"},
    {MESSAGE_SCANNED, scanned, message_scan_again,
     "6800000000000000000000000000000000000000000000000000000000000000"
     "7600000000000000000000000000000000000000000000000000000000000000"
     "01ad0208000000dc410a018080808004038827020201000200"
     "00032a2e6f0003737263"
     "082a2e640a21782e64020003612f620101117065726d697373696f6e2064656e"
     "696564020163000900"},
    {MESSAGE_UNDO, undo, message_undo_again,
     "03050001610031323334353637000003622f6301020164020a076368616e6765"
     "64000165030b0573696e636500016604020001a403ac0209"},
    {MESSAGE_LIST, list, message_tree_list_again,
     "020000000003612f620231323334353637006162636465666700"},
    {MESSAGE_LISTING, listing, message_tree_listing_again,
     "0003612f6202030031323334353637000104626f64790100"},
    {MESSAGE_PEEK, peek, message_peek_again,
     "030000056469722f613132333435363700000401623839616263646500013031"
     "3233343536373839616263646500"},
    {MESSAGE_PEEKED, peeked, message_peek_text_again, "010474657874"},
    {MESSAGE_KNOW, know_, message_plan_know_again,
     "020200050403020100ac0200000000"},
    {MESSAGE_PLAN, plan, message_plan_ops_again,
     "030703020100086469722f66696c653132333435363700020100000101ac0200"
     "05cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcda403aab4aed8c7bfce972fe807abab"
     "abababababababababababababababababababababababababababababab0100"
     "050004036f6c64000000000000000000000000000d0200040266320500000000"
     "0000000000000100000101ac020005cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcda4"
     "03aab4aed8c7bfce972fe807abababababababababababababababababababab"
     "abababababababababababab"},
    {MESSAGE_CONFLICT, conflict, message_plan_conflicts_again,
     "01000161030300000101ac020005cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdaab4"
     "aed8c7bfce972f042e2e2f620000000102"},
    {MESSAGE_SCOPE, scope, message_plan_scope_again, "0003612f6202"},
    {MESSAGE_PLAN_END, plan_end, message_plan_end_again,
     "05010102030405060708090a0b0c0d0ee80710"},
    {MESSAGE_GUARD, guard, message_guard_again, "026e6f"},
    {MESSAGE_WANT, want, message_data_want_again, "02ac020002808004"},
    {MESSAGE_DATA, data, message_data_again,
     "010003036162630280800404808040030008000405108080048008"},
    {MESSAGE_FAIL, fail_, message_data_fail_again,
     "04011c096469736b2066756c6c"},
    {MESSAGE_COMMITTED, committed, message_data_committed_again,
     "02000307e807"},
    {MESSAGE_CREDIT, credit, message_data_credit_again, "80808004"},
    {MESSAGE_TEXT, text, message_data_text_again,
     "7478000000000000000000000000000000000000000000000000000000000000"
     "02610a"},
    {MESSAGE_SUMS, sums, message_delta_sums_again,
     "0780080807060504030201808004011430313233343536373839616263646566"
     "6768696a"},
    {MESSAGE_ASK, ask, message_delta_ask_again,
     "078008020080800480800c01"},
    {MESSAGE_FINISH, finish, message_finish_again,
     "0200050403020100ac020000000001"},
    {MESSAGE_FINISHED, finished, message_finished_again,
     "6800000000000000000000000000000000000000000000000000000000000000"
     "7600000000000000000000000000000000000000000000000000000000000000"},
    {MESSAGE_ABORT, abort_, message_abort_again, "080006066c6f636b6564"},
    {MESSAGE_PING, ping, message_ping_again, "0102030405060708"},
    {MESSAGE_START, start, message_event_start_again,
     "0e2f686f6d652f6d652f6e6f746573036e617382010130313233343536373839"
     "6162636465000572756c657301006400802080804009e0d40314323032363031"
     "30322d3033303430352d626565661432303235303130322d3033303430352d30"
     "313233030001610003622f6302016400036e6173820101303132333435363738"
     "396162636465000572756c657301006400802080804009e0d403143230323630"
     "3130322d3033303430352d626565661432303235303130322d3033303430352d"
     "30313233030001610003622f6302016402000100046401"},
    {MESSAGE_PEER, peer, message_event_peer_again, "036e6173056e61733a640100"},
    {MESSAGE_ANSWER, answer, message_event_answer_again, "0302"},
    {MESSAGE_ANSWER, answer_text, message_event_answer_again,
     "0404036e6577"},
    {MESSAGE_CANCEL, cancel, message_event_cancel_again, "01"},
    {MESSAGE_EVENT_ROOT, event_root, message_event_root_again,
     "0130313233343536373839616263646500070000000000000001036e6173042f"
     "73727609"},
    {MESSAGE_EVENT_CHANGE, event_change, message_event_change_again,
     "03010104010003622f780003612f7800030004aab4aed8c7bfce972feeeeeeee"
     "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee042e2e2f"
     "620700000000000000036e6173"},
    {MESSAGE_EVENT_CONFLICT, event_conflict, message_event_conflict_again,
     "00017803030004aab4aed8c7bfce972feeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
     "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee042e2e2f620700000000000000036e61"
     "730000000000000000000000000000000000"},
    {MESSAGE_EVENT_PROBLEM, problem, message_event_problem_again,
     "01010d000178117065726d697373696f6e2064656e696564"},
    {MESSAGE_EVENT_SUMMARY, summary, message_event_summary_again,
     "0100000102030405060e0102030405060708090a0b0c0d0e0f1011121314"},
    {MESSAGE_QUESTION, question, message_event_question_again,
     "01000677686963683f00017800030004aab4aed8c7bfce972feeeeeeeeeeeeee"
     "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee042e2e2f620700"
     "000000000000036e617300000000000000000000000000000000000101610001"
     "0001"},
    {MESSAGE_PROGRESS, progress, message_data_progress_again,
     "030102030405060708000178"},
    {MESSAGE_LOG, log_, message_log_again, "040178"},
    {MESSAGE_NOTE, note, message_note_again, "010178"},
};

#define ALL (sizeof all / sizeof all[0])

static struct buf
from_hex(const char *hex)
{
    struct buf b = {0};
    unsigned v;

    for (; sscanf(hex, "%2x", &v) == 1; hex += 2)
        buf_add_byte(&b, (uint8_t)v);
    return b;
}

/* Does the row's decoder take these bytes?  What it gives goes to out. */
static bool
takes(size_t row, const uint8_t *bytes, size_t len, struct buf *out)
{
    /* Exactly as long, so that a read behind the end is seen. */
    uint8_t *copy = mem_dup(bytes, len);
    struct reader r = reader_over(copy, len);
    struct mem_arena arena = {0};
    bool taken = all[row].again(&r, &arena, out);

    mem_arena_fini(&arena);
    free(copy);
    return taken;
}

START_TEST(vectors)
{
    struct buf b = {0}, again = {0};

    all[_i].sample(&b);
    char *hex = mem_alloc(b.len * 2 + 1);
    hash_hex(b.data, b.len, hex);
    const char *name = message_name(all[_i].type);
    if (getenv("PRINT"))
        printf("ROW %s %s\n", name, hex);
    else
        ck_assert_msg(strcmp(hex, all[_i].hex) == 0, "%s: %s", name, hex);
    ck_assert_msg(takes((size_t)_i, b.data, b.len, &again), "%s", name);
    ck_assert_uint_eq(b.len, again.len);
    ck_assert_mem_eq(b.data, again.data, b.len);
    free(hex);
    buf_fini(&b);
    buf_fini(&again);
}
END_TEST

/* Too short, too long.  HELLO may grow, and DATA is a sequence. */
START_TEST(lengths)
{
    struct buf b = from_hex(all[_i].hex), out = {0};
    enum message_type type = all[_i].type;

    for (size_t len = 0; len < b.len && type != MESSAGE_DATA; len++)
        ck_assert_msg(!takes((size_t)_i, b.data, len, &out),
                      "%s: %zu of %zu bytes", message_name(type), len, b.len);
    buf_add_byte(&b, 0);
    ck_assert_int_eq(takes((size_t)_i, b.data, b.len, &out),
                     type == MESSAGE_HELLO);
    buf_fini(&b);
    buf_fini(&out);
}
END_TEST

/* Any one byte changed: no crash, and what is taken is stable. */
START_TEST(bytes_changed)
{
    struct buf b = from_hex(all[_i].hex);

    for (size_t at = 0; at < b.len; at++)
        for (unsigned i = 0; i < 12; i++) {
            static const uint8_t values[] = {0, 1, 2, 0x7f, 0x80, 0xff};
            uint8_t before = b.data[at];
            uint8_t other = (uint8_t)(before ^ 1U << (i % 6));
            struct buf first = {0}, second = {0};
            b.data[at] = i < 6 ? values[i] : other;
            if (takes((size_t)_i, b.data, b.len, &first)) {
                ck_assert(takes((size_t)_i, first.data, first.len, &second));
                ck_assert_uint_eq(first.len, second.len);
                ck_assert_mem_eq(first.data, second.data, first.len);
            }
            b.data[at] = before;
            buf_fini(&first);
            buf_fini(&second);
        }
    buf_fini(&b);
}
END_TEST

static const struct {
    const char *says;
    enum message_type type;
    const char *hex;
} bad[] = {
    {"versions upside down", MESSAGE_HELLO,
     "0201010000000000000001"
     "00"},
    {"version 0", MESSAGE_HELLO, "000101000000000000000100"},
    {"a path upwards", MESSAGE_LIST, "0100022e2e00"},
    {"an absolute path", MESSAGE_LIST, "0100022f6100"},
    {"the control directory", MESSAGE_LIST, "0100052e5765667400"},
    {"a path with a NUL", MESSAGE_LIST,
     "010003610062"
     "00"},
    {"more shared than there is", MESSAGE_LIST, "0201016100"},
    {"more directories than bytes", MESSAGE_LIST, "ffffffff0f000161"},
    {"more pages than bytes", MESSAGE_LISTING,
     "0001610"
     "2ff7f"},
    {"a missing one with pages", MESSAGE_LISTING,
     "000161010101"
     "00"},
    {"an unknown flag", MESSAGE_LISTING, "0001618000"},
    {"an unknown page", MESSAGE_LISTING,
     "00016102010201"
     "00"},
    {"an empty range", MESSAGE_COMMITTED, "010500"},
    {"touching ranges", MESSAGE_COMMITTED, "0201010001"},
    {"ops beyond the bound", MESSAGE_COMMITTED, "0101ffffffff0f"},
    {"a choice that is none", MESSAGE_ANSWER, "0104"},
    {"a bool of 2", MESSAGE_CANCEL, "02"},
    {"knowledge of a conflict that was not sent", MESSAGE_CONFLICT,
     "01000161030300000101ac020005cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdaab4"
     "aed8c7bfce972f042e2e2f620000000103"},
    {"a run that is a path", MESSAGE_OPEN,
     "056e6f746573036e617382010130313233343536373839616263646500057275"
     "6c657301006400802080804009e0d403142e2e2f2e2e2f2e2e2f323032363031"
     "30322d30330000"},
    {"a run to undo of another length", MESSAGE_OPEN,
     "056e6f746573036e617382010130313233343536373839616263646500057275"
     "6c657301006400802080804009e0d4030008323032363031303200"},
    {"paths out of order", MESSAGE_OPEN,
     "056e6f746573036e617382010130313233343536373839616263646500057275"
     "6c657301006400802080804009e0d403000002000162000161"},
    {"a path below another", MESSAGE_OPEN,
     "056e6f746573036e617382010130313233343536373839616263646500057275"
     "6c657301006400802080804009e0d40300000200016101022f62"},
    {"a session about the root", MESSAGE_OPEN,
     "056e6f746573036e617382010130313233343536373839616263646500057275"
     "6c657301006400802080804009e0d4030000010000"},
    {"more paths than bytes", MESSAGE_OPEN,
     "056e6f746573036e617382010130313233343536373839616263646500057275"
     "6c657301006400802080804009e0d40300007f000161"},
    {"an end beyond the largest file", MESSAGE_DATA,
     "01"
     "feffffffffffffff7f"
     "04"
     "02"},
    {"a descriptor and bytes", MESSAGE_DATA,
     "01000801"
     "61"},
    {"an unknown data flag", MESSAGE_DATA, "01002000"},
    {"a number that is too long", MESSAGE_CREDIT, "8000"},
    {"a copy that is a hole", MESSAGE_DATA, "0100140100"},
    {"a copy beyond the largest file", MESSAGE_DATA,
     "01001001ffffffffffffffff7f"},
    {"blocks of no power of two", MESSAGE_ASK, "0188080100" "01"},
    {"blocks that are too small", MESSAGE_ASK, "0180020100" "01"},
    {"an empty range of an older version", MESSAGE_ASK, "0180080100" "00"},
    {"half a sum", MESSAGE_SUMS, "01800800000000000000000001" "0100"},
    {"sums beyond the largest file", MESSAGE_SUMS,
     "0180080000000000000000ffffffffffffffff7f010a00000000000000000000"},
    {"no incarnation", MESSAGE_ROOT,
     "00000000000000000000000000000000"
     "0000000000000000"
     "00"},
    {"an incarnation without a number", MESSAGE_FINISH,
     "01020100000000"
     "01"},
    {"an unknown knowledge", MESSAGE_PLAN,
     "01"
     "00"
     "00"
     "05"
     "00"
     "000161"
     "0000000000000000"
     "03"
     "000000"},
    {"a deletion that leaves something", MESSAGE_PLAN,
     "01"
     "00"
     "00"
     "05"
     "00"
     "000161"
     "0000000000000000"
     "00"
     "03"
     "0000"
     "01"
     "0101"
     "0101"
     "00000000000000000000000000000000"
     "00"
     "0161"},
    {"an unknown knowledge below", MESSAGE_SCOPE, "00016103"},
    {"an action that is none", MESSAGE_PLAN,
     "01"
     "00"
     "00"
     "06"
     "00"
     "000161"
     "0000000000000000"
     "00"
     "000000"},
    {"a file that is absent", MESSAGE_PLAN,
     "01"
     "00"
     "00"
     "02"
     "00"
     "000161"
     "0000000000000000"
     "00"
     "000000"},
    {"an abort that is none", MESSAGE_ABORT, "00000000"},
};

START_TEST(refused)
{
    struct buf b = from_hex(bad[_i].hex), out = {0};
    size_t row = 0;

    while (all[row].type != bad[_i].type)
        row++;
    ck_assert_msg(!takes(row, b.data, b.len, &out), "%s", bad[_i].says);
    buf_fini(&b);
    buf_fini(&out);
}
END_TEST

/* A few bytes that stand for very much are refused. */
START_TEST(bombs)
{
    struct buf b = {0}, out = {0};
    struct knowledge far = {0};

    /* 50,000 paths of 65,000 bytes. */
    writer_varint(&b, 50000);
    writer_varint(&b, 0);
    writer_varint(&b, 64000);
    for (int i = 0; i < 320; i++) {
        for (int n = 0; n < 199; n++)
            buf_add_byte(&b, 'a');
        buf_add_byte(&b, i < 319 ? '/' : 'a');
    }
    writer_varint(&b, 0);
    for (int i = 1; i < 50000; i++) {
        writer_varint(&b, 64000);
        writer_varint(&b, 0);
        writer_varint(&b, 0);
    }
    size_t row = 0;
    while (all[row].type != MESSAGE_LIST)
        row++;
    ck_assert(!takes(row, b.data, b.len, &out));
    buf_reset(&b);

    /* Knowledge of the last of many incarnations, many times. */
    enum { WHO = 30000, EXCEPTIONS = 30000 };
    struct incarnation *ids = mem_array(WHO, sizeof *ids);
    knowledge_see(&far, WHO - 1, 1, 1);
    struct knowledge *exceptions =
        mem_array(EXCEPTIONS + 1, sizeof *exceptions);
    for (size_t i = 1; i <= EXCEPTIONS; i++)
        exceptions[i] = far;
    struct message_root m = {.who = ids,
                             .who_n = WHO,
                             .exceptions = exceptions,
                             .exception_n = EXCEPTIONS};
    message_root_encode(&m, &b);
    for (row = 0; all[row].type != MESSAGE_ROOT;)
        row++;
    ck_assert_uint_lt(b.len, 1 << 20);
    ck_assert(!takes(row, b.data, b.len, &out));

    free(ids);
    free(exceptions);
    knowledge_fini(&far);
    buf_fini(&b);
    buf_fini(&out);
}
END_TEST

START_TEST(translation)
{
    struct buf b = {0};
    struct mem_arena arena = {0};
    struct incarnation_table table = {0};
    struct message_root m;
    struct err err;
    uint32_t *map;

    /* Here the second of theirs is 0, and another one is 1. */
    incarnation_number(&table, &who[1]);
    incarnation_number(&table, &(struct incarnation){.b = "other"});
    root(&b);
    struct reader r = reader_over(b.data, b.len);
    ck_assert(message_root_decode(&r, &arena, &m));
    ck_assert_int_eq(message_root_translate(&m, &table, &arena, &map, &err), 0);
    ck_assert_uint_eq(table.n, 3);
    ck_assert_uint_eq(map[0], 2);
    ck_assert_uint_eq(map[1], 0);
    ck_assert_uint_eq(m.self, 0);
    ck_assert_uint_eq(knowledge_tick(&m.know, 0), 300);
    ck_assert_uint_eq(knowledge_tick(&m.know, 1), 0);
    ck_assert_uint_eq(knowledge_tick(&m.know, 2), 5);
    ck_assert_uint_eq(m.know.seen[2].nonce, 0x01020304);
    ck_assert_uint_eq(knowledge_tick(&m.exceptions[1], 2), 5);
    ck_assert_uint_eq(m.exceptions[2].n, 0);
    incarnation_fini(&table);
    mem_arena_fini(&arena);
    buf_fini(&b);
}
END_TEST

/* Numbers of plans are translated at the door. */
START_TEST(plan_is_mapped)
{
    static const uint32_t whos[] = {7, 8}, knows[] = {20, 21, 22};
    static const struct entry_maps mapped = {whos, 2, knows, 3};
    struct mem_arena arena = {0};
    struct buf b = {0};
    struct message_plan_ops m;

    plan(&b);
    struct reader r = reader_over(b.data, b.len);
    ck_assert(message_plan_ops_decode(&r, &mapped, &arena, &m));
    ck_assert_uint_eq(m.n, 3);
    ck_assert_uint_eq(m.ops[0].id, 7);
    ck_assert_uint_eq(m.ops[0].know, 22);
    ck_assert_uint_eq(m.ops[0].to.made.v[0].who, 8);
    ck_assert_uint_eq(m.ops[0].to.created.who, 7);
    ck_assert_uint_eq(m.ops[0].to.know, 0);
    ck_assert_str_eq(m.ops[1].path, "dir/old");
    ck_assert_int_eq(m.ops[1].to.kind, ENTRY_ABSENT);
    ck_assert_uint_eq(m.ops[1].know, 20);
    mem_arena_fini(&arena);
    buf_fini(&b);
}
END_TEST

START_TEST(checks)
{
    uint8_t a[MESSAGE_PLAN_CHECK], b[MESSAGE_PLAN_CHECK];
    static const uint8_t zero[MESSAGE_PLAN_CHECK];
    struct entry e = file(), other = file();

    message_plan_check(NULL, a);
    ck_assert_mem_eq(a, zero, sizeof a);
    message_plan_check(&e, a);
    ck_assert_mem_ne(a, zero, sizeof a);
    other.made = (struct dot_set){0}; /* events are no part of it */
    message_plan_check(&other, b);
    ck_assert_mem_eq(a, b, sizeof a);
    other.mtime_ns++;
    message_plan_check(&other, b);
    ck_assert_mem_ne(a, b, sizeof a);
    e.kind = other.kind = ENTRY_DIR;
    message_plan_check(&e, a);
    message_plan_check(&other, b);
    ck_assert_mem_eq(a, b, sizeof a);
}
END_TEST

START_TEST(versions)
{
    struct message_hello own = message_hello_own("weft 1"), peer = own;
    struct err err;

    ck_assert_int_eq(message_hello_agree(&own, &peer, &err), 1);
    peer.proto_max = 7;
    ck_assert_int_eq(message_hello_agree(&own, &peer, &err), 1);
    peer.proto_min = 2;
    peer.agent = "weft 9\n";
    ck_assert_int_eq(message_hello_agree(&own, &peer, &err), -1);
    ck_assert_int_eq(err.code, ERR_VERSION);
    ck_assert_ptr_nonnull(strstr(err.msg, "'weft 9\\n'"));
    ck_assert(!message_is_critical(MESSAGE_LOG));
    ck_assert(message_is_critical(MESSAGE_EVENT_SUMMARY));
    ck_assert_str_eq(message_name(0x7f), "?");
}
END_TEST

START_TEST(what_a_session_is_about)
{
    struct message_open m = an_open("notes"), any = {0};
    bool inside;

    ck_assert(message_open_about(&any, "x", &inside) && inside);
    ck_assert(message_open_about(&m, "", &inside) && !inside);
    ck_assert(message_open_about(&m, "a", &inside) && inside);
    ck_assert(message_open_about(&m, "a/deep/down", &inside) && inside);
    ck_assert(!message_open_about(&m, "a.txt", &inside) && !inside);
    ck_assert(message_open_about(&m, "b", &inside) && !inside);
    ck_assert(message_open_about(&m, "b/d/x", &inside) && inside);
    ck_assert(!message_open_about(&m, "b/e", &inside));
    ck_assert(!message_open_about(&m, "A", &inside));
    ck_assert(!message_open_about(&m, "c", &inside));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("message");
    TCase *tc = tcase_create("message");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, vectors, 0, (int)ALL);
    tcase_add_loop_test(tc, lengths, 0, (int)ALL);
    tcase_add_loop_test(tc, bytes_changed, 0, (int)ALL);
    tcase_add_loop_test(tc, refused, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(tc, bombs);
    tcase_add_test(tc, translation);
    tcase_add_test(tc, plan_is_mapped);
    tcase_add_test(tc, checks);
    tcase_add_test(tc, versions);
    tcase_add_test(tc, what_a_session_is_about);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

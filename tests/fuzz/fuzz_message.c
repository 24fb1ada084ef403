/* SPDX-License-Identifier: ISC */
/*
 * The first byte is the type of a message, the rest its payload.  Law: what a
 * decoder takes, its encoder writes so that it decodes to the same again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* As between two ends that have met 16 incarnations and 8 knowledges. */
static const struct entry_maps maps = {.who_n = 16, .know_n = 8};

/* Decode a payload and write it anew; false when it is refused. */
typedef bool again_fn(struct reader *r, struct mem_arena *arena,
                      struct buf *out);

#define AGAIN(name, x)                                                         \
    static bool name(struct reader *r, struct mem_arena *arena,                \
                     struct buf *out)                                          \
    {                                                                          \
        struct x m;                                                            \
        if (!x##_decode(r, arena, &m))                                         \
            return false;                                                      \
        x##_encode(&m, out);                                                   \
        return true;                                                           \
    }

#define AGAIN_MAPPED(name, x)                                                  \
    static bool name(struct reader *r, struct mem_arena *arena,                \
                     struct buf *out)                                          \
    {                                                                          \
        struct x m;                                                            \
        if (!x##_decode(r, &maps, arena, &m))                                  \
            return false;                                                      \
        x##_encode(&m, out);                                                   \
        return true;                                                           \
    }

AGAIN(hello, message_hello)
AGAIN(open_, message_open)
AGAIN(root, message_root)
AGAIN(who, message_who)
AGAIN(scanned, message_scan)
AGAIN(list, message_tree_list)
AGAIN(listing, message_tree_listing)
AGAIN(peek, message_peek)
AGAIN(peeked, message_peek_text)
AGAIN_MAPPED(know, message_plan_know)
AGAIN_MAPPED(plan, message_plan_ops)
AGAIN_MAPPED(conflict, message_plan_conflicts)
AGAIN_MAPPED(scope, message_plan_scope)
AGAIN(plan_end, message_plan_end)
AGAIN(guard, message_guard)
AGAIN(want, message_data_want)
AGAIN(fail, message_data_fail)
AGAIN(committed, message_data_committed)
AGAIN(credit, message_data_credit)
AGAIN(text, message_data_text)
AGAIN(sums, message_delta_sums)
AGAIN(ask, message_delta_ask)
AGAIN_MAPPED(finish, message_finish)
AGAIN(finished, message_finished)
AGAIN(abort_, message_abort)
AGAIN(ping, message_ping)
AGAIN(start, message_event_start)
AGAIN(peer, message_event_peer)
AGAIN(answer, message_event_answer)
AGAIN(cancel, message_event_cancel)
AGAIN(event_root, message_event_root)
AGAIN(event_change, message_event_change)
AGAIN(event_conflict, message_event_conflict)
AGAIN(problem, message_event_problem)
AGAIN(summary, message_event_summary)
AGAIN(question, message_event_question)
AGAIN(progress, message_data_progress)
AGAIN(log_, message_log)
AGAIN(note, message_note)
AGAIN(undo, message_undo)

static bool
data_(struct reader *r, struct mem_arena *arena, struct buf *out)
{
    struct message_data_record m;

    (void)arena;
    while (message_data_next(r, &m))
        message_data_add(&m, out);
    return reader_end(r);
}

static again_fn *const all[256] = {
    [MESSAGE_HELLO] = hello,
    [MESSAGE_OPEN] = open_,
    [MESSAGE_ROOT] = root,
    [MESSAGE_WHO] = who,
    [MESSAGE_SCANNED] = scanned,
    [MESSAGE_UNDO] = undo,
    [MESSAGE_LIST] = list,
    [MESSAGE_LISTING] = listing,
    [MESSAGE_PEEK] = peek,
    [MESSAGE_PEEKED] = peeked,
    [MESSAGE_KNOW] = know,
    [MESSAGE_PLAN] = plan,
    [MESSAGE_CONFLICT] = conflict,
    [MESSAGE_SCOPE] = scope,
    [MESSAGE_PLAN_END] = plan_end,
    [MESSAGE_GUARD] = guard,
    [MESSAGE_WANT] = want,
    [MESSAGE_DATA] = data_,
    [MESSAGE_FAIL] = fail,
    [MESSAGE_COMMITTED] = committed,
    [MESSAGE_CREDIT] = credit,
    [MESSAGE_TEXT] = text,
    [MESSAGE_SUMS] = sums,
    [MESSAGE_ASK] = ask,
    [MESSAGE_FINISH] = finish,
    [MESSAGE_FINISHED] = finished,
    [MESSAGE_ABORT] = abort_,
    [MESSAGE_PING] = ping,
    [MESSAGE_PONG] = ping,
    [MESSAGE_START] = start,
    [MESSAGE_PEER] = peer,
    [MESSAGE_ANSWER] = answer,
    [MESSAGE_CANCEL] = cancel,
    [MESSAGE_EVENT_ROOT] = event_root,
    [MESSAGE_EVENT_CHANGE] = event_change,
    [MESSAGE_EVENT_CONFLICT] = event_conflict,
    [MESSAGE_EVENT_PLANNED] = plan_end,
    [MESSAGE_EVENT_DONE] = committed,
    [MESSAGE_EVENT_PROBLEM] = problem,
    [MESSAGE_EVENT_SUMMARY] = summary,
    [MESSAGE_QUESTION] = question,
    [MESSAGE_PROGRESS] = progress,
    [MESSAGE_LOG] = log_,
    [MESSAGE_NOTE] = note,
};

static void
law(int holds)
{
    if (!holds)
        abort();
}

/* Numbers put into another table stay within it. */
static void
check_translation(const uint8_t *data, size_t len)
{
    struct reader r = reader_over(data, len);
    struct mem_arena arena = {0};
    struct incarnation_table table = {0};
    struct message_root m;
    struct err err;
    uint32_t *map;

    if (message_root_decode(&r, &arena, &m)) {
        struct incarnation other = {.b = {1}};
        incarnation_number(&table, &other);
        law(message_root_translate(&m, &table, &arena, &map, &err) == 0);
        law(m.self < table.n && m.know.n <= table.n);
        for (uint32_t i = 0; i < m.who_n; i++)
            law(map[i] == incarnation_find(&table, &m.who[i]));
        for (uint32_t i = 1; i <= m.exception_n; i++)
            law(m.exceptions[i].n <= table.n);
    }
    incarnation_fini(&table);
    mem_arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct mem_arena arena = {0};
    struct buf first = {0}, second = {0};

    if (len < 1 || all[data[0]] == NULL)
        return 0;
    struct reader r = reader_over(data + 1, len - 1);
    if (all[data[0]](&r, &arena, &first)) {
        r = reader_over(first.data, first.len);
        law(all[data[0]](&r, &arena, &second));
        law(first.len == second.len);
        law(first.len == 0 || memcmp(first.data, second.data, first.len) == 0);
        if (data[0] == MESSAGE_ROOT)
            check_translation(data + 1, len - 1);
    }
    buf_fini(&first);
    buf_fini(&second);
    mem_arena_fini(&arena);
    return 0;
}

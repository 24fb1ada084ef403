/* SPDX-License-Identifier: ISC */
/*
 * Conflicts that somebody else settles: the command, which may start programs
 * and talk to a person, and which is shown what both sides have.
 *
 * This comes after reconcile has found the conflicts and before anything is
 * planned for good.  A new text becomes an event of the initiator's own
 * replica at once (sync/revise), which knows both versions; then both trees
 * are reconciled once more, from the same exchange, with the answers at hand.
 * The new text is then an ordinary edit that the far end has not seen.  So a
 * run that is killed at any point leaves either the conflict or that edit, and
 * the far end needs to know nothing of all this.
 *
 *     consult_init
 *     consult_run         questions and answers
 *     consult_choice      for the second reconcile
 *     consult_report      after the plan was told
 *     consult_fini
 */
#ifndef SYNC_CONSULT_H
#define SYNC_CONSULT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/table.h"
#include "merge/reconcile.h"
#include "sync/exchange.h"
#include "sync/pair.h"
#include "sync/report.h"
#include "sync/revise.h"
#include "wire/message_event.h"

#define CONSULT_MAX 1000 /* questions in a session; further conflicts stay */

struct consult {
    struct pair *pair; /* borrowed, like report */
    struct report *report;
    bool asks;            /* about all conflicts; else only about texts that
                             can be merged */
    struct table answers; /* path -> enum reconcile_choice */
    struct table merged;  /* path -> struct text of consult.c */
    struct mem_arena arena;
    struct revise revise;
    bool revising; /* the revision was begun */
    uint32_t id;   /* of the question that is open */
    bool waiting;  /* for its answer */
    struct message_event_answer answer;
    struct buf text; /* of the answer */
};

void consult_init(struct consult *c, struct pair *pair, struct report *report,
                  bool asks);

/*
 * Ask about the conflicts of plan and carry out what is new.  Returns 1 when
 * the trees have to be reconciled again, else 0.
 */
struct consult_args {
    const struct plan *plan;
    struct exchange *exchange;
    bool durable, trash;
};
int consult_run(struct consult *c, const struct consult_args *args,
                struct err *err);

/* The command's ANSWER. */
int consult_hear(struct consult *c, const struct frame *f, struct err *err);

enum reconcile_choice consult_choice(const struct consult *c, const char *path);

/* Tell what became of the new texts. */
void consult_report(struct consult *c);

void consult_fini(struct consult *c); /* all zero is allowed */

#endif

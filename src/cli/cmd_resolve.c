/* SPDX-License-Identifier: ISC */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/path.h"
#include "cli/clash.h"
#include "cli/cmd.h"
#include "cli/errands.h"
#include "cli/exit.h"
#include "cli/here.h"
#include "cli/rules.h"
#include "cli/say.h"
#include "cli/show.h"
#include "cli/texts.h"
#include "sync/decision.h"
#include "sync/place.h"

struct work {
    const struct options *o;
    char *root;
    char **paths; /* [n] asked for, below root */
    size_t n;
    struct replica *replica;
    struct scan_result scan;
    struct decision decision;
    struct buf b;
    struct errands errands; /* what is left to sessions with others */
    bool fetched; /* the second time: what is not here cannot be had */
    size_t met;  /* conflicts that were asked for */
    size_t open; /* that stay */
    bool quit;
    int status;
    void (*does)(struct work *w, const struct decision_path *p);
};

static void
complain(struct work *w, const char *path, int status, const struct err *err)
{
    char *quoted = path_quote(path);

    say_print(&w->b);
    buf_reset(&w->b);
    fflush(stdout);
    say_line("%s: %s", quoted, err->msg);
    free(quoted);
    w->status = exit_worse(w->status, status);
    w->open++;
}

static void
refuse(struct work *w, const char *path, int status, const char *why)
{
    struct err err;

    err_set(&err, ERR_USAGE, "%s", why);
    complain(w, path, status, &err);
}

static void
tell(struct work *w, const char *path, const char *what)
{
    if (w->o->quiet)
        return;
    show_path(&w->b, path);
    buf_add_format(&w->b, ": %s%s\n", w->o->dry_run ? "would be " : "", what);
}

/* ---- which version is meant ---- */

static bool
is_from(const struct decision_version *v, const char *who)
{
    char node[17];

    snprintf(node, sizeof node, "%016" PRIx64, v->node);
    return (strlen(who) >= 4 && strncmp(node, who, strlen(who)) == 0) ||
           (v->peer && strstr(v->peer, who) != NULL);
}

/* The other version that is meant; NULL with a complaint when there is more
 * than one. */
static const struct decision_version *
pick(struct work *w, const struct decision_path *p)
{
    const struct decision_version *found = NULL;
    const char *from = w->o->from;

    for (size_t i = 0; i < p->n; i++) {
        const struct decision_version *v = &p->others[i];
        if (from != NULL && !is_from(v, from))
            continue;
        if (found != NULL && !entry_same_content(&found->entry, &v->entry)) {
            refuse(w, p->path, EXIT_USAGE,
                   "there are several other versions: say which with "
                   "--from=NODE, as 'weft conflicts' names them");
            return NULL;
        }
        found = v;
    }
    if (found == NULL)
        refuse(w, p->path, EXIT_USAGE,
               "no version from there is in conflict with it");
    return found;
}

/* ---- decisions ---- */

/* To be done in a session with the other. */
static void
send_for(struct work *w, const struct decision_path *p,
         const struct decision_version *v, enum errands_what what)
{
    if (v->peer == NULL || w->o->offline) {
        refuse(w, p->path, EXIT_PROBLEMS,
               "the other version is not here: run a sync with its host, or "
               "resolve it there");
        return;
    }
    if (w->o->dry_run) {
        tell(w, p->path, "settled in a session with the other");
        return;
    }
    errands_add(&w->errands, what, v->peer, p->path);
}

/* In a session with each that has another version, or with the one meant. */
static void
send_to_all(struct work *w, const struct decision_path *p,
            enum errands_what what)
{
    const struct decision_version *v = w->o->from ? pick(w, p) : NULL;

    for (size_t i = 0; i < p->n; i++)
        if (w->o->from == NULL || v == &p->others[i])
            send_for(w, p, &p->others[i], what);
}

/* What is needed of the other's version is not here: 0 it is on its way, or
 * cannot be had. */
static void
fetch(struct work *w, const struct decision_path *p,
      const struct decision_version *v)
{
    if (w->fetched)
        refuse(w, p->path, EXIT_PROBLEMS,
               "the other version is no small text: it is only to be had by "
               "--theirs, or there");
    else
        send_for(w, p, v, ERRANDS_FETCH);
}

static void
take_mine(struct work *w, const struct decision_path *p)
{
    struct err err;

    if (w->o->from != NULL && pick(w, p) == NULL)
        return;
    if (!decision_is_plain(p, NULL)) {
        send_to_all(w, p, ERRANDS_MINE);
    } else if (decision_mine(&w->decision, p, &err) < 0) {
        complain(w, p->path, EXIT_PROBLEMS, &err);
    } else {
        tell(w, p->path, entry_is_there(&p->mine) ? "kept as it is here"
                                                  : "left deleted");
    }
}

static void
take_theirs(struct work *w, const struct decision_path *p)
{
    const struct decision_version *v = pick(w, p);
    struct err err;

    if (v == NULL)
        return;
    int has = decision_is_plain(p, v)
                  ? decision_has(&w->decision, p, v, &err)
                  : 0;
    if (has == 0) {
        send_for(w, p, v, ERRANDS_THEIRS);
        return;
    }
    if (has < 0 || decision_theirs(&w->decision, p, v, &err) < 0)
        complain(w, p->path, EXIT_PROBLEMS, &err);
    else
        tell(w, p->path, entry_is_there(&v->entry) ? "as they have it"
                                                   : "deleted, as there");
}

static void
take_newer(struct work *w, const struct decision_path *p)
{
    const struct decision_version *v = pick(w, p);

    if (v == NULL)
        return;
    bool mine = entry_is_there(&p->mine), theirs = entry_is_there(&v->entry);
    if (entry_is_dir(&p->mine) || entry_is_dir(&v->entry))
        refuse(w, p->path, EXIT_CONFLICTS,
               "a directory has no time of its own: --mine, --theirs or "
               "--both");
    else if (mine && theirs && p->mine.mtime_ns == v->entry.mtime_ns)
        refuse(w, p->path, EXIT_CONFLICTS, "both are of the same time");
    else if (!theirs || (mine && p->mine.mtime_ns > v->entry.mtime_ns))
        take_mine(w, p);
    else
        take_theirs(w, p);
}

static void
take_both(struct work *w, const struct decision_path *p)
{
    const char *beside = NULL;
    struct err err;
    int has = 1;

    if (decision_has_dir(p)) {
        send_to_all(w, p, ERRANDS_BOTH);
        return;
    }
    for (size_t i = 0; i < p->n && has > 0; i++) {
        has = decision_has(&w->decision, p, &p->others[i], &err);
        if (has == 0) {
            fetch(w, p, &p->others[i]);
            return;
        }
    }
    if (has < 0 || decision_both(&w->decision, p, &beside, &err) < 0) {
        complain(w, p->path, EXIT_PROBLEMS, &err);
    } else if (beside == NULL) {
        tell(w, p->path, "kept as it is here: the other is deleted");
    } else {
        char *what = mem_format("kept as it is here; theirs is in %s",
                                path_name(beside));
        tell(w, p->path, what);
        free(what);
    }
}

/* ---- texts ---- */

/* All three; 0 and a complaint where theirs is not here. */
static bool
read_texts(struct work *w, const struct decision_path *p,
           const struct decision_version *v, struct texts *t)
{
    struct decision *d = &w->decision;
    struct err err;

    *t = (struct texts){.name = path_name(p->path)};
    if (entry_is_dir(&p->mine) || entry_is_dir(&v->entry)) {
        refuse(w, p->path, EXIT_CONFLICTS,
               "a directory is no text: --mine, --theirs or --both");
        return false;
    }
    if (decision_read_mine(d, p, &t->mine, &err) < 0) {
        complain(w, p->path, EXIT_PROBLEMS, &err);
        return false;
    }
    int got = decision_read(d, p, v, &t->theirs, &err);
    if (got > 0) {
        int base = decision_read_common(d, p, v, &t->base, &err);
        t->has_base = base > 0;
        got = base < 0 ? -1 : 1;
    }
    if (got < 0)
        complain(w, p->path, EXIT_PROBLEMS, &err);
    else if (got == 0)
        fetch(w, p, v);
    return got > 0;
}

static char *
whose(const struct decision_version *v)
{
    struct buf b = {0};

    clash_whose(&b, v);
    char *out = mem_string(buf_string(&b));
    buf_fini(&b);
    return out;
}

static void
write_merged(struct work *w, const struct decision_path *p,
             const struct decision_version *v, const struct buf *merged,
             const char *what)
{
    struct err err;

    if (decision_write(&w->decision, p, v, merged->data, merged->len, &err) < 0)
        complain(w, p->path, EXIT_PROBLEMS, &err);
    else
        tell(w, p->path, what);
}

static void
merge(struct work *w, const struct decision_path *p)
{
    const struct decision_version *v = pick(w, p);
    struct buf merged = {0};
    struct texts t = {0};
    struct err err;

    if (v == NULL || !read_texts(w, p, v, &t)) {
        texts_fini(&t);
        return;
    }
    char *who = whose(v);
    int got = texts_merge(&t, who, &merged, &err);
    if (got < 0) {
        complain(w, p->path, EXIT_CONFLICTS, &err);
    } else if (got > 0) {
        write_merged(w, p, v, &merged, "merged");
    } else if (w->o->markers) {
        write_merged(w, p, NULL, &merged,
                     "written with clashing lines between markers: edit it, "
                     "then resolve it with --mine");
        w->open++;
    } else {
        refuse(w, p->path, EXIT_CONFLICTS,
               "lines clash, nothing was changed: --markers writes them into "
               "the file, --tool=CMD opens them");
    }
    free(who);
    buf_fini(&merged);
    texts_fini(&t);
}

static void
use_tool(struct work *w, const struct decision_path *p)
{
    const struct decision_version *v = pick(w, p);
    struct buf merged = {0};
    struct texts t = {0};
    struct err err;

    if (v != NULL && read_texts(w, p, v, &t)) {
        char *who = whose(v);
        int got = texts_tool(&t, w->o->tool, who, &merged, &err);
        free(who);
        if (got < 0)
            complain(w, p->path, EXIT_PROBLEMS, &err);
        else if (got == 0)
            refuse(w, p->path, EXIT_CONFLICTS,
                   "the tool has changed nothing, or failed: it stays open");
        else
            write_merged(w, p, v, &merged, "as the tool made it");
    }
    buf_fini(&merged);
    texts_fini(&t);
}

static void
diff(struct work *w, const struct decision_path *p)
{
    const struct decision_version *v = pick(w, p);
    struct texts t = {0};
    struct err err;

    if (v != NULL && read_texts(w, p, v, &t)) {
        char *who = whose(v);
        say_print(&w->b);
        buf_reset(&w->b);
        if (texts_diff(&t, who, &err) < 0)
            complain(w, p->path, EXIT_PROBLEMS, &err);
        free(who);
    }
    texts_fini(&t);
}

/* ---- asking ---- */

static char
read_answer(void)
{
    char line[64];

    fputs("keep (m)ine, take (t)heirs, the (n)ewer, (b)oth, m(e)rge, see the "
          "(d)iff, (s)kip, (q)uit? [s] ",
          stdout);
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL)
        return 'q';
    return line[0] == '\n' ? 's' : line[0];
}

static void
ask(struct work *w, const struct decision_path *p)
{
    struct err err;

    /* What people may want to see is fetched before they are asked. */
    for (size_t i = 0; i < p->n && !w->fetched && !w->o->offline; i++)
        if (p->others[i].peer &&
            decision_has(&w->decision, p, &p->others[i], &err) == 0) {
            send_for(w, p, &p->others[i], ERRANDS_FETCH);
            return;
        }
    clash_show(&w->b, p);
    for (;;) {
        say_print(&w->b);
        buf_reset(&w->b);
        switch (read_answer()) {
        case 'm':
            take_mine(w, p);
            return;
        case 't':
            take_theirs(w, p);
            return;
        case 'n':
            take_newer(w, p);
            return;
        case 'b':
            take_both(w, p);
            return;
        case 'e':
            merge(w, p);
            return;
        case 'd':
            diff(w, p);
            break;
        case 'q':
            w->quit = true;
            w->open++;
            return;
        case 's':
            w->open++;
            return;
        default:
            break;
        }
    }
}

/* ---- the whole ---- */

/* What the options say is done with each; with none of them, people are
 * asked. */
static int
take_choice(struct work *w, struct err *err)
{
    const struct options *o = w->o;
    const struct {
        bool given;
        void (*does)(struct work *w, const struct decision_path *p);
    } choices[] = {
        {o->mine, take_mine}, {o->theirs, take_theirs}, {o->newer, take_newer},
        {o->both, take_both}, {o->merge, merge},        {o->diff, diff},
        {o->tool, use_tool},
    };

    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        if (!choices[i].given)
            continue;
        if (w->does != NULL)
            return err_set(err, ERR_USAGE,
                           "one of --mine, --theirs, --newer, --both, --merge, "
                           "--tool and --diff, not two");
        w->does = choices[i].does;
    }
    if (w->does == NULL && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)))
        return err_set(err, ERR_USAGE,
                       "say what becomes of it: --mine, --theirs, --newer, "
                       "--both, --merge or --tool=CMD; --diff shows it");
    if (w->does == NULL)
        w->does = ask;
    return 0;
}

static bool
is_asked_for(const struct work *w, const char *path)
{
    for (size_t i = 0; i < w->n; i++)
        if (path_within(path, w->paths[i]))
            return true;
    return false;
}

static void
decide_all(struct work *w)
{
    for (size_t i = 0; i < w->decision.n && !w->quit; i++) {
        const struct decision_path *p = &w->decision.v[i];
        if (!is_asked_for(w, p->path))
            continue;
        w->met++;
        w->does(w, p);
    }
}

static void
ended(void *arg, const char *path, const struct err *err)
{
    if (err != NULL)
        complain(arg, path, EXIT_PROBLEMS, err);
}

static int
work_here(struct work *w, struct err *err)
{
    bool reads = w->o->diff;
    struct replica_args read = {.path = w->root, .read_only = true};
    struct message_open open = {
        .root = w->root,
        .flags = (w->o->wait ? MESSAGE_OPEN_WAIT_LOCK : 0) |
                 (w->o->dry_run ? MESSAGE_OPEN_DRY_RUN : 0)};
    struct buf rules = {0};

    if (reads && replica_open(&w->replica, &read, err) < 0)
        return -1;
    if (!reads && place_open(&w->replica, &open, NULL, err) < 0)
        return -1;
    decision_begin(&w->decision, w->replica);
    int status = rules_encode(w->o, &rules, err);
    struct scan_args scan = {.rules = rules.data, .rules_len = rules.len};
    if (status == 0 && !reads)
        status = place_scan(w->replica, &scan, &w->scan, err);
    buf_fini(&rules);
    if (status < 0)
        return -1;
    /* The event's number is known only after the scan. */
    decision_end(&w->decision);
    decision_begin(&w->decision, w->replica);
    if (decision_load(&w->decision, err) < 0 ||
        (!reads && decision_look(&w->decision, err) < 0))
        return -1;
    decide_all(w);
    struct decision_args args = {.no_trash = !w->o->trash,
                                 .no_durable = !w->o->durable,
                                 .ended = ended,
                                 .arg = w};
    return reads || w->o->dry_run ? 0 : decision_run(&w->decision, &args, err);
}

/* What was fetched is asked for again; the rest is done. */
static bool
turn_to_fetched(struct work *w)
{
    for (size_t i = 0; i < w->n; i++)
        free(w->paths[i]);
    free(w->paths);
    w->n = errands_take_fetched(&w->errands, &w->paths);
    w->fetched = true;
    return w->n > 0;
}

static void
told_settled(void *arg, const char *path, const char *what)
{
    tell(arg, path, what);
}

static void
close_replica(struct work *w)
{
    say_print(&w->b);
    buf_reset(&w->b);
    fflush(stdout);
    decision_end(&w->decision);
    scan_fini(&w->scan);
    w->scan = (struct scan_result){0};
    replica_close(w->replica);
    w->replica = NULL;
}

static int
take_operands(struct work *w, struct err *err)
{
    w->paths = mem_array(w->o->n, sizeof *w->paths);
    for (size_t i = 0; i < w->o->n; i++) {
        char *root = NULL;
        if (here_path(w->o->operands[i], &root, &w->paths[i], err) < 0)
            return -1;
        w->n++;
        bool same = w->root == NULL || strcmp(w->root, root) == 0;
        if (w->root == NULL)
            w->root = root;
        else
            free(root);
        if (!same)
            return err_set(err, ERR_USAGE,
                           "these paths are in two replicas: one at a time");
    }
    return 0;
}

static int
run(struct work *w, struct err *err)
{
    do {
        int status = work_here(w, err);
        close_replica(w);
        if (status < 0)
            return -1;
        w->status = exit_worse(w->status, errands_run(&w->errands, w->o, w->root,
                                                      told_settled, w));
    } while (w->status <= EXIT_CONFLICTS && turn_to_fetched(w));
    return 0;
}

static void
nothing_open(struct work *w)
{
    char *quoted = path_quote(w->o->operands[0]);

    say_line("no conflict is open at or below %s%s", quoted,
             w->o->n > 1 ? ", nor the others" : "");
    w->status = exit_worse(w->status, EXIT_USAGE);
    free(quoted);
}

int
cmd_resolve_run(struct options *o)
{
    struct work w = {.o = o};
    struct err err;

    if (take_choice(&w, &err) < 0 || take_operands(&w, &err) < 0 ||
        run(&w, &err) < 0)
        w.status = exit_worse(w.status, say_failed(&err));
    else if (w.met == 0)
        nothing_open(&w);
    say_print(&w.b);
    if ((w.open > 0 || (o->dry_run && w.met > 0)) && !o->diff)
        w.status = exit_worse(w.status, EXIT_CONFLICTS);
    turn_to_fetched(&w);
    for (size_t i = 0; i < w.n; i++)
        free(w.paths[i]);
    free(w.paths);
    errands_fini(&w.errands);
    free(w.root);
    buf_fini(&w.b);
    return say_flush(w.status);
}

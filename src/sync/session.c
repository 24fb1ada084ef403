/* SPDX-License-Identifier: ISC */
#include "sync/session.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "store/history.h"
#include "store/roots.h"
#include "wire/channel.h"
#include "wire/location.h"
#include "wire/merge3.h"
#include "wire/message_event.h"
#include "wire/message_root.h"
#include "wire/transport.h"

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0"
#endif

#define GREET_MS 300000 /* time to type a password */
#define POLL_MS 200     /* between looks at the user's wishes */
#define END_MS 10000    /* for a child to end by itself */
#define COMPRESS 1      /* zstd's level where compressing pays */
#define TRIES 3         /* of a pair: either end may have to set itself right */

struct place {
    struct location location;
    char *label;
    char *key; /* by which its root id is remembered; NULL: none */
    char *typed; /* the same of a local one before symbolic links are
                    followed; NULL: none */
    bool exists; /* local ones: the root is there */
    bool doubt;  /* a dry run shall believe nothing that it remembers */
};

struct session {
    const struct session_args *args;
    struct session_result *out;
    struct place *places; /* [n] */
    size_t own, far;      /* the pair in hand: initiator's and the other's */
    struct transport_command initiator;
    struct channel *control;
    struct transport transport; /* to the far end in hand */
    int stopping;         /* what the initiator was told */
    bool done;            /* the pair's summary has come */
    char run[HISTORY_NAME_LEN + 1]; /* of the pair in hand */
    int64_t started_ns;
};

/* ---- locations ---- */

static int
parse_places(struct session *s, struct err *err)
{
    const struct session_args *a = s->args;
    struct stat st;

    for (size_t i = 0; i < a->n; i++) {
        struct place *p = &s->places[i];
        if (location_parse(a->locations[i], &p->location, err) < 0)
            return -1;
        p->label = location_short(&p->location);
        if (p->location.remote) {
            p->key = location_text(&p->location);
        } else {
            p->key = location_absolute(p->location.path);
            p->typed = location_plain(p->location.path);
            p->exists = stat(p->location.path, &st) == 0;
        }
    }
    return 0;
}

static int
check_places(struct session *s, struct err *err)
{
    for (size_t i = 0; i < s->args->n; i++)
        for (size_t j = 0; j < s->args->n; j++) {
            const struct place *a = &s->places[i], *b = &s->places[j];
            if (i == j || a->location.remote || b->location.remote ||
                a->key == NULL || b->key == NULL)
                continue;
            size_t len = strlen(b->key);
            if (strncmp(a->key, b->key, len) != 0 ||
                (a->key[len] != '\0' && a->key[len] != '/' && len > 1))
                continue;
            char *x = path_quote(s->args->locations[i]);
            char *y = path_quote(s->args->locations[j]);
            err_set(err, ERR_USAGE,
                    a->key[len] == '\0' ? "%s and %s are the same directory"
                                        : "%s lies inside %s",
                    x, y);
            free(x);
            free(y);
            return -1;
        }
    return 0;
}

/* The location whose replica initiates: the first that is on this machine. */
static int
choose_hub(struct session *s, struct err *err)
{
    const struct session_args *a = s->args;

    for (s->own = 0; s->own < a->n; s->own++)
        if (!s->places[s->own].location.remote)
            break;
    if (s->own == a->n)
        return err_set(err, ERR_USAGE,
                       "one of the locations must be on this machine: relaying "
                       "between two hosts is not built yet");
    if (a->mode == SESSION_PUSH && s->own != 0 && a->n > 2)
        return err_set(err, ERR_USAGE,
                       "pushing from another host to several places is not "
                       "built yet");
    return 0;
}

/* ---- what the initiator is told ---- */

static bool
is_target(const struct session *s, size_t place)
{
    switch (s->args->mode) {
    case SESSION_PUSH:
        return place != 0;
    case SESSION_PULL:
        return place == 0;
    default:
        return true;
    }
}

/* An absent root is made only where another location of the run is there. */
static bool
may_create(const struct session *s, size_t place)
{
    if (s->args->known || !is_target(s, place))
        return false;
    if (place != s->own)
        return s->places[s->own].location.remote ||
               s->places[s->own].exists;
    return !s->places[place].exists;
}

static enum message_open_mode
mode_of(const struct session *s)
{
    if (s->args->mode == SESSION_BOTH)
        return MESSAGE_OPEN_BOTH;
    return is_target(s, s->far) ? MESSAGE_OPEN_TO_FAR
                                : MESSAGE_OPEN_TO_INITIATOR;
}

/* The root id that was there.  Symbolic links may lead elsewhere now. */
static int
look_up(const struct place *p, uint8_t id[CONTROL_ID_LEN], struct err *err)
{
    int got = p->typed ? roots_lookup(p->typed, id, err) : 0;

    return got == 0 && p->key ? roots_lookup(p->key, id, err) : got;
}

static int
fill_open(const struct session *s, size_t place, struct message_open *out,
          struct err *err)
{
    const struct session_args *a = s->args;
    const struct place *p = &s->places[place];

    *out = (struct message_open){
        .root = p->location.path,
        .label = p->label,
        .mode = mode_of(s),
        .flags = (a->dry_run ? MESSAGE_OPEN_DRY_RUN : 0) |
                 (may_create(s, place) ? MESSAGE_OPEN_CREATE : 0) |
                 (a->wait ? MESSAGE_OPEN_WAIT_LOCK : 0) |
                 (a->checksum ? MESSAGE_OPEN_CHECKSUM : 0) |
                 (a->new_replica ? MESSAGE_OPEN_NEW_REPLICA : 0) |
                 (a->known ? MESSAGE_OPEN_KNOWN : 0) |
                 (a->no_trash ? MESSAGE_OPEN_NO_TRASH : 0) |
                 (a->no_durable ? 0 : MESSAGE_OPEN_DURABLE) |
                 (a->mirror ? MESSAGE_OPEN_MIRROR : 0) |
                 (a->whole_files ? MESSAGE_OPEN_WHOLE_FILES : 0) |
                 (p->doubt ? MESSAGE_OPEN_DOUBT : 0) |
                 (is_target(s, place) ? 0 : MESSAGE_OPEN_READ_SOURCE),
        .rules = (const uint8_t *)a->rules,
        .rules_len = a->rules_len,
        .guard_limited = a->delete_limits.limited,
        .guard_percent = a->delete_limits.percent,
        .guard_number = a->delete_limits.number,
        .rate = a->rate,
        .compress = a->no_compress ? 0 : COMPRESS,
        .timeout_ms = (uint32_t)a->timeout_s * 1000,
        .run = s->run,
        .undo = a->undo,
        .only = a->only,
        .only_n = a->only_n};
    return look_up(p, out->root_id, err) < 0 ? -1 : 0;
}

static enum message_event_policy
policy_of(const struct session *s)
{
    switch (s->args->policy) {
    case SESSION_NEWER:
        return MESSAGE_EVENT_NEWER;
    case SESSION_OLDER:
        return MESSAGE_EVENT_OLDER;
    case SESSION_LARGER:
        return MESSAGE_EVENT_LARGER;
    case SESSION_SMALLER:
        return MESSAGE_EVENT_SMALLER;
    case SESSION_KEEP_BOTH:
        return MESSAGE_EVENT_KEEP_BOTH;
    case SESSION_MERGE:
        return MESSAGE_EVENT_MERGE;
    case SESSION_ASK:
        return MESSAGE_EVENT_ASK;
    case SESSION_FIRST:
        return s->own < s->far ? MESSAGE_EVENT_OWN : MESSAGE_EVENT_FAR;
    default:
        return MESSAGE_EVENT_SKIP;
    }
}

static int
send_start(struct session *s, struct err *err)
{
    const struct planfile *chosen = s->args->chosen;
    struct message_event_start m = {.policy = policy_of(s),
                                    .chosen = chosen != NULL,
                                    .repair = s->args->repair};
    struct buf b = {0};

    if (fill_open(s, s->own, &m.here, err) < 0 ||
        fill_open(s, s->far, &m.far, err) < 0)
        return -1;
    message_event_start_encode(&m, &b);
    channel_send(s->control, MESSAGE_START, &b, 0);
    for (size_t i = 0; chosen && i < chosen->change_n; i++) {
        if (chosen->changes[i].far != s->far)
            continue;
        buf_reset(&b);
        buf_add(&b, chosen->changes[i].bytes, chosen->changes[i].len);
        channel_send(s->control, MESSAGE_CHOSEN, &b, 0);
    }
    buf_fini(&b);
    return 0;
}

static void
send_peer(struct session *s)
{
    struct message_event_peer m = {
        .label = s->places[s->far].label,
        .location = s->places[s->far].key,
        .greeted = true,
        .local = !s->places[s->far].location.remote};
    struct buf b = {0};

    message_event_peer_encode(&m, &b);
    channel_send_fd(s->control, MESSAGE_PEER, &b,
                    transport_take_fd(&s->transport));
    buf_fini(&b);
}

/* ---- what comes back ---- */

static size_t
side(const struct session *s, bool far)
{
    return far ? s->far : s->own;
}

static enum session_word
word_of(const struct message_event_change *m)
{
    if (m->action == MESSAGE_PLAN_DELETE)
        return SESSION_DELETED;
    if (m->moved_from[0] != '\0')
        return SESSION_MOVED;
    if (m->action == MESSAGE_PLAN_META)
        return m->from.mode != m->to.mode ? SESSION_MODE : SESSION_TIMES;
    return m->from.kind == ENTRY_ABSENT ? SESSION_NEW : SESSION_CHANGED;
}

static enum session_rule
rule_of(const struct session *s, enum decide_why why)
{
    switch (why) {
    case DECIDE_RULE:
        return s->args->mirror ? SESSION_BY_MIRROR : SESSION_BY_POLICY;
    case DECIDE_SURVIVED:
        return SESSION_BY_EDIT;
    case DECIDE_BESIDE:
        return SESSION_BY_BESIDE;
    case DECIDE_MERGED:
        return SESSION_BY_MERGE;
    case DECIDE_JOINED:
        return SESSION_BY_JOIN;
    default:
        return SESSION_BY_NONE;
    }
}

static void
on_change(struct session *s, const struct message_event_change *m)
{
    const struct session_watcher *w = s->args->watcher;
    struct session_change c = {
        .path = m->path,
        .moved_from = m->moved_from[0] ? m->moved_from : NULL,
        .word = word_of(m),
        .why = (enum decide_why)m->why,
        .rule = rule_of(s, (enum decide_why)m->why),
        .policy = s->args->policy,
        .from = side(s, !m->far),
        .to = side(s, m->far),
        .kind = m->to.kind == ENTRY_ABSENT ? m->from.kind : m->to.kind,
        .kind_before = m->from.kind,
        .size = m->to.size,
        .size_before = m->from.size,
        .mtime_ns = m->to.mtime_ns,
        .mtime_before_ns = m->from.mtime_ns,
        .mode = m->to.mode,
        .mode_before = m->from.mode};

    s->out->changes++;
    s->out->planned = true;
    s->out->moved += c.word == SESSION_MOVED;
    s->out->deleted += c.word == SESSION_DELETED;
    if (w && w->change)
        w->change(w->arg, &c);
}

static struct session_version
version_of(const struct session *s, const struct message_event_version *m,
           bool far)
{
    return (struct session_version){.there = m->kind != ENTRY_ABSENT,
                                    .kind = m->kind,
                                    .size = m->size,
                                    .mtime_ns = m->mtime_ns,
                                    .mode = m->mode,
                                    .id = m->id,
                                    .location = side(s, far),
                                    .node = m->node,
                                    .host = m->host};
}

static struct session_conflict
conflict_of(const struct session *s, const struct message_event_conflict *m)
{
    static const uint8_t unknown[ENTRY_PREV_LEN];
    bool own_first = s->own < s->far;
    struct session_conflict c = {.path = m->path,
                                 .why = (enum decide_why)m->why};

    if (memcmp(m->common, unknown, sizeof unknown) != 0)
        c.common = m->common;
    c.version[!own_first] = version_of(s, &m->own, false);
    c.version[own_first] = version_of(s, &m->far, true);
    return c;
}

static void
on_conflict(struct session *s, const struct message_event_conflict *m)
{
    const struct session_watcher *w = s->args->watcher;
    struct session_conflict c = conflict_of(s, m);

    if (w && w->conflict)
        w->conflict(w->arg, &c);
}

/* ---- questions ---- */

static struct session_text
text_of(const struct message_event_text *m)
{
    static const char empty[1];

    return (struct session_text){
        .bytes = !m->there  ? NULL
                 : m->bytes ? (const void *)m->bytes
                            : empty,
        .len = m->len};
}

/* Without a person: what can be merged is. */
static enum session_answer
merge(struct session *s, const struct message_event_question *m,
      struct buf *text)
{
    const struct session_watcher *w = s->args->watcher;
    struct merge3_text own = {m->own.bytes, m->own.len,
                              s->places[s->own].label};
    struct merge3_text far = {m->far.bytes, m->far.len,
                              s->places[s->far].label};
    struct merge3_text common = {m->common.bytes, m->common.len, ""};
    struct err err;

    int merged = merge3_run(&own, &common, &far, text, &err);
    if (merged < 0 && w && w->problem) {
        struct session_problem p = {.path = m->conflict.path,
                                    .location = s->own,
                                    .sentence = err.msg};
        w->problem(w->arg, &p);
    }
    return merged > 0 ? SESSION_ANSWER_TEXT : SESSION_ANSWER_SKIP;
}

static enum session_answer
ask(struct session *s, const struct message_event_question *m,
    struct buf *text)
{
    const struct session_watcher *w = s->args->watcher;
    bool own_first = s->own < s->far;
    struct session_conflict c = conflict_of(s, &m->conflict);
    struct session_question q = {.conflict = &c,
                                 .common = text_of(&m->common),
                                 .mine = !own_first,
                                 .may_merge = m->may_merge};

    if (w == NULL || w->ask == NULL)
        return SESSION_ANSWER_SKIP;
    q.text[!own_first] = text_of(&m->own);
    q.text[own_first] = text_of(&m->far);
    for (size_t i = 0; i < 2; i++)
        q.may_take[i] = s->args->mode == SESSION_BOTH ||
                        !is_target(s, c.version[i].location);
    return w->ask(w->arg, &q, text);
}

static void
on_question(struct session *s, const struct message_event_question *m)
{
    bool own_first = s->own < s->far;
    struct message_event_answer answer = {.id = m->id};
    struct buf text = {0}, b = {0};

    if (m->asks == MESSAGE_EVENT_ASKS_CONFLICT) {
        enum session_answer said = s->args->policy == SESSION_MERGE
                                       ? merge(s, m, &text)
                                       : ask(s, m, &text);
        answer.choice =
            said == SESSION_ANSWER_FIRST ? (own_first
                                                ? MESSAGE_EVENT_CHOICE_OWN
                                                : MESSAGE_EVENT_CHOICE_FAR)
            : said == SESSION_ANSWER_SECOND
                ? (own_first ? MESSAGE_EVENT_CHOICE_FAR
                             : MESSAGE_EVENT_CHOICE_OWN)
            : said == SESSION_ANSWER_BOTH ? MESSAGE_EVENT_CHOICE_BOTH
            : said == SESSION_ANSWER_TEXT && text.len <= MESSAGE_EVENT_TEXT_MAX
                ? MESSAGE_EVENT_CHOICE_TEXT
                : MESSAGE_EVENT_CHOICE_SKIP;
        answer.text = (struct message_event_text){
            .there = true, .bytes = text.data, .len = text.len};
    }
    message_event_answer_encode(&answer, &b);
    channel_send(s->control, MESSAGE_ANSWER, &b, 0);
    buf_fini(&b);
    buf_fini(&text);
}

static void
on_problem(struct session *s, const struct message_event_problem *m)
{
    const struct session_watcher *w = s->args->watcher;
    struct session_problem p = {.path = m->path[0] ? m->path : NULL,
                                .location = side(s, m->far),
                                .code = m->code < ERR_CODES
                                            ? (enum err_code)m->code
                                            : ERR_SYS,
                                .sentence = m->sentence};

    /* ERR_NONE: only to be told. */
    s->out->problems += m->code != ERR_NONE;
    if (w && w->problem)
        w->problem(w->arg, &p);
}

static void
on_planned(struct session *s, const struct message_plan_end *m)
{
    const struct session_watcher *w = s->args->watcher;
    bool own_first = s->own < s->far;
    const struct message_plan_totals *t[2];
    struct session_totals totals = {.conflicts = m->conflicts};

    t[!own_first] = &m->initiator;
    t[own_first] = &m->far;
    for (size_t i = 0; i < 2; i++) {
        totals.location[i] = (i == 0) == own_first ? s->own : s->far;
        totals.at[i].created = t[i]->created;
        totals.at[i].changed = t[i]->changed;
        totals.at[i].moved = t[i]->moved;
        totals.at[i].deleted = t[i]->deleted;
        totals.at[i].meta = t[i]->meta;
        totals.at[i].files = t[i]->files;
        totals.at[i].bytes = t[i]->bytes;
    }
    if (w && w->plan)
        w->plan(w->arg, &totals);
}

static void
on_progress(struct session *s, const struct message_data_progress *m)
{
    const struct session_watcher *w = s->args->watcher;
    struct session_progress p = {.files = m->files_done,
                                 .files_total = m->files_total,
                                 .bytes = m->bytes_done,
                                 .bytes_total = m->bytes_total,
                                 .path = m->path[0] ? m->path : NULL};

    if (w && w->progress)
        w->progress(w->arg, &p);
}

static void
on_root(struct session *s, const struct message_event_root *m)
{
    static const uint8_t none[MESSAGE_ROOT_ID_LEN];
    struct place *p = &s->places[side(s, m->far)];
    struct err ignored;

    p->doubt = p->doubt ||
               (s->args->dry_run && (m->flags & MESSAGE_ROOT_DOUBT) != 0);
    s->out->conservative = s->out->conservative ||
                           (m->flags & MESSAGE_ROOT_CONSERVATIVE) != 0;
    if (s->args->dry_run || memcmp(m->id, none, sizeof none) == 0)
        return;
    if (p->key != NULL)
        roots_remember(p->key, m->id, &ignored);
    if (p->typed != NULL)
        roots_remember(p->typed, m->id, &ignored);
}

static void
on_summary(struct session *s, const struct message_event_summary *m)
{
    struct session_result *out = s->out;
    bool own_first = s->own == 0;
    const struct message_event_side *in = own_first ? &m->own : &m->far;
    const struct message_event_side *away = own_first ? &m->far : &m->own;

    out->conflicts += m->conflicts;
    out->received_files += in->received_files;
    out->received_bytes += in->received_bytes;
    out->sent_files += away->received_files;
    out->sent_bytes += away->received_bytes;
    out->wire_in += own_first ? m->wire_in : m->wire_out;
    out->wire_out += own_first ? m->wire_out : m->wire_in;
    out->files = in->files;
    out->bytes = in->bytes;
    s->done = true;
}

static void
on_note(struct session *s, size_t place, const char *line)
{
    const struct session_watcher *w = s->args->watcher;

    if (w && w->note)
        w->note(w->arg, place, line);
}

static int
take_event(struct session *s, const struct frame *f, struct err *err)
{
    struct reader r = reader_over(f->payload, f->len);
    struct mem_arena arena = {0};
    union {
        struct message_event_root root;
        struct message_event_change change;
        struct message_event_conflict conflict;
        struct message_event_problem problem;
        struct message_event_summary summary;
        struct message_plan_end planned;
        struct message_data_progress progress;
        struct message_abort abort_;
        struct message_note note;
        struct message_event_question question;
    } m;
    bool ok = true;
    int status = 0;

    switch (f->type) {
    case MESSAGE_EVENT_ROOT:
        if ((ok = message_event_root_decode(&r, &arena, &m.root)))
            on_root(s, &m.root);
        break;
    case MESSAGE_EVENT_CHANGE:
        if ((ok = message_event_change_decode(&r, &arena, &m.change))) {
            if (s->args->save)
                planfile_add(s->args->save, s->far, f->payload, f->len);
            on_change(s, &m.change);
        }
        break;
    case MESSAGE_EVENT_CONFLICT:
        if ((ok = message_event_conflict_decode(&r, &arena, &m.conflict)))
            on_conflict(s, &m.conflict);
        break;
    case MESSAGE_EVENT_PROBLEM:
        if ((ok = message_event_problem_decode(&r, &arena, &m.problem)))
            on_problem(s, &m.problem);
        break;
    case MESSAGE_EVENT_PLANNED:
        if ((ok = message_plan_end_decode(&r, &arena, &m.planned)))
            on_planned(s, &m.planned);
        break;
    case MESSAGE_QUESTION:
        if ((ok = message_event_question_decode(&r, &arena, &m.question)))
            on_question(s, &m.question);
        break;
    case MESSAGE_PROGRESS:
        if ((ok = message_data_progress_decode(&r, &arena, &m.progress)))
            on_progress(s, &m.progress);
        break;
    case MESSAGE_EVENT_SUMMARY:
        if ((ok = message_event_summary_decode(&r, &arena, &m.summary)))
            on_summary(s, &m.summary);
        break;
    case MESSAGE_NOTE:
        if ((ok = message_note_decode(&r, &arena, &m.note)))
            on_note(s, s->own, m.note.sentence);
        break;
    case MESSAGE_ABORT:
        if ((ok = message_abort_decode(&r, &arena, &m.abort_))) {
            *err = m.abort_.err;
            status = -1;
        }
        break;
    default:
        ok = !message_is_critical(f->type);
    }
    mem_arena_fini(&arena);
    return ok ? status : message_refused(f->type, err);
}

/* ---- waiting ---- */

static void
pass_lines(struct session *s, struct transport_command *c, size_t place)
{
    for (char *line; (line = transport_command_line(c)) != NULL; free(line))
        on_note(s, place, line);
}

static void
look_at_user(struct session *s)
{
    const struct session_watcher *w = s->args->watcher;
    int wish = w && w->cancelled ? w->cancelled(w->arg) : 0;

    if (wish <= s->stopping)
        return;
    struct message_event_cancel m = {.at_once = wish > 1};
    struct buf b = {0};
    s->stopping = wish;
    message_event_cancel_encode(&m, &b);
    channel_send(s->control, MESSAGE_CANCEL, &b, 0);
    buf_fini(&b);
}

static int
wait_a_little(struct session *s, struct err *err)
{
    struct pollfd fds[4];
    nfds_t n = (nfds_t)channel_poll_fds(s->control, fds);
    int stderrs[] = {transport_command_fd(&s->initiator),
                     transport_command_fd(&s->transport.child)};

    for (size_t i = 0; i < 2; i++)
        if (stderrs[i] > 0)
            fds[n++] = (struct pollfd){.fd = stderrs[i], .events = POLLIN};
    if (poll(fds, n, POLL_MS) < 0 && errno != EINTR)
        return err_sys(err, "cannot wait");
    look_at_user(s);
    pass_lines(s, &s->initiator, s->own);
    pass_lines(s, &s->transport.child, s->far);
    return channel_pump(s->control, err);
}

static int
follow(struct session *s, struct err *err)
{
    struct frame f;
    int r = 0;

    s->done = false;
    while (!s->done) {
        while (!s->done && (r = channel_next(s->control, &f, err)) > 0)
            if (take_event(s, &f, err) < 0)
                return -1;
        if (r < 0)
            return s->stopping > 0
                       ? err_set(err, ERR_CANCELLED, "stopped")
                       : err_set(err, ERR_PEER,
                                 "the process that worked on '%s' has died",
                                 s->places[s->own].label);
        if (!s->done && wait_a_little(s, err) < 0)
            return -1;
    }
    if (s->stopping > 0)
        return err_set(err, ERR_CANCELLED, "stopped");
    return 0;
}

/* ---- pairs ---- */

static int
start_initiator(struct session *s, struct err *err)
{
    static char exe[] = "/proc/self/exe", serve[] = "serve",
                control[] = "--control";
    char *words[] = {exe, serve, control, NULL};
    int fd;

    if (transport_command_start(words, &s->initiator, &fd, err) < 0)
        return -1;
    s->control = channel_new(fd, fd);
    return 0;
}

static void
greet_line(void *arg, const char *line)
{
    struct session *s = arg;

    on_note(s, s->far, line);
}

/* What start-up files printed before the conversation. */
static void
greet_noise(struct session *s)
{
    char *rest = s->transport.noise;

    for (char *line; rest != NULL && (line = strsep(&rest, "\n")) != NULL;) {
        line[strcspn(line, "\r")] = '\0';
        if (line[0] != '\0')
            on_note(s, s->far, line);
    }
}

static int
open_far(struct session *s, struct err *err)
{
    const struct session_args *a = s->args;
    struct transport_options options = {.mode = a->transport,
                                        .rsh = a->rsh,
                                        .batch = a->batch,
                                        .verbose = a->verbose,
                                        .command = a->transport_command,
                                        .remote_path = a->remote_path,
                                        .version = PACKAGE_VERSION};

    if (transport_open(&s->places[s->far].location, &options, &s->transport,
                       err) < 0)
        return -1;
    if (transport_greet(&s->transport, GREET_MS, greet_line, s, err) < 0)
        return -1;
    greet_noise(s);
    return 0;
}

static void
end_initiator(struct session *s)
{
    struct err ignored;

    if (s->control != NULL) {
        channel_send(s->control, MESSAGE_QUIT, NULL, 0);
        channel_flush(s->control, 1000, &ignored);
        channel_free(s->control);
        s->control = NULL;
    }
    transport_command_end(&s->initiator, END_MS);
    transport_command_fini(&s->initiator);
}

/*
 * An end whose state does not belong to its tree, or cannot be read, finds out
 * in the middle at times.  It begins anew when it is opened again.
 */
static bool
may_try_again(const struct session *s, const struct err *err)
{
    return err->code == ERR_DOUBT ||
           (err->code == ERR_STATE && !s->args->dry_run);
}

static int
try_pair(struct session *s, struct err *err)
{
    struct err ignored;

    if (s->control == NULL && start_initiator(s, err) < 0)
        return -1;
    history_draw_name(s->run);
    if (send_start(s, err) < 0)
        return -1;
    /* It scans while the connection is made. */
    channel_flush(s->control, 1000, &ignored);
    if (open_far(s, err) < 0)
        return -1;
    send_peer(s);
    int status = follow(s, err);
    /* The far end would wait for an initiator that is gone: the stream to it
     * may still be ours.  What is tried again needs the locks of both. */
    if (status < 0)
        end_initiator(s);
    bool wait = status == 0 || may_try_again(s, err);
    transport_end(&s->transport, wait ? END_MS : 1000);
    transport_command_fini(&s->transport.child);
    return status;
}

static int
run_pair(struct session *s, size_t far, struct err *err)
{
    uint64_t problems = s->out->problems;
    int status;

    s->far = far;
    for (int i = 1; (status = try_pair(s, err)) < 0 && i < TRIES; i++) {
        if (!may_try_again(s, err))
            break;
        s->out->problems = problems;
    }
    return status;
}

/*
 * The hub meets every other location, and those that came before the last
 * once more, with what the later ones brought.
 */
static int
run_pairs(struct session *s, struct err *err)
{
    size_t n = s->args->n;
    uint64_t last_change = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t before = s->out->changes;
        if (i == s->own)
            continue;
        if (run_pair(s, i, err) < 0)
            return -1;
        if (s->out->changes > before)
            last_change = i;
    }
    if (s->args->mode != SESSION_BOTH || s->args->dry_run || s->args->chosen)
        return 0;
    for (size_t i = 0; i < last_change && i < n; i++) {
        uint64_t conflicts = s->out->conflicts, problems = s->out->problems;
        if (i == s->own)
            continue;
        if (run_pair(s, i, err) < 0)
            return -1;
        /* What stays open was counted the first time. */
        s->out->conflicts = conflicts;
        s->out->problems = problems;
    }
    return 0;
}

static void
end(struct session *s)
{
    transport_end(&s->transport, 1000);
    transport_command_fini(&s->transport.child);
    end_initiator(s);
    for (size_t i = 0; i < s->args->n; i++) {
        location_fini(&s->places[i].location);
        free(s->places[i].label);
        free(s->places[i].key);
        free(s->places[i].typed);
    }
    free(s->places);
}

int
session_run(const struct session_args *args, struct session_result *out,
            struct err *err)
{
    struct session s = {.args = args,
                        .out = out,
                        .started_ns = clock_mono_ns(),
                        .transport = {.fd_in = -1, .fd_out = -1}};
    int status = -1;

    *out = (struct session_result){0};
    signal(SIGPIPE, SIG_IGN);
    s.places = mem_array(args->n, sizeof *s.places);
    if (parse_places(&s, err) == 0 && check_places(&s, err) == 0 &&
        choose_hub(&s, err) == 0)
        status = run_pairs(&s, err);
    end(&s);
    out->duration_ns = clock_mono_ns() - s.started_ns;
    return status;
}

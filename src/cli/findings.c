/* SPDX-License-Identifier: ISC */
#include "cli/findings.h"

#include "cli/events.h"
#include "cli/exit.h"
#include "cli/json.h"
#include "cli/show.h"

static const struct {
    const char *word;
    bool fault; /* also told when quiet */
} kinds[FINDINGS_KINDS] = {
    [FINDINGS_EDITED] = {"edited", false},
    [FINDINGS_EXTRA] = {"extra", false},
    [FINDINGS_MISSING] = {"missing", false},
    [FINDINGS_CHANGED] = {"changed", true},
    [FINDINGS_ROTTEN] = {"rotten", true},
    [FINDINGS_REPAIRED] = {"repaired", false},
    [FINDINGS_UNREADABLE] = {"unreadable", true},
    [FINDINGS_UNCOMPARED] = {"uncompared", true},
};

void
findings_add(struct findings *f, struct buf *line, enum findings_kind kind,
             const char *path, const char *why)
{
    f->n[kind]++;
    if (f->json) {
        json_event(line, "finding");
        json_path(line, "path", path);
        json_string(line, "state", kinds[kind].word);
        if (why)
            json_string(line, "message", why);
        json_end(line);
    } else if (!f->quiet || kinds[kind].fault) {
        buf_add_format(line, "%-10s ", kinds[kind].word);
        show_path(line, path);
        if (why)
            buf_add_format(line, ": %s", why);
        buf_add_byte(line, '\n');
    }
}

static void
summary_json(const struct findings *f, struct buf *b, int status,
             const struct err *failed)
{
    json_event(b, "summary");
    json_number(b, "exit", (uint64_t)status);
    json_bool(b, "complete", !failed);
    if (failed) {
        json_string(b, "code", events_code(failed->code));
        json_string(b, "message", failed->msg);
    }
    json_number(b, "files", f->sound_files);
    json_number(b, "bytes", f->sound_bytes);
    for (int k = 0; k < FINDINGS_KINDS; k++)
        json_number(b, kinds[k].word, f->n[k]);
    json_end(b);
}

void
findings_summary(const struct findings *f, struct buf *b, int status,
                 const struct err *failed)
{
    if (f->json) {
        summary_json(f, b, status, failed);
        return;
    }
    if (f->quiet || failed)
        return;
    buf_add_string(b, "verified: ");
    show_things(b, f->sound_files, "file");
    buf_add_format(b, " %s, ", f->as);
    show_size(b, f->sound_bytes);
    for (int k = 0; k < FINDINGS_KINDS; k++) {
        if (f->n[k] == 0)
            continue;
        buf_add_string(b, ", ");
        show_count(b, f->n[k]);
        buf_add_format(b, " %s", kinds[k].word);
    }
    buf_add_byte(b, '\n');
}

int
findings_status(const struct findings *f, bool by_manifest)
{
    int status = EXIT_IN_STEP;

    if (f->n[FINDINGS_ROTTEN] > 0 ||
        (by_manifest &&
         (f->n[FINDINGS_CHANGED] > 0 || f->n[FINDINGS_MISSING] > 0 ||
          f->n[FINDINGS_EXTRA] > 0)))
        status = EXIT_CONFLICTS;
    if (f->n[FINDINGS_UNREADABLE] > 0 || f->n[FINDINGS_UNCOMPARED] > 0)
        status = exit_worse(status, EXIT_PROBLEMS);
    return status;
}

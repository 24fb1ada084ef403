/* SPDX-License-Identifier: ISC */
/*
 * The remote shell may be any shell: sh, fish, tcsh.  What they agree on is
 * 'single quotes' around text without quotes, backslashes, '!' (history of
 * tcsh) and newlines, so nothing else stands in the command.  No other
 * parameter is in it: those travel in the protocol.
 */
#include "wire/remote.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"
#include "wire/frame.h"

#define EXIT_NOT_RUNNABLE 126
#define EXIT_NOT_FOUND 127
#define EXIT_SHELL 255

static const char search[] =
    "exec sh -c 't=weft v=%s; "
    "PATH=\"$PATH:$HOME/.local/bin:$HOME/bin:/usr/local/bin:"
    "/opt/homebrew/bin:/opt/local/bin:/usr/pkg/bin\"; export PATH; "
    "if command -v $t >/dev/null 2>&1; then exec $t serve; fi; "
    "echo \"" REMOTE_NEED " $v $(uname -sm)\"; exit 127'";

/* A version as one word that no shell looks at twice. */
static char *
plain_word(const char *s)
{
    char *word = mem_string(*s ? s : "0");

    for (char *p = word; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                    "0123456789.-+_",
                    *p))
            *p = '_';
    return word;
}

static bool
quotable(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < ' ' || *s == 0x7f || strchr("'\\!", *s))
            return false;
    return true;
}

int
remote_command(const char *version, const char *program, char **out,
               struct err *err)
{
    if (program == NULL) {
        char *word = plain_word(version);
        struct buf b = {0};
        buf_add_format(&b, search, word);
        free(word);
        *out = mem_string(buf_string(&b));
        buf_fini(&b);
        return 0;
    }
    if (*program == '\0' || *program == '-' || !quotable(program)) {
        char *quoted = path_quote(program);
        err_set(err, ERR_USAGE,
                "--remote-path=%s: not a path that every shell takes as it is",
                quoted);
        free(quoted);
        return -1;
    }
    if (strncmp(program, "~/", 2) == 0)
        *out = mem_format("exec sh -c 'exec \"$HOME/$0\" serve' '%s'",
                          program + 2);
    else
        *out = mem_format("exec sh -c 'exec \"$0\" serve' '%s'", program);
    return 0;
}

void
remote_scan_fini(struct remote_scan *s)
{
    buf_fini(&s->noise);
    *s = (struct remote_scan){0};
}

int
remote_scan_feed(struct remote_scan *s, const void *bytes, size_t len,
                 size_t *used, struct err *err)
{
    const uint8_t *p = bytes;

    *used = 0;
    while (!s->found && *used < len) {
        uint8_t byte = p[(*used)++];
        if (byte == (uint8_t)FRAME_MAGIC[s->matched]) {
            s->found = ++s->matched == FRAME_MAGIC_LEN;
            continue;
        }
        /* The first byte of the magic does not occur in it again, so what
         * matched so far is noise as a whole. */
        buf_add(&s->noise, FRAME_MAGIC, s->matched);
        s->matched = byte == (uint8_t)FRAME_MAGIC[0];
        if (s->matched == 0)
            buf_add_byte(&s->noise, byte);
        if (s->noise.len > REMOTE_NOISE_MAX)
            return err_set(err, ERR_PEER,
                           "the far end sent more than %d KiB that are not "
                           "from weft",
                           REMOTE_NOISE_MAX / 1024);
    }
    return s->found;
}

char *
remote_needs(const char *noise)
{
    const char *at = noise;

    /* At the start of a line: start-up files may have said things before. */
    while ((at = strstr(at, REMOTE_NEED " ")) != NULL) {
        if (at == noise || at[-1] == '\n')
            break;
        at++;
    }
    if (at == NULL)
        return NULL;
    at += strlen(REMOTE_NEED " ");
    size_t line = strcspn(at, "\r\n"), version = strcspn(at, " \r\n");
    if (version < line)
        version++;
    char *platform = mem_alloc(line - version + 1);
    memcpy(platform, at + version, line - version);
    platform[line - version] = '\0';
    return platform;
}

/* The last line that says something, as part of a sentence.  NULL: none. */
static char *
last_words(const char *text)
{
    size_t end = strlen(text), from;

    while (end > 0 && strchr("\r\n .", text[end - 1]))
        end--;
    for (from = end; from > 0 && text[from - 1] != '\n';)
        from--;
    if (strncmp(text + from, "ssh: ", 5) == 0)
        from += 5;
    if (from >= end)
        return NULL;
    char *words = mem_alloc(end - from + 1);
    memcpy(words, text + from, end - from);
    words[end - from] = '\0';
    for (char *p = words; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    return words;
}

static char *
first_line_quoted(const char *text)
{
    size_t skip = strspn(text, "\r\n "), len = strcspn(text + skip, "\r\n");
    char *line = mem_alloc(len + 1);

    memcpy(line, text + skip, len);
    line[len] = '\0';
    if (len > 60)
        strcpy(line + 57, "...");
    char *quoted = path_quote(line);
    free(line);
    return quoted;
}

static int
explain_shell(const char *host, const char *complaint, const char *words,
              struct err *err)
{
    if (strstr(complaint, "HOST IDENTIFICATION HAS CHANGED"))
        return err_set(err, ERR_PEER,
                       "the host key of %s has changed: someone may be in "
                       "between; 'ssh %s' shows the details",
                       host, host);
    if (strstr(complaint, "Host key verification failed"))
        return err_set(err, ERR_PEER,
                       "the host key of %s is not known: connect once with "
                       "'ssh %s' to check and remember it",
                       host, host);
    if (words == NULL)
        return err_set(err, ERR_PEER, "cannot connect to %s", host);
    return err_set(err, ERR_PEER, "cannot connect to %s: %s", host, words);
}

static int
explain_status(const struct remote_end *end, const char *host,
               const char *words, struct err *err)
{
    const char *program = end->program ? end->program : "weft";
    const char *colon = words ? ": " : "";

    if (end->status == EXIT_NOT_FOUND && end->program)
        return err_set(err, ERR_PEER,
                       "'%s' was not found on %s: check --remote-path", program,
                       host);
    if (end->status == EXIT_NOT_FOUND)
        return err_set(err, ERR_PEER,
                       "'weft' was not found on %s%s%s: install it there, or "
                       "name it with --remote-path",
                       host, colon, words ? words : "");
    if (end->status == EXIT_NOT_RUNNABLE)
        return err_set(err, ERR_PEER,
                       "'%s' on %s cannot be run: it lacks the permission, or "
                       "is for another kind of machine",
                       program, host);
    if (end->signal != 0)
        return err_set(err, ERR_PEER, "'%s' for %s was ended by signal %d%s%s",
                       end->command, host, end->signal, colon,
                       words ? words : "");
    return err_set(err, ERR_PEER,
                   "the connection to %s ended before weft answered there "
                   "(exit status %d)%s%s",
                   host, end->status, colon, words ? words : "");
}

int
remote_explain(const struct remote_end *end, struct err *err)
{
    const char *host = end->host ? end->host : "this machine";
    char *platform = remote_needs(end->noise);
    char *words = last_words(end->complaint);
    bool noisy = end->noise[strspn(end->noise, "\r\n ")] != '\0';

    if (platform != NULL) {
        err_set(err, ERR_PEER,
                "'weft' was not found on %s: install it there, or name it "
                "with --remote-path",
                host);
    } else if (end->is_shell && !end->running && end->status == EXIT_SHELL) {
        explain_shell(host, end->complaint, words, err);
    } else if (noisy && end->status != EXIT_NOT_FOUND &&
               end->status != EXIT_NOT_RUNNABLE) {
        char *line = first_line_quoted(end->noise);
        err_set(err, ERR_PEER,
                "%s answered %s, not as weft does: see what the shell's "
                "start-up files print there",
                host, line);
        free(line);
    } else if (end->running) {
        err_set(err, ERR_PEER, "no answer from %s in time%s%s", host,
                words ? ": " : "", words ? words : "");
    } else {
        explain_status(end, host, words, err);
    }
    free(platform);
    free(words);
    return -1;
}

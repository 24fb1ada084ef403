/* SPDX-License-Identifier: ISC */
#include "wire/merge3.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wire/program.h"
#include "wire/workdir.h"

static int
run(const struct workdir *dir, const struct merge3_text *mine,
    const struct merge3_text *theirs, int out, struct err *err)
{
    /* -E: what both changed alike is no clash. */
    char *words[] = {"diff3", "-m", "-a", "-E",
                     "-L",    (char *)mine->label,
                     "-L",    "base",
                     "-L",    (char *)theirs->label,
                     "--",    workdir_path(dir, "mine"),
                     workdir_path(dir, "base"),
                     workdir_path(dir, "theirs"), NULL};
    const char *plain[] = {"LC_ALL=C"};
    struct program_args args = {.words = words,
                                .vars = plain,
                                .var_n = 1,
                                .out = out};

    args.in = args.err = open("/dev/null", O_RDWR | O_CLOEXEC);
    int status = args.in < 0 ? err_sys(err, "cannot open /dev/null")
                             : program_run(&args, err);
    if (args.in >= 0)
        close(args.in);
    if (status < 0 && err->code == ERR_SYS && err->sys == ENOENT)
        err_set(err, ERR_USAGE,
                "diff3 was not found: install GNU diffutils to merge texts");
    if (status > 1)
        err_set(err, ERR_USAGE, "diff3 cannot merge these");
    for (size_t i = 11; words[i] != NULL; i++)
        free(words[i]);
    return status < 0 || status > 1 ? -1 : status == 0;
}

int
merge3_run(const struct merge3_text *mine, const struct merge3_text *base,
           const struct merge3_text *theirs, struct buf *out, struct err *err)
{
    struct workdir dir;
    int fd = -1, got = -1;

    if (workdir_open(&dir, err) < 0)
        return -1;
    if (workdir_write(&dir, "mine", mine->bytes, mine->len, err) < 0 ||
        workdir_write(&dir, "base", base->bytes, base->len, err) < 0 ||
        workdir_write(&dir, "theirs", theirs->bytes, theirs->len, err) < 0 ||
        workdir_write(&dir, "out", "", 0, err) < 0)
        goto out;
    fd = workdir_fd(&dir, "out", err);
    if (fd < 0 || (got = run(&dir, mine, theirs, fd, err)) < 0)
        goto out;
    if (workdir_read(&dir, "out", out, err) < 0)
        got = -1;
out:
    if (fd >= 0)
        close(fd);
    workdir_close(&dir);
    return got;
}

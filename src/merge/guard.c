/* SPDX-License-Identifier: ISC */
#include "merge/guard.h"

#include <inttypes.h>
#include <stdio.h>

static int
refuse(uint64_t lost, uint64_t files, const char *limit, struct err *err)
{
    return err_set(err, ERR_GUARD,
                   "the content of %" PRIu64 " of %" PRIu64
                   " files would be lost, more than %s: run again with "
                   "--max-delete=%" PRIu64 " if that is meant",
                   lost, files, limit, lost);
}

int
guard_check(const struct plan *p, enum plan_side side, uint64_t files,
            const struct guard_limits *limits, struct err *err)
{
    uint64_t lost = p->totals[side].lost_files;
    char text[64];

    if (limits == NULL || !limits->limited) {
        if (files < GUARD_SMALL || lost <= files / 2)
            return 0;
        return refuse(lost, files, "half of them", err);
    }
    if (!limits->percent) {
        if (lost <= limits->number)
            return 0;
        snprintf(text, sizeof text, "the limit of %" PRIu64, limits->number);
        return refuse(lost, files, text, err);
    }
    /* lost / files > number / 100, without overflow or rounding. */
    if ((long double)lost * 100 <= (long double)files * limits->number)
        return 0;
    snprintf(text, sizeof text, "the limit of %" PRIu64 "%%", limits->number);
    return refuse(lost, files, text, err);
}

int
guard_parse(const char *text, struct guard_limits *out, struct err *err)
{
    uint64_t number = 0;
    const char *at = text;

    for (; *at >= '0' && *at <= '9'; at++) {
        if (number > (UINT64_MAX - 9) / 10)
            return err_set(err, ERR_USAGE, "'%s' is too large", text);
        number = number * 10 + (uint64_t)(*at - '0');
    }
    bool percent = *at == '%';
    if (at == text || at[percent] != '\0' || (percent && number > 100))
        return err_set(err, ERR_USAGE,
                       "'%s' is neither a number nor a percentage like 50%%",
                       text);
    *out = (struct guard_limits){
        .limited = true, .percent = percent, .number = number};
    return 0;
}

/* SPDX-License-Identifier: ISC */
/* The commands.  Each takes its parsed options and returns the exit status. */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "cli/options.h"

int cmd_sync_run(struct options *o);
int cmd_push_run(struct options *o); /* pull as well */
int cmd_diff_run(struct options *o);
int cmd_apply_run(struct options *o);
int cmd_status_run(struct options *o);
int cmd_conflicts_run(struct options *o);
int cmd_resolve_run(struct options *o);
int cmd_explain_run(struct options *o);
int cmd_manifest_run(struct options *o);
int cmd_check_ignore_run(struct options *o);
int cmd_verify_run(struct options *o);
int cmd_serve_run(struct options *o);
int cmd_connect_run(struct options *o);
int cmd_log_run(struct options *o);
int cmd_restore_run(struct options *o);
int cmd_undo_run(struct options *o);
int cmd_help_run(struct options *o);

#endif

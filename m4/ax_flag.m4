# SPDX-License-Identifier: ISC
# AX_FLAG([CFLAGS], NAME, FLAGS): substitute in NAME those of FLAGS that the
# compiler takes without complaint.
AC_DEFUN([AX_FLAG],[
for flag in m4_normalize([$3]); do
  AC_MSG_CHECKING([whether $CC takes $flag])
  ax_flag_saved="$$1"
  $1="$$1 -Werror $flag"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
    [$2="$$2 $flag"; AC_MSG_RESULT([yes])],[AC_MSG_RESULT([no])])
  $1="$ax_flag_saved"
done
AC_SUBST([$2])
])

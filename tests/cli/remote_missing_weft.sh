# The far side has no weft.
# endpoints: pipe ssh
. "${WEFT_SRC:?}/tests/lib/lib.sh"

sh -c 'PATH=$PATH:/usr/local/bin; command -v weft' >/dev/null &&
    skip "weft is installed here"
tree left 'a=1'
it "it says where, and what to do"
"$WEFT" sync -e "$rsh" left "$(far right)" >"$T/out" 2>"$T/err" </dev/null
[ $? -eq 4 ] || wrong "status"
ran='sync, without --remote-path'
stderr_has "'weft' was not found on far"
stderr_has "install it there"
one_sentence
absent right

it "the same where --remote-path is wrong"
"$WEFT" sync -e "$rsh" --remote-path=/no/such/weft left "$(far right)" \
    >"$T/out" 2>"$T/err" </dev/null
[ $? -eq 4 ] || wrong "status"
absent right

finish

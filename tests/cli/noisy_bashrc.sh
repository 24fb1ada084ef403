# A far side whose start-up files print.
# endpoints: pipe ssh libssh2
. "${WEFT_SRC:?}/tests/lib/lib.sh"

case $WEFT_TEST_ENDPOINT in
ssh | libssh2)
    {
        printf 'command="echo welcome to far; echo to you, too >&2; '
        printf 'exec sh -c \\"$SSH_ORIGINAL_COMMAND\\"" '
        cat "$T/ssh/user_key.pub"
    } >"$T/ssh/authorized_keys"
    ;;
pipe)
    cat >"$T/noisy" <<END
#!/bin/sh
echo welcome to far
echo to you, too >&2
exec sh "$TEST_LIB/pipe_rsh" "\$@"
END
    rsh="sh $T/noisy"
    ;;
esac
tree left 'a=1'
it "noise before the conversation does not matter"
sync_ok left "$(far right)"
same_tree left right
stdout_lacks welcome

it "-v shows it, with the host's name"
sync_ok -v left "$(far right)"
grep -q 'far.*welcome to far' "$T/err" || wrong "it is not shown"
stdout_lacks welcome

it "a far side that prints a lot"
case $WEFT_TEST_ENDPOINT in
pipe)
    printf 'yes noise | head -c 100000\nexec sh "%s" "$@"\n' \
        "$TEST_LIB/pipe_rsh" >"$T/noisy"
    write left/a 2
    run sync left "$(far right)"
    code=$?
    [ $code -eq 0 ] || [ $code -eq 4 ] || wrong "status $code"
    ;;
esac

finish

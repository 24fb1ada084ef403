# A far side that grants little: what authorized_keys can say.
# endpoints: pipe ssh libssh2
. "${WEFT_SRC:?}/tests/lib/lib.sh"

# grant OPTIONS: from now on the far side runs only "weft serve OPTIONS".
grant() {
    case $WEFT_TEST_ENDPOINT in
    ssh | libssh2)
        printf 'restrict,command="%s serve %s" %s\n' "$WEFT" "$*" \
            "$(cat "$T/ssh/user_key.pub")" >"$T/ssh/authorized_keys"
        ;;
    pipe)
        printf 'exec "%s" serve %s\n' "$WEFT" "$*" >"$T/granted"
        rsh="sh $T/granted"
        ;;
    esac
}
tree right 'a=1' 'd/b=2'
tree secret 's=1'
right=$(far right)
describe right >"$T/right.before"
as_before() {
    describe right | cmp -s - "$T/right.before" || wrong "right was changed"
}

it "read-only: it can be pulled from"
grant --restrict="$PWD/right" --read-only
ok pull left "$right"
same_tree left right

it "read-only: it can be mirrored"
write left/junk j
ok pull --mirror left "$right"
same_tree left right
absent right/.weft

it "read-only: what changes there comes, each time"
for i in 1 2 3; do
    write right/a "edit $i"
    write right/d/new "new $i"
    ok pull left "$right"
    content left/a "edit $i"
    content left/d/new "new $i"
    ok pull left "$right"
    stdout_has "in sync:"
done
rm right/d/new
ok pull left "$right"
absent left/d/new
absent right/.weft
write right/a 1
ok pull left "$right"
describe right >"$T/right.before"

it "read-only: it takes nothing"
write left/a edited
write left/new n
run push left "$right" && wrong "push succeeded"
as_before
run sync left "$right" && wrong "sync succeeded"
as_before
run push --mirror left "$right" && wrong "push --mirror succeeded"
as_before

it "restricted: nothing outside can be named"
run pull stolen "$(far secret)" && wrong "it succeeded"
absent stolen/s
run pull stolen "$(far right/../secret)" && wrong "it succeeded"
absent stolen/s
ln -s ../secret right/way-out
run pull stolen "$(far right/way-out)" && wrong "it succeeded"
absent stolen/s
rm right/way-out

it "restricted: a root below it will do"
rm -rf one
ok pull one "$(far right/d)"
content one/b 2

it "no-delete: new files come, nothing goes"
grant --restrict="$PWD" --no-delete
tree here 'x=1' 'y=2'
sync_ok here "$(far there)"
rm here/x
write here/z 3
run sync here "$(far there)"
content there/x 1
content there/z 3

it "read-only: a replica is pulled from as it was synchronized"
grant
tree both 'a=1' 'b=1' 'c=1'
both=$(far both)
sync_ok mine "$both"
grant --restrict="$PWD/both" --read-only
for i in 1 2 3; do
    write both/a "edit $i"
    ok pull mine "$both"
    content mine/a "edit $i"
done
rm both/b
ok pull mine "$both"
absent mine/b
write mine/c mine
status 1 pull mine "$both"
content mine/c mine
content both/c 1
grant
sync_ok mine "$both"
stderr_lacks doubt
content both/c mine
same_tree mine both
sync_ok mine "$both"
stdout_has "in sync:"

it "the line for authorized_keys, ready made"
key='ssh-ed25519 AAAAC3Nza somebody@here'
"$WEFT" serve --restrict=right --read-only --print-key-line >"$T/line" <<END
$key
END
[ "$(cat "$T/line")" = "command=\"$(realpath "$WEFT") serve --restrict=$PWD/right --read-only\",restrict $key" ] ||
    wrong "it is: $(cat "$T/line")"
mkdir "a 'name\" of sorts"
case $WEFT_TEST_ENDPOINT in
ssh | libssh2)
    tree "a 'name\" of sorts" 'x=1'
    "$WEFT" serve --restrict="a 'name\" of sorts" --no-delete \
        --print-key-line <"$T/ssh/user_key.pub" >"$T/ssh/authorized_keys"
    sync_ok mine-too 'far:'
    content mine-too/x 1
    rm mine-too/x
    status 3 sync mine-too 'far:'
    content "a 'name\" of sorts/x" 1
    ;;
esac
for words in '--print-key-line' '--restrict=/no/such/dir --print-key-line' \
    '--restrict=right --print-key-line'; do
    # shellcheck disable=SC2086 # words
    "$WEFT" serve $words >"$T/out" 2>"$T/err" </dev/null
    got=$?
    case $words in
    *right*) [ "$got" -eq 0 ] || wrong "status $got of serve $words" ;;
    *) [ "$got" -eq 2 ] && one_sentence || wrong "status $got of serve $words" ;;
    esac
done

finish

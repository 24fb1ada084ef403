# Wrong things get one plain sentence and the right exit status.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

tree left 'a=1'
right=$(far right)

it "no location, or one"
status 2 sync
one_sentence
status 2 sync left
one_sentence
status 2 push left
status 2 manifest

it "a misspelt command names the nearest"
status 2 snyc left "$right"
one_sentence
stderr_has "'sync'"

it "a misspelt option names the nearest"
status 2 sync --dryrun left "$right"
one_sentence
stderr_has "--dry-run"
status 2 sync --mirror=x left "$right"

it "no command at all"
status 2
[ -s "$T/err" ] || wrong "no word on stderr"

it "help and version are for stdout"
ok --help
stdout_has sync
[ ! -s "$T/err" ] || wrong "stderr has something"
ok sync --help
stdout_has "--dry-run"
ok --version
stdout_has "weft "

it "neither location exists"
run sync nothing1 "$(far nothing2)" && wrong "it succeeded"
one_sentence
absent nothing1
absent nothing2

it "a file as root"
write file content
run sync file "$right" && wrong "it succeeded"
one_sentence
run sync left "$(far file)" && wrong "it succeeded"
one_sentence
content file content
content left/a 1

it "a root that is the other, or inside it"
status 2 sync left "$(far left)"
one_sentence
mkdir left/in
status 2 sync left "$(far left/in)"
status 2 sync left/in "$(far left)"
status 2 sync left "$(far left/in/../../left)"
ln -s left alias
status 2 sync left "$(far alias)"
rm -r left/in

it "an option that is not built yet says so"
status 2 watch left "$right"
one_sentence

if [ "$WEFT_TEST_ENDPOINT" = pipe ]; then
    it "an unknown host"
    status 4 sync left nowhere:right
    stderr_has nowhere
fi
if [ "$WEFT_TEST_ENDPOINT" = ssh ]; then
    it "a host whose key is not known"
    "$WEFT" sync -e "$rsh -o UserKnownHostsFile=/dev/null" \
        --remote-path="$WEFT" left "$right" >"$T/out" 2>"$T/err" </dev/null
    [ $? -eq 4 ] || wrong "status"
    stderr_has "ost key verification failed"
    absent right
fi

finish

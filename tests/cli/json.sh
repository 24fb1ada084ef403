# --json: one object a line, with stable names.
. "${WEFT_SRC:?}/tests/lib/lib.sh"

right=$(far right)
valid() {
    grep -qv '^{"v":1,"event":"[a-z]*".*}$' "$T/out" && {
        wrong "a line that is no event"
        show_run
    }
    ! command -v python3 >/dev/null || python3 -c '
import json, sys
for line in open(sys.argv[1], encoding="utf-8"): json.loads(line)
' "$T/out" 2>"$T/why" || wrong "not JSON: $(tail -n 1 "$T/why")"
}
tree left 'a=1' 'dir/b=22' "q\"uo\\te=3" "$(printf 'new\nline')=4" \
    "$(printf 'caf\351')=5"
tree right 'a=other' 'c=3'

it "a dry run"
status 1 sync -n --json left "$right"
valid
stdout_has '"event":"plan"'
stdout_has '"event":"summary"'

it "a run: plan first, summary last"
status 1 sync --json left "$right"
valid
stdout_has '"event":"conflict"'
stdout_has '"path":"dir/b"'
stdout_has '"path_base64"'
stdout_has 'new\nline'
tail -n 1 "$T/out" | grep -q '"event":"summary"' || wrong "no summary last"

it "it stays one object a line when something ends the run"
status 2 sync --json left
run sync --json left "$(far no/such/dir)" && wrong "it succeeded"
valid

it "a manifest, too"
ok manifest --format=json left
! command -v python3 >/dev/null || python3 -c '
import json, sys
for line in open(sys.argv[1], encoding="utf-8"): json.loads(line)
' "$T/out" || wrong "not JSON"

finish

# endpoints: local
# The sweeps must be able to fail: each step that keeps data safe is left out
# in turn (tests/fault/mutants.h), and has to be missed.
programs=${WEFT%/*}/tests/fault
[ -x "$programs/weft_mutant" ] || { echo "skipped: no weft_mutant"; exit 77; }
WEFT_FAULTY=$programs/weft_mutant SEED=1
export WEFT_FAULTY SEED
if [ -z "${TMPDIR:-}" ] && [ -w /dev/shm ]; then
    TMPDIR=/dev/shm
    export TMPDIR
fi
passed=0 failed=0

# caught MUTANT NAME OPTIONS
caught() {
    mutant=$1 name=$2
    shift 2
    if WEFT_MUTANT=$mutant "$programs/sweep" "$@" -b 1 >/dev/null 2>&1; then
        echo "not ok: nobody misses: $name"
        failed=$((failed + 1))
    else
        passed=$((passed + 1))
    fi
}

if WEFT_MUTANT=0 "$programs/sweep" -s edit -r serve -k kill-after -e 29; then
    passed=$((passed + 1))
else
    failed=$((failed + 1))
fi
caught 1 "intents before changes" -s edit -r serve -k kill-after -e 2
caught 2 "the tree before the state" -s edit -r serve -k kill-after -e 3
caught 3 "exchange, not replace" -s edit -r serve -k kill-after -e 3
caught 4 "a look at what came out" -s edit -r control -k run -f 90
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]

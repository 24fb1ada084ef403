# A large file that is cut at random bytes, again and again: CUTS= says how
# often (20; the acceptance number is 500), SIZE= how large it is (64 MiB; the
# acceptance size is 2048), SEED= where.  Needs three times SIZE in TMPDIR.
#
# Each next run goes on, and never with less than there was before; one that
# gets to the end sends at most 2 MiB more than what was not there yet.
# endpoints: pipe ssh
. "${WEFT_SRC:?}/tests/lib/lib.sh"
. "$TEST_LIB/cut.sh"
CUTS=${CUTS:-20} SIZE=${SIZE:-64}
size=$((SIZE << 20))

mkdir left right
whole_run
it "$CUTS cuts at random bytes of $SIZE MiB"
cuts "$CUTS"
goes_on right "$most"

finish

#!/usr/bin/env bash
# Checks the model of the lock, and that it breaks without each of its guards. One line for each run: what, expected, found,
# states, seconds. It exits with 0 if each came out as it must, 1 if not, 2 for a wrong argument, 3 without spin or gcc.
#
#   bash tests/model/check.sh                 all
#   bash tests/model/check.sh --quick         the model with one trouble instead of two, and some of its guards
#   bash tests/model/check.sh --trail GUARD   what happens without that guard, step by step

set -u
mode=${1:-}
here=$(cd "$(dirname "$0")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for program in spin gcc; do
  if ! command -v "$program" > /dev/null; then
    echo "There is no $program on PATH. Debian and Ubuntu have it: sudo apt-get install spin gcc" >&2
    exit 3
  fi
done

# name | promise that is broken, or "holds" | flags. One trouble or two is how many things may go wrong in one run.
safe="-DLEASE=3 -DGRANT=2"
prompt="-DLEASE=8 -DGRANT=2 -DBOUND=5 -DTROUBLES=2"
fenced="-DFENCES -DLEASE=3 -DGRANT=2 -DTROUBLES=1"
quick="
three clients, one trouble|holds|$safe -DTROUBLES=1
"
models="
three clients, two troubles|holds|$safe -DTROUBLES=2
two clients, any pause and any delay|holds|-DANY_TIME -DCLIENTS=2 -DLEASE=4 -DGRANT=3
a lease shorter than a grant|holds|-DLEASE=2 -DGRANT=4 -DTROUBLES=1
every waiter is served|holds|-DLIVENESS -DLEASE=4 -DGRANT=2 -DTROUBLES=1
the lock is nobody's for a grant at most|holds|$prompt
fences and a store|holds|$fenced -DCLOCK_SET_BACK
a stale replica takes over|oneHolder|$safe -DTROUBLES=0 -DSTALE_FAILOVER
a stale replica takes over: fences and store|holds|-DFENCES -DLEASE=3 -DGRANT=2 -DTROUBLES=0 -DSTALE_FAILOVER -DEXCLUSION_MAY_FAIL
"
guards="
TAKEN_ONLY_IF_FREE|oneHolder|$safe
OWNER_CHECK_IN_RELEASE|oneHolder|$safe
OWNER_CHECK_IN_RENEW|oneHolder|$safe
DEADLINE|oneHolder|$safe
COUNTED_FROM_THE_REQUEST|oneHolder|$safe
MARGIN_FOR_DRIFT|oneHolder|$safe
AGE_OF_GRANT|oneHolder|$safe
AGE_BY_ANSWERS|oneHolder|$safe
CLAIM_ANSWERED_FIRST|oneHolder|$safe
QUEUE_GOES_FIRST|waitersAreNotOvertaken|$safe
WAITERS_ASK_AGAIN|acceptance cycle|-DLIVENESS -DLEASE=4 -DGRANT=2 -DTROUBLES=2
ACQUIRE_PROMOTES|acceptance cycle|-DLIVENESS -DLEASE=4 -DGRANT=2 -DTROUBLES=2
GRANT_IS_SHORT|theLockIsNotNobodys|$prompt
SECOND_IS_TOLD|theLockIsNotNobodys|$prompt
RELEASE_IS_REPEATED|theLockIsNotNobodys|$prompt
LEAVER_LEAVES_THE_QUEUE|theLockIsNotNobodys|$prompt
LATE_ANSWERS_ARE_HEARD|theLockIsNotNobodys|$prompt
GRANT_NO_LONGER_THAN_LEASE|oneHolder|-DLEASE=2 -DGRANT=4
CLOCK_IN_FENCE|fencesRise|$fenced -DSTALE_FAILOVER -DEXCLUSION_MAY_FAIL
LAST_IN_FENCE|fencesRise|$fenced -DCLOCK_SET_BACK
FENCE_CHECK_IN_STORE|storeStaysRight|$fenced
FENCE_SHOWN_BY_READERS|storeStaysRight|$fenced
"

# run NAME EXPECTED FLAGS: writes its line, and leaves a file named "wrong" if it did not come out as it must.
run() {
  local name=$1 expected=$2 flags=$3 work found states optimize=-O0 begun=$SECONDS
  work=$(mktemp -d "$folder/run.XXXXXX")
  cd "$work" || exit 1
  # Where all states are visited, an optimized program pays.
  [ "$expected" = holds ] && [ "$mode" != --quick ] && optimize=-O1
  # Shorter names of files in the trail, and no state that is not stored: -DNOREDUCE, since all of it is shared.
  # shellcheck disable=SC2086
  spin -a $flags "$here/lock.pml" > spin.txt 2>&1 && gcc "$optimize" -w -DNOREDUCE $(checks "$flags") -o pan pan.c 2> gcc.txt &&
    ./pan -m2000000 -w24 $(searches "$flags") > pan.txt 2>&1
  found=$(sed -nE 's/^pan:1: (assertion violated )?([a-zA-Z ]+[a-zA-Z]).*/\2/p; s/^error: (.*)/\1/p' pan.txt 2> /dev/null | head -1)
  states=$(sed -nE 's/^ *([0-9.e+]+) states, stored.*/\1/p' pan.txt 2> /dev/null)
  if [ -z "$states" ]; then found="no answer: $(cat spin.txt gcc.txt pan.txt 2> /dev/null | head -3 | tr '\n' ' ')"; fi
  [ "${found:-holds}" = "$expected" ] || touch "$folder/wrong"
  printf '%-44s %-24s %-24s %10s %4d s\n' "$name" "$expected" "${found:-holds}" "$states" $((SECONDS - begun))
}

checks() { case $1 in *LIVENESS*) ;; *) echo -DSAFETY -DNOCLAIM ;; esac; }
searches() { case $1 in *LIVENESS*) echo -a ;; esac; }

all() {
  while IFS='|' read -r name expected flags; do
    [ -n "$name" ] || continue
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n; done
    run "$name" "$expected" "$flags" &
  done
  wait
}

without() { sed -E 's/^([A-Z_]+)\|([^|]*)\|(.*)$/without \1|\2|\3 -D\1=false/'; }

guard() {
  if ! printf '%s' "$guards" | grep -q "^$1|"; then
    echo "There is no guard '$1': $(printf '%s' "$guards" | cut -d '|' -f 1 | xargs)" >&2
    exit 2
  fi
  printf '%s' "$guards" | grep "^$1|"
}

# trail GUARD: the steps that break the promise, in the words that the model prints; of a waiter for ever, until it goes round.
trail() {
  local flags shortest=-i
  flags="$(guard "$1" | cut -d '|' -f 3) -D$1=false"
  cd "$folder" || exit 1
  case $flags in *LIVENESS*) shortest=-a ;; esac
  # shellcheck disable=SC2086
  spin -a $flags "$here/lock.pml" > spin.txt && gcc -O0 -w -DNOREDUCE -DREACH $(checks "$flags") -o pan pan.c && ./pan -m2000 -w24 $shortest > pan.txt
  # shellcheck disable=SC2086
  spin -t -T -k lock.pml.trail $flags "$here/lock.pml" 2>&1 |
    sed -nE 's/^spin: text of failed assertion: assert\((.*)\)/broken: \1/p; s/.*<<<<<START OF CYCLE>>>>>/for ever:/p; /^(spin:|#processes|ltl |Never claim)/d; /^[a-zA-Z]/p' | sed '/^broken/q'
}

case ${1:-} in
  --trail) guard "${2:-}" > "$folder/guard"; [ -s "$folder/guard" ] || exit 2; trail "$2"; exit ;;
  '' | --quick) ;;
  *) echo "usage: check.sh [--quick | --trail GUARD]" >&2; exit 2 ;;
esac
printf '%-44s %-24s %-24s %10s %6s\n' what expected found states time
case ${1:-} in
  '') { printf '%s' "$models"; printf '%s' "$guards" | without; } | all ;;
  --quick) { printf '%s' "$quick"; for name in OWNER_CHECK_IN_RELEASE MARGIN_FOR_DRIFT AGE_OF_GRANT QUEUE_GOES_FIRST FENCE_CHECK_IN_STORE; do guard $name | without; done; } | all ;;
esac
[ ! -e "$folder/wrong" ]

/*
 * A model of the lock. Spin (https://spinroot.com) tries every order in which these processes can take their steps, and so
 * every pause, delay, loss and crash. README.md says what each part stands for, and check.sh runs it:
 *
 *   bash tests/model/check.sh
 *
 * Three ways to look at it, which differ in how time may pass:
 *
 *   (nothing)   At any moment, between any two steps. Who never moves again is dead, a message that never comes is lost.
 *               The question is whether two clients can believe that they hold the lock.
 *   -DFENCES    The same with fences, a store that looks at them, failovers, and a clock that is set back.
 *   -DTIMELY    When nobody has anything left to do, and at other times only as often as SLOW allows: that is what fair
 *               scheduling means here. The question is whether each waiter gets on, and how soon.
 */

#ifndef CLIENTS
#define CLIENTS 3
#endif
#define N       4           /* clients are numbered from 1: 0 is nobody */
#define NOBODY  0
#define NEVER   255

/* Times are in ticks, of which all clocks see the same number, but for the drift of one lease or grant. */
#ifndef LEASE
#define LEASE   4
#endif
#ifndef GRANT
#define GRANT   3
#endif
#define DRIFT   1
#define MARGIN  1
#define GRANT_LASTS (GRANT < LEASE || !GRANT_NO_LONGER_THAN_LEASE -> GRANT : LEASE)

#ifndef TROUBLES
#define TROUBLES 2
#endif
#ifndef BOUND
#define BOUND   100
#endif

#include "guards.pml"

hidden byte fence;

/* The promises. None is ever kept by this variable: `assert(oneHolder)` stands where the promise is broken, and names it. */
hidden byte oneHolder, fencesRise, storeStaysRight, waitersAreNotOvertaken, theLockIsNotNobodys;

#ifdef FENCES
byte minted, setBack, lastFence, greatestFence, fenceOf[N];
#ifndef MINTS
#define MINTS 5
#endif
#define mayMint (minted < MINTS)
#else
#define mayMint true
#endif

/* --- The clients --- */

mtype = { OUTSIDE, WAITING, HOLDING, ENDED, DEAD };                       /* what a client is doing */
mtype = { TAKE, JOIN, CLAIM, RENEW, RELEASE, WATCH };                     /* requests */
mtype = { TAKEN, QUEUED, REFUSED, RENEWED, NOT_OURS, RELEASED, HANDED };  /* answers */

#define NOTHING      0
#define isRequest(x) (x == TAKE || x == JOIN || x == CLAIM || x == RENEW || x == RELEASE || x == WATCH)
#define isAnswer(x)  (x != NOTHING && !isRequest(x))

mtype doing[N] = OUTSIDE;
mtype wire[N] = NOTHING;        /* the request that is under way, or its answer */
byte sentAgo[N];                /* ticks since it was sent */
byte delay[N];                  /* how many of them had passed when Redis gave the answer */
mtype late[N] = NOTHING;        /* a request that its sender has given up, and that may come yet */
bool mail[N];                   /* a grant that has not been heard yet */
byte mailAge[N];                /* ticks since it was made */

byte sinceJoin[N] = NEVER;      /* ticks since the first join was sent */
byte anchor[N] = NEVER;         /* of the last answer: ticks between its question and itself */
byte left[N];                   /* for how many ticks a holder relies on the lock: its deadline */

hidden byte age, ticks, other;

#define believes(c)  (doing[c] == HOLDING && (left[c] > 0 || !DEADLINE))
#define atMost(x, y) (x < y -> x : y)
#define drift        (MARGIN_FOR_DRIFT -> MARGIN : 0)

#include "time.pml"
#include "line.pml"
#include "store.pml"
#include "redis.pml"
#include "failover.pml"

#define isNext(c) (c == 1 || doing[c - 1] != OUTSIDE)     /* the clients are alike: one order stands for all */

#define itsTurn (!paused[me] && !isUrgent)

/* What a client does next, one thing at a time, as long as nobody stops it. */
proctype client(byte me) {
end:
  do
  :: atomic { itsTurn && doing[me] == OUTSIDE && isNext(me) -> doing[me] = WAITING; printf("client %d comes\n", me);
       if :: me == 3 -> ask(me, TAKE) :: true -> ask(me, JOIN) fi }
  :: atomic { itsTurn && doing[me] == WAITING && wire[me] == NOTHING && asksAgain(me) -> ask(me, JOIN) }
  :: atomic { itsTurn && isAnswer(wire[me]) && comesThrough(me) -> answered(me) }
  :: atomic { itsTurn && mail[me] && comesThrough(me) && (doing[me] != ENDED || wire[me] == NOTHING) -> granted(me) }
  :: atomic { itsTurn && doing[me] == WAITING && mayLeave -> leave(me) }
  :: atomic { itsTurn && doing[me] == HOLDING && wire[me] == NOTHING && mayRenew(me) -> renews(me); send(me, RENEW) }
  :: atomic { itsTurn && doing[me] == HOLDING -> giveBack(me) }
  :: atomic { itsTurn && doing[me] == HOLDING && left[me] == 0 && DEADLINE -> lose(me, false) }
#ifdef FENCES
  :: atomic { itsTurn && holdFence[me] != 0 && seen[me] == NEVER -> read(me) }
  :: atomic { itsTurn && seen[me] != NEVER -> write(me) }
#endif
#ifndef ANY_TIME
  :: atomic { itsTurn && word[me] != 0 && comesThrough(me) -> hears(me) }
  :: atomic { itsTurn && watchAt[me] == 0 && wire[me] == NOTHING -> watchAt[me] = NEVER; send(me, WATCH) }
#endif
  od
}

inline runs(c, what) {
  if
  :: what == TAKE    -> take(c)
  :: what == JOIN    -> acquire(c)
  :: what == CLAIM   -> renew(c, true)
  :: what == RENEW   -> renew(c, false)
  :: what == RELEASE -> release(c)
  :: what == WATCH   -> watch(c)
  fi;
  isLate = false
}

/* A client's connection: Redis runs what comes over it. */
proctype connection(byte me) {
  mtype what;
end:
  do
  :: atomic { isRequest(wire[me]) && comesThrough(me) && mayMint -> isLate = false; what = wire[me]; runs(me, what); what = NOTHING }
  :: atomic { late[me] != NOTHING && mayMint -> isLate = true; what = late[me]; late[me] = NOTHING; runs(me, what); what = NOTHING }
  od
}

proctype clock() {
end:
  do
  :: atomic { !isUrgent && mayTick -> tick() }
  od
}

/* What goes wrong with a client, and not only with a message. Pauses take as long as they like. */
proctype trouble(byte c) {
end:
  do
  :: atomic { mayGoWrong && !isUrgent && !paused[c] && (doing[c] == WAITING || doing[c] == HOLDING) -> goesWrong(); deafens(c); paused[c] = true; printf("client %d is stopped\n", c) }
  :: atomic { paused[c] && !isUrgent -> paused[c] = false; printf("client %d goes on\n", c) }
  :: atomic { mayGoWrong && !hung[c] && wire[c] != NOTHING -> goesWrong(); deafens(c); hung[c] = true; printf("nothing comes through to client %d\n", c) }
  :: atomic { hung[c] && !isUrgent -> hung[c] = false; printf("all comes through to client %d\n", c) }
  :: atomic { mayGoWrong && wire[c] != NOTHING && !paused[c] -> failed(c) }
#ifndef ANY_TIME
  :: atomic { mayGoWrong && doing[c] != OUTSIDE && doing[c] != DEAD -> goesWrong(); crash(c) }
#endif
  od
}

init {
  atomic {
    run clock();
    run server();
    for (other : 1 .. CLIENTS) {
      run client(other);
      run connection(other);
#ifndef ANY_TIME
      run trouble(other)
#endif
    };
    other = 0
  }
}

#ifdef LIVENESS
/* A waiter that lives and can be reached is not one for ever. That time passes only when all is quiet is the fair scheduling. */
ltl everyWaiterIsServed { <> [] !someoneWaits }
#endif

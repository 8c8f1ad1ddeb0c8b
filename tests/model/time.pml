/* How time passes, and what goes wrong. */

bool paused[N];               /* a process that is stopped */
bool hung[N];                 /* a connection over which nothing comes through, in either direction */

#define comesThrough(c) (!hung[c])
#define older(x, most)  (x < most -> x + 1 : most)     /* counts up to where it makes no difference any more */
#define OLD             (GRANT / 2 < GRANT - drift -> GRANT / 2 + 1 : GRANT - drift)     /* a grant of that age is not believed */
#define counts(c)       (doing[c] != ENDED && (wire[c] == TAKE || wire[c] == JOIN || wire[c] == CLAIM || wire[c] == RENEW || \
                         wire[c] == TAKEN || wire[c] == RENEWED || (wire[c] == QUEUED && !AGE_BY_ANSWERS)))

#ifdef ANY_TIME

#define mayTick           true
#define isUrgent          false
#define mayLeave          true
#define mayRenew(c)       (left[c] < LEASE - drift)
#define asksAgain(c)      true
#define mayGoWrong        false

inline goesWrong() { skip }
inline asked(c) { skip }
inline forgets(c) { skip }
inline nap(c) { skip }
inline askWithin(c, time) { skip }
inline waiting(c) { skip }
inline tell(c, time) { skip }
inline watchIn(c) { skip }                     /* it does nothing that a waiter's question does not do, too */
inline tickNaps(c) { skip }
inline isClaimed(yes) { skip }
inline stillClaimed() { skip }
inline renews(c) { skip }
inline gives(c) { skip }
inline deafens(c) { skip }
inline isServed() { skip }

#else

byte troubles = TROUBLES;     /* how many more things may go wrong */

byte asksIn[N] = NEVER;       /* Naps.AskAt: ticks until a waiter asks again */
byte hint[N] = NEVER;         /* Naps._hint: what it has heard while a question was under way */
byte word[N];                 /* a message that says in how many ticks to ask, and one more; 0: none */
byte watchAt[N] = NEVER;      /* Upkeep._watchAt: ticks until a grant to another is looked after */
byte leftThen[N];             /* part of an answer: how long to wait for the holder, and for each that stands before */
bool hasRenewed[N];           /* a holder renews once: it ends some day */
bool deaf[N];                 /* a message to it was lost: it asks when the holder's time has passed, as nothing tells it earlier */
bool gaveBack[N];             /* it has released the lock, or left, and does not want it any more */
bool claimed;                 /* the lock was taken or claimed: it is no grant */
byte unserved;                /* for so many ticks the lock was nobody's, though somebody waited */

/* Nothing is left to do now: all wait for time to pass. */
#define isQuiet(c)        (paused[c] || \
                          ((hung[c] || (wire[c] == NOTHING && !mail[c] && word[c] == 0)) && watchAt[c] != 0 && \
                           (doing[c] != WAITING || wire[c] != NOTHING || asksIn[c] > 0) && (doing[c] != HOLDING || left[c] > 0)))
#define mayTick           (isQuiet(1) && isQuiet(2) && isQuiet(3))

/* A request reaches Redis before anybody does anything else, unless the connection hangs: the order of requests is what counts. */
#define isUnderWay(c)     (isRequest(wire[c]) && !hung[c])
#define isUrgent          (isUnderWay(1) || isUnderWay(2) || isUnderWay(3))

#define waits(c)          (doing[c] == WAITING && !paused[c] && !hung[c])
#define someoneWaits      (waits(1) || waits(2) || waits(3))
#define someoneHears      ((waits(1) && !deaf[1]) || (waits(2) && !deaf[2]) || (waits(3) && !deaf[3]))
#define isNobodys         (owner == NOBODY || !claimed || (gaveBack[owner] && !paused[owner] && !hung[owner]))

#define mayLeave          (troubles > 0)
#define mayRenew(c)       (!hasRenewed[c] && left[c] < LEASE - drift)
#define asksAgain(c)      (asksIn[c] == 0)
#ifdef ONLY_LEAVERS
#define mayGoWrong        false
#else
#define mayGoWrong        (troubles > 0)
#endif

inline goesWrong() { troubles-- }
inline asked(c) { asksIn[c] = NEVER; hint[c] = NEVER; leftThen[c] = 0; deaf[c] = false }
inline forgets(c) { asked(c); word[c] = 0; hasRenewed[c] = false }
inline renews(c) { hasRenewed[c] = true }
inline deafens(c) { deaf[c] = true }
inline gives(c) { gaveBack[c] = true }
inline isClaimed(yes) { claimed = yes }
inline stillClaimed() { claimed = (owner != NOBODY && claimed) }
inline watchIn(c) { watchAt[c] = (GRANT_IS_WATCHED -> GRANT : NEVER) }

/* Naps.AskWithin: at once noted, or when the question under way is answered, whose answer may not know of it. */
inline askWithin(c, time) {
  if
  :: wire[c] == NOTHING -> asksIn[c] = atMost(asksIn[c], time); hint[c] = NEVER
  :: else               -> hint[c] = atMost(hint[c], time)
  fi
}

/* Naps.Queued */
inline nap(c) {
  asksIn[c] = (WAITERS_ASK_AGAIN -> leftThen[c] : NEVER);
  asksIn[c] = atMost(asksIn[c], hint[c]);
  hint[c] = NEVER;
  leftThen[c] = 0
}

/* baton.lua, waiting: those further behind ask a little later; but who has granted the lock sees to that grant. */
inline waiting(c) {
  leftThen[c] = ttl;
  rank = 0;
  do
  :: rank < len(queue) ->
     queue ? head; queue ! head;
     leftThen[c] = (head == c && !handed -> ttl + rank : leftThen[c]);
     rank++
  :: else -> break
  od
}

/* baton.lua, tell: a message that says to ask again in so many ticks. */
inline tell(c, time) {
  if
  :: doing[c] != WAITING
  :: doing[c] == WAITING && mayGoWrong -> goesWrong(); deaf[c] = true; printf("the word to client %d is lost\n", c)
  :: doing[c] == WAITING -> word[c] = time + 1
  fi
}

/* Mailbox.Hear: "ask". */
inline hears(c) {
  askWithin(c, word[c] - 1);
  word[c] = 0
}

inline crash(c) {
  printf("client %d is dead\n", c);
  send(c, NOTHING);
  ends(c);
  doing[c] = DEAD;
  mail[c] = false; mailAge[c] = 0; watchAt[c] = NEVER; hung[c] = false; gaveBack[c] = false
}

#define sooner(x) (x == NEVER || x == 0 -> x : x - 1)

inline tickNaps(c) {
  asksIn[c] = sooner(asksIn[c]);
  hint[c] = sooner(hint[c]);
  watchAt[c] = sooner(watchAt[c])
}

/* The promise to waiters: the lock is nobody's for the time of one grant, for each that is dead or does not hear. */
inline isServed() {
#ifndef LIVENESS
  unserved = (someoneHears && isNobodys -> unserved + 1 : 0);
  if
  :: unserved > BOUND -> assert(theLockIsNotNobodys)
  :: else
  fi
#else
  skip
#endif
}

#endif

/* A tick of all clocks at once. */
inline tick() {
  d_step {
    for (other : 1 .. CLIENTS) {
      sentAgo[other] = (counts(other) -> older(sentAgo[other], LEASE - drift) : 0);
      sinceJoin[other] = (sinceJoin[other] != NEVER -> older(sinceJoin[other], OLD) : NEVER);
      mailAge[other] = (mail[other] && doing[other] == WAITING -> older(mailAge[other], OLD) : 0);
      left[other] = (left[other] > 0 -> left[other] - 1 : 0);
      tickNaps(other)
    };
    other = 0;
    ttl = (ttl > 0 -> ttl - 1 : 0);
    owner = (ttl > 0 -> owner : NOBODY);
    stillClaimed();
    tickReplica();
    isServed();
    printf("a tick\n")
  }
}

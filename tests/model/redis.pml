/*
 * Redis: the keys of one lock, and the scripts of lib/DistributedMutex/Protocol. Each inline has the name of its script, or
 * of the function in it. A script runs as a whole, and so does each of these.
 */

byte owner;                               /* the lock's key: whose token, or NOBODY */
byte ttl;                                 /* for how many ticks the server keeps it */
chan queue = [CLIENTS] of { byte };       /* tokens by arrival */

hidden byte head, second, rank;                 /* scratch: no part of the state */
hidden byte handed, heard, wasHead, isQueued, isLate;

/* The answer to a request. Nobody waits for that to a late one; who has ended gives back what it may have brought. */
inline reply(c, what) {
  if
  :: !isLate ->
     wire[c] = (what == RELEASED || what == REFUSED -> NOTHING : what);     /* nothing follows from these */
     delay[c] = (what == QUEUED -> atMost(sentAgo[c], OLD) : 0);
     sentAgo[c] = (counts(c) -> sentAgo[c] : 0)
  :: isLate && LATE_ANSWERS_ARE_HEARD && doing[c] == ENDED && wire[c] != RELEASE && (what == TAKEN || what == QUEUED) ->
     if
     :: wire[c] == HANDED -> watchIn(c)
     :: else
     fi;
     send(c, RELEASE)
  :: else
  fi
}

/* SET key token PX lease. The server's clock is the fast one: what a client calls a lease lasts DRIFT ticks less here. */
inline set(token, lease) {
  owner = token;
  ttl = lease - DRIFT;
  isClaimed(true)
}

inline del() {
  owner = NOBODY;
  ttl = 0;
  isClaimed(false)
}

inline pexpire(lease) {
  ttl = lease - DRIFT;
  isClaimed(true)
}

/* fence.lua */
inline mint(c) {
#ifdef FENCES
  /* A clock in microseconds has moved between any two fences, on every server; unless somebody has set it back. */
  minted++;
  fence = (CLOCK_IN_FENCE && minted > setBack -> minted - setBack : 1);
  fence = (LAST_IN_FENCE && lastFence >= fence -> lastFence + 1 : fence);
  lastFence = fence;
  if
  :: fence <= greatestFence ->
     printf("client %d gets fence %d, after fence %d\n", c, fence, greatestFence);
     assert(fencesRise)
  :: else
  fi;
  greatestFence = fence;
  fenceOf[c] = fence
#else
  skip
#endif
}

/* baton.lua, tell: PUBLISH of a grant. The count of listeners comes back: one that is dead may still be counted. */
inline publish(c) {
  heard = true;
  if
  :: doing[c] == DEAD -> heard = false
  :: doing[c] == DEAD
  :: doing[c] != DEAD && mayGoWrong -> goesWrong(); deafens(c); printf("the grant to client %d is lost\n", c)
  :: doing[c] != DEAD && mayGoWrong -> goesWrong(); heard = false; cut(c)
  :: doing[c] != DEAD -> mail[c] = true; mailAge[c] = 0
  fi
}

/* A client that lives, and whose connection is gone: it hears when that is restored, and asks. */
inline cut(c) {
  printf("client %d can't be reached for a moment\n", c);
  askWithin(c, 0)
}

/* baton.lua: the lock goes to the head of the queue, for the short time of a grant; without one, it is free. */
inline promote() {
  handed = false;
  del();
  do
  :: !handed && len(queue) > 0 ->
     queue ? head;
     mint(head);
     publish(head);
     if
     :: heard ->
        set(head, GRANT);
        ttl = (GRANT_IS_SHORT -> ttl : LEASE - DRIFT);
        isClaimed(false);
        handed = true;
        printf("Redis grants the lock to client %d\n", head);
        if
        :: SECOND_IS_TOLD && len(queue) > 0 -> queue ? <second>; tell(second, GRANT)
        :: else
        fi
     :: else
     fi
  :: else -> break
  od
}

/* baton.lua */
inline join(c) {
  isQueued = queue ?? [eval(c)];
  if
  :: !isQueued -> queue ! c
  :: else
  fi
}

/* LockProtocol.TakeAsync: SET NX, whoever waits. So do foreign clients. */
inline take(c) {
  if
  :: owner == NOBODY || !TAKEN_ONLY_IF_FREE -> set(c, LEASE); mint(c); reply(c, TAKEN)
  :: else -> reply(c, REFUSED); askWithin(c, 0)      /* with the script, next */
  fi
}

/* acquire.lua */
/* The promise of the queue: nobody overtakes a waiter; but for take. */
inline overtakes(c) {
  if
  :: len(queue) > 0 -> queue ? <head>; printf("client %d overtakes client %d\n", c, head); assert(waitersAreNotOvertaken)
  :: else
  fi
}

inline acquire(c) {
  handed = false;
  if
  :: owner == NOBODY && QUEUE_GOES_FIRST && (ACQUIRE_PROMOTES || len(queue) == 0) -> promote()
  :: else
  fi;
  if
  :: owner == NOBODY && (!QUEUE_GOES_FIRST || len(queue) == 0) ->
     overtakes(c);
     set(c, LEASE); mint(c); reply(c, TAKEN)
  :: owner == c ->
     if
     :: ttl <= GRANT - DRIFT || ttl < LEASE - DRIFT -> pexpire(LEASE)
     :: else
     fi;
     mint(c); reply(c, TAKEN)
  :: else -> join(c); waiting(c); reply(c, QUEUED)
  fi
}

/* renew.lua */
inline renew(c, isClaim) {
  if
  :: owner == c ->
     if
     :: ttl < LEASE - DRIFT || (isClaim && ttl <= GRANT - DRIFT) -> pexpire(LEASE)
     :: else
     fi;
     reply(c, RENEWED)
  :: owner != c && !OWNER_CHECK_IN_RENEW -> set(c, LEASE); reply(c, RENEWED)
  :: else -> reply(c, NOT_OURS)
  fi
}

inline handOver(c) {
  if
  :: handed -> reply(c, HANDED)
  :: else   -> reply(c, RELEASED)
  fi
}

/* release.lua */
inline release(c) {
  if
  :: owner == c || !OWNER_CHECK_IN_RELEASE ->
     promote();
     handOver(c)
  :: else ->
     wasHead = false;
     isQueued = queue ?? [eval(c)];
     if
     :: isQueued -> queue ? <head>; wasHead = (head == c); queue ?? eval(c)
     :: else
     fi;
     if
     :: owner == NOBODY -> promote()
     :: owner != NOBODY && wasHead && len(queue) > 0 -> queue ? <second>; tell(second, 0)
     :: else
     fi;
     reply(c, RELEASED)
  fi
}

/* watch.lua */
inline watch(c) {
  handed = false;
  if
  :: owner == NOBODY -> promote()
  :: else
  fi;
  handOver(c)
}

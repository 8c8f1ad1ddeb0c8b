/*
 * What the lock protects: a store that knows fences, as tests/DistributedMutex.Faults/Store/FencedStore.cs is. Each holder
 * reads a value and then writes one that it made from it. It may be paused before either, and does not look whether it still
 * holds the lock: that is when a store needs fences.
 */

#ifdef FENCES

byte holdFence[N];              /* the fence of a holder's hold; 0: it has none, or has given it back */
byte seen[N] = NEVER;           /* whose write a reader has seen */
byte storeFence;                /* the greatest fence that the store was shown */
byte writer;                    /* who wrote last */

#define accepts(c) (holdFence[c] >= storeFence || !FENCE_CHECK_IN_STORE)

inline hasFence(c) { holdFence[c] = fenceOf[c] }

inline read(c) {
  if
  :: FENCE_SHOWN_BY_READERS && !accepts(c) -> holdFence[c] = 0; printf("the store refuses the fence of client %d\n", c)
  :: else ->
     storeFence = (FENCE_SHOWN_BY_READERS && holdFence[c] > storeFence -> holdFence[c] : storeFence);
     seen[c] = writer;
     printf("client %d reads what client %d wrote\n", c, writer)
  fi
}

/* The promise of the store: whatever becomes of the lock, no write that it took is overwritten by who has not seen it. */
inline write(c) {
  if
  :: !accepts(c) -> printf("the store refuses the fence of client %d\n", c)
  :: else ->
     storeFence = (holdFence[c] > storeFence -> holdFence[c] : storeFence);
     printf("client %d writes, having read what client %d wrote\n", c, seen[c]);
     if
     :: seen[c] != writer -> assert(storeStaysRight)
     :: else
     fi;
     writer = c
  fi;
  holdFence[c] = 0;
  seen[c] = NEVER
}

#else

inline hasFence(c) { skip }

#endif

/*
 * What may become of the server. -DSTALE_FAILOVER: a replica takes over that had not heard of the last commands; that is what
 * asynchronous replication does, and no lock on it is exclusive. -DCLOCK_SET_BACK: the server's clock, which fences follow.
 */

#ifdef STALE_FAILOVER

mtype = { NO_REPLICA, BEHIND, PROMOTED };

mtype replica = NO_REPLICA;
byte replicaOwner, replicaTtl, replicaFence;
chan replicaQueue = [CLIENTS] of { byte };

/* The last moment that the replica hears of. Leases end there as they do on the master. */
inline hearsTheLast() {
  printf("this is the last that the replica hears of\n");
  replica = BEHIND;
  replicaOwner = owner;
  replicaTtl = ttl;
#ifdef FENCES
  replicaFence = lastFence;
#endif
  for (other : 1 .. len(queue)) {
    queue ? head; queue ! head; replicaQueue ! head
  };
  other = 0
}

/* It becomes the master, and the clients connect to it: Mailbox.ResumeAsync lets all of them ask. */
inline takesOver() {
  printf("the replica takes over\n");
  replica = PROMOTED;
  owner = replicaOwner; replicaOwner = NOBODY;
  ttl = replicaTtl; replicaTtl = 0;
#ifdef FENCES
  lastFence = replicaFence; replicaFence = 0;
#endif
  do
  :: len(queue) > 0 -> queue ? head
  :: else -> break
  od;
  do
  :: len(replicaQueue) > 0 -> replicaQueue ? head; queue ! head
  :: else -> break
  od;
  for (other : 1 .. CLIENTS) {
    if
    :: doing[other] == WAITING -> askWithin(other, 0)
    :: else
    fi
  };
  other = 0
}

inline tickReplica() {
  replicaTtl = (replicaTtl > 0 -> replicaTtl - 1 : 0);
  replicaOwner = (replicaTtl > 0 -> replicaOwner : NOBODY)
}

#else

inline tickReplica() { skip }

#endif

proctype server() {
end:
  do
#ifdef STALE_FAILOVER
  :: atomic { !isUrgent && replica == NO_REPLICA -> hearsTheLast() }
  :: atomic { !isUrgent && replica == BEHIND -> takesOver() }
#endif
#ifdef CLOCK_SET_BACK
  :: atomic { setBack == 0 -> setBack = 2; printf("the server's clock is set back\n") }
#endif
  :: false
  od
}

/*
 * A client: one caller in one process, with one owner token. Each inline has the name of the method of Line, KeyLease or
 * Driver that it stands for. All that a client does is one of these, and it may be paused for any time between two of them.
 */

/* A new request. One that is under way has been given up: it is lost, or comes late. There is room for one of them. */
inline send(c, what) {
  if
  :: isRequest(wire[c]) -> late[c] = wire[c]
  :: else
  fi;
  wire[c] = what;
  sentAgo[c] = 0;
  delay[c] = 0
}

/* Line.Ask: with a plain SET NX first, or with the script, to wait in the queue. */
inline ask(c, how) {
  send(c, how);
  sinceJoin[c] = (how == JOIN && sinceJoin[c] == NEVER -> 0 : sinceJoin[c]);
  asked(c)
}

/* Line.SeatFirst: it holds the lock now, for so many ticks. */
inline seat(c) {
  doing[c] = HOLDING;
  left[c] = ticks;
  sinceJoin[c] = NEVER;
  anchor[c] = NEVER;
  mail[c] = false;
  mailAge[c] = 0;
  hasFence(c);
  forgets(c);
  alone(c)
}

/* The promise of the lock: of all clients at most one believes that it holds it, and has time left. */
inline alone(c) {
#ifndef EXCLUSION_MAY_FAIL
  for (other : 1 .. CLIENTS) {
    if
    :: other != c && believes(other) ->
       printf("client %d and client %d both believe that they hold the lock\n", other, c);
       assert(oneHolder)
    :: else
    fi
  };
  other = 0
#else
  skip
#endif
}

/* KeyLease.AgeOfGrant: how old the grant in the mail can be. */
inline ageOfGrant(c) {
  age = sinceJoin[c];
  age = (anchor[c] != NEVER && anchor[c] + mailAge[c] < age -> anchor[c] + mailAge[c] : age);
  age = (!AGE_BY_ANSWERS && (wire[c] == JOIN || wire[c] == QUEUED) && sentAgo[c] < age -> sentAgo[c] : age);
  age = (AGE_OF_GRANT -> age : 0)
}

/* Line.Granted */
inline granted(c) {
  if
  :: doing[c] == WAITING ->
     ageOfGrant(c);
     if
     :: age <= GRANT / 2 && age + drift < GRANT_LASTS ->
        printf("client %d believes the grant\n", c);
        send(c, CLAIM);
        ticks = (CLAIM_ANSWERED_FIRST -> GRANT_LASTS : LEASE) - age - drift;
        seat(c)
     :: else -> askWithin(c, 0)
     fi
  :: doing[c] == ENDED && UNWANTED_GRANT_GOES_BACK ->       /* Driver.Granted, Mailbox.GiveBackAsync */
     printf("client %d gives back what it does not want any more\n", c);
     send(c, RELEASE)
  :: else                                                   /* it has the lock: a question was answered first */
  fi;
  mail[c] = false;
  mailAge[c] = 0;
  age = 0; ticks = 0
}

/* KeyLease.Taken and Renewed: for how many ticks the lock can be relied on after an answer; none are left by a slow one. */
inline ofLease(c) {
  age = (COUNTED_FROM_THE_REQUEST -> sentAgo[c] : 0);
  ticks = (age + drift < LEASE -> LEASE - age - drift : 0)
}

/* Line.Answered, Line.Renewed, Line.Handed */
inline answered(c) {
  mtype answer;
  answer = wire[c];
  wire[c] = NOTHING;
  ofLease(c);
  if
  :: doing[c] == WAITING && answer == TAKEN && ticks > 0  -> printf("client %d has the lock\n", c); seat(c)
  :: doing[c] == WAITING && answer == TAKEN && ticks == 0 -> askWithin(c, 0)
  :: doing[c] == WAITING && answer == QUEUED  -> anchor[c] = delay[c]; nap(c)
  :: doing[c] == HOLDING && answer == RENEWED ->
     if
     :: ticks > left[c] -> left[c] = ticks; alone(c)
     :: else
     fi
  :: doing[c] == HOLDING && answer == NOT_OURS -> lose(c, true)
  :: doing[c] == ENDED && (answer == TAKEN || answer == QUEUED) -> send(c, RELEASE)     /* whoever asked has left */
  :: doing[c] == ENDED && answer == HANDED -> watchIn(c)
  :: else
  fi;
  answer = NOTHING;
  age = 0; ticks = 0;
  rest(c)
}

/* Nothing on the wire: its times mean nothing. */
inline rest(c) {
  sentAgo[c] = (counts(c) -> sentAgo[c] : 0);
  delay[c] = (wire[c] == QUEUED && doing[c] == WAITING -> delay[c] : 0);
  mailAge[c] = (doing[c] == WAITING -> mailAge[c] : 0)
}

/* Line.Failed, Line.NotRenewed, Driver.ReleaseUntilAnsweredAsync: nobody knows what became of a request. */
inline failed(c) {
  goesWrong();
  deafens(c);
  printf("client %d hears no answer to %e\n", c, wire[c]);
  if
  :: doing[c] == WAITING -> send(c, NOTHING); askWithin(c, 0)
  :: doing[c] == HOLDING -> send(c, RENEW)
  :: doing[c] == ENDED && RELEASE_IS_REPEATED -> send(c, RELEASE)
  :: else -> send(c, NOTHING)
  fi
}

/* Line.Leave: a waiter does not want to wait any longer. What is under way is answered later, and then given back. */
inline leave(c) {
  printf("client %d leaves\n", c);
  goesWrong();
  if
  :: wire[c] == NOTHING && LEAVER_LEAVES_THE_QUEUE -> send(c, RELEASE)
  :: else
  fi;
  gives(c);
  ends(c)
}

/* Line.Release: the holder gives the lock back. It has one if the timer of its deadline has not run yet. */
inline giveBack(c) {
  printf("client %d releases\n", c);
  gives(c);
  send(c, RELEASE);
  ends(c)
}

/* Line.Lose: the deadline has passed, or Redis has said that the lock is not ours. What may have been asked for is undone. */
inline lose(c, sure) {
  printf("client %d has lost the lock\n", c);
  if
  :: sure || wire[c] != NOTHING || late[c] != NOTHING -> send(c, RELEASE)
  :: else
  fi;
  ends(c)
}

inline ends(c) {
  doing[c] = ENDED;
  left[c] = 0;
  sinceJoin[c] = NEVER;
  anchor[c] = NEVER;
  forgets(c);
  rest(c)
}

/*
 * The guards: what keeps the lock right, or prompt. Each can be taken away: `spin -DOWNER_CHECK_IN_RELEASE=false`. Then
 * check.sh expects the model to break, and README.md says where the guard stands in the library.
 */

/* --- Exclusion --- */

/* The key is taken only if it is free: SET … NX. */
#ifndef TAKEN_ONLY_IF_FREE
#define TAKEN_ONLY_IF_FREE true
#endif

/* A release deletes, or hands over, only the caller's own lock. */
#ifndef OWNER_CHECK_IN_RELEASE
#define OWNER_CHECK_IN_RELEASE true
#endif

/* A renewal lengthens only the caller's own lock, and never brings back one that was lost. */
#ifndef OWNER_CHECK_IN_RENEW
#define OWNER_CHECK_IN_RENEW true
#endif

/* A holder stops believing when its deadline has passed, whether or not it has heard anything. */
#ifndef DEADLINE
#define DEADLINE true
#endif

/* The deadline counts from before the request was sent, and not from the answer. */
#ifndef COUNTED_FROM_THE_REQUEST
#define COUNTED_FROM_THE_REQUEST true
#endif

/* The deadline is earlier than the lease, by what clocks may drift. */
#ifndef MARGIN_FOR_DRIFT
#define MARGIN_FOR_DRIFT true
#endif

/* A grant is believed only when it is known to be young. */
#ifndef AGE_OF_GRANT
#define AGE_OF_GRANT true
#endif

/* That age is measured by questions that were answered: one under way tells nothing. */
#ifndef AGE_BY_ANSWERS
#define AGE_BY_ANSWERS true
#endif

/* Until its claim is answered, a grant is relied on for its own short time only. */
#ifndef CLAIM_ANSWERED_FIRST
#define CLAIM_ANSWERED_FIRST true
#endif

/* A lease may be shorter than a grant: then a grant is relied on for no longer than the lease. */
#ifndef GRANT_NO_LONGER_THAN_LEASE
#define GRANT_NO_LONGER_THAN_LEASE true
#endif

/* --- The queue --- */

/* Who finds the lock free while others wait does not take it: the head of the queue gets it. */
#ifndef QUEUE_GOES_FIRST
#define QUEUE_GOES_FIRST true
#endif

/* --- Fences, and the store that they protect --- */

/* A fence is no less than the server's clock: a server without the last fence mints greater ones all the same. */
#ifndef CLOCK_IN_FENCE
#define CLOCK_IN_FENCE true
#endif

/* A fence is greater than the last one: so it is when the clock was set back. */
#ifndef LAST_IN_FENCE
#define LAST_IN_FENCE true
#endif

/* The store refuses a fence that is smaller than one that it has seen. */
#ifndef FENCE_CHECK_IN_STORE
#define FENCE_CHECK_IN_STORE true
#endif

/* The store is shown the fence by whoever reads, too. */
#ifndef FENCE_SHOWN_BY_READERS
#define FENCE_SHOWN_BY_READERS true
#endif

/* --- That waiters get on --- */

/* A waiter asks again when the holder's time has passed. */
#ifndef WAITERS_ASK_AGAIN
#define WAITERS_ASK_AGAIN true
#endif

/* Who finds the lock free behind others that wait grants it to their head, and does not just stand behind it. */
#ifndef ACQUIRE_PROMOTES
#define ACQUIRE_PROMOTES true
#endif

/* A grant is short: a winner that is dead, or does not hear, costs no whole lease. */
#ifndef GRANT_IS_SHORT
#define GRANT_IS_SHORT true
#endif

/* Who has handed the lock over looks whether the grant was claimed. */
#ifndef GRANT_IS_WATCHED
#define GRANT_IS_WATCHED true
#endif

/* The next in line is told to ask when the grant has passed. */
#ifndef SECOND_IS_TOLD
#define SECOND_IS_TOLD true
#endif

/* A release is repeated until it is answered. */
#ifndef RELEASE_IS_REPEATED
#define RELEASE_IS_REPEATED true
#endif

/* A waiter that leaves takes its token out of the queue. */
#ifndef LEAVER_LEAVES_THE_QUEUE
#define LEAVER_LEAVES_THE_QUEUE true
#endif

/* Who gets a grant that it does not want any more gives it back. */
#ifndef UNWANTED_GRANT_GOES_BACK
#define UNWANTED_GRANT_GOES_BACK true
#endif

/* A question that is answered after its caller has left is heard, and what it brings goes back. */
#ifndef LATE_ANSWERS_ARE_HEARD
#define LATE_ANSWERS_ARE_HEARD true
#endif

"""A client of another kind on the same keys: redis-py's lock. It writes the history as the workers do."""

import json
import random
import sys
import threading
import time

import redis
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

plan = json.loads(sys.argv[1])
LEASE = 1.5
WAIT = 3.0

stopped = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stopped.set()), daemon=True).start()

with open(f"{plan['Folder']}/{plan['Name']}.history", "x", buffering=1) as history:

    def write(what, **values):
        # time.monotonic and the workers' clock are both CLOCK_MONOTONIC.
        now = (time.monotonic_ns() - plan["Origin"]) / 1e9
        words = [f"{now:.6f}", f"{plan['Name']}/lock", what] + [f"{name}={value}" for name, value in values.items()]
        history.write(" ".join(words) + "\n")

    own = plan["Own"]
    client = redis.Redis(own["Host"], own["Port"], username=own["User"], password=own["Password"], socket_timeout=2)
    chance = random.Random(plan["Seed"])
    op = 0
    while not stopped.is_set():
        op += 1
        name = chance.choice(plan["BusyLocks"])
        lock = Lock(client, f"lock:{name}", timeout=LEASE, sleep=0.02, blocking_timeout=WAIT)
        write("acquire", op=op, lock=name, api="foreign", wait=WAIT, lease=LEASE)
        try:
            if not lock.acquire():
                write("refused", op=op)
                continue
            write("acquired", op=op)
            time.sleep(chance.choice([0, 0.01, 0.1, 0.4]))
            write("release", op=op)
            lock.release()
            write("released", op=op, answer="yes")
        except LockError:
            write("released", op=op, answer="no")
        except RedisError as error:
            write("unknown" if not lock.local.token else "released", op=op, answer="unknown", error=type(error).__name__)
            time.sleep(0.05)

bool LockInTurn(RedisMutex mutex, string resource, TimeSpan patience) => mutex.Lock(resource, wait: patience);

bool LockInTurn(RedisMutex mutex, string resource, TimeSpan patience) => mutex.Lock(resource, wait: patience);

MutexOptions PatientOptions() => new()
{
    RetryStrategy = RetryStrategy.Exponential(first: TimeSpan.FromMilliseconds(50), longest: TimeSpan.FromMilliseconds(400)).Limit(5),
};

using System.Xml.Linq;
using DistributedMutex.Diagnostics;
using DistributedMutex.Tests.Servers;
using DistributedMutex.Workshop;

namespace DistributedMutex.Tests.Lessons;

public abstract class TimelineTests(ServerFixture server)
{
    [Fact]
    public void Threads_that_lock_have_a_lane_each_in_which_they_wait_and_then_hold_and_no_two_hold_at_once()
    {
        using var mutex = server.NewMutex();
        var resource = server.NewResource();
        var timeline = Timeline.Record(() => Threads.Run(3, _ =>
        {
            using (mutex.Acquire(resource))
            {
                using (Timeline.Work("work"))
                {
                    Thread.Sleep(5);
                }
            }
        }));

        Assert.Equal(["Thread 1", "Thread 2", "Thread 3"], timeline.Lanes);
        Assert.All(timeline.Lanes, lane => Assert.Equal(
            [TimelineActivity.Waiting, TimelineActivity.Holding, TimelineActivity.Working],
            timeline.Spans.Where(span => span.Lane == lane).Select(span => span.Activity)));
        Assert.DoesNotContain(timeline.Spans, span => span.Failed);
        var held = timeline.Spans.Where(span => span.Activity == TimelineActivity.Holding).ToList();
        Assert.All(held, span => Assert.Equal(resource, span.What));
        Assert.All(held.Zip(held.Skip(1)), pair => Assert.True(pair.First.Start < pair.Second.Start && pair.First.End <= pair.Second.Start + TimeSpan.FromMilliseconds(2)));
    }

    [Fact]
    public async Task A_wait_that_was_in_vain_and_a_lock_that_was_lost_are_marked_in_the_lane_of_the_task()
    {
        await using var mutex = server.NewMutex(new MutexOptions { Lease = TimeSpan.FromMilliseconds(300), Renew = false });
        var resource = server.NewResource();
        var timeline = await Timeline.RecordAsync(async () =>
        {
            await using var held = await mutex.AcquireAsync(resource);
            var lost = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            held.Lost.Register(() => lost.SetResult());
            await Tasks.Run(("late", async () => Assert.Null(await mutex.TryAcquireAsync(resource, TimeSpan.Zero))));
            Timeline.Mark("seen");
            await lost.Task;
        });

        Assert.Equal("late", Assert.Single(timeline.Spans, span => span is { Activity: TimelineActivity.Waiting, Failed: true }).Lane);
        Assert.NotEqual("late", Assert.Single(timeline.Spans, span => span is { Activity: TimelineActivity.Holding, Failed: true }).Lane);
        Assert.NotEqual("late", Assert.Single(timeline.Marks).Lane);
        Assert.Contains("✗ lost", timeline.ToString(), StringComparison.Ordinal);
        Assert.Contains("× gave up", timeline.ToString(), StringComparison.Ordinal);
        Assert.Contains("gave up", XElement.Parse(timeline.ToSvg()).Elements().Single(one => one.Name.LocalName == "desc").Value, StringComparison.Ordinal);
    }
}

[Collection(OnRedis.Name)]
public sealed class RedisTimelineTests(RedisFixture server) : TimelineTests(server);

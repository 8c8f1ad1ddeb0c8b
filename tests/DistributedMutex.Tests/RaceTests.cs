using DistributedMutex.Workshop;

namespace DistributedMutex.Tests;

[Quick]
public sealed class RaceTests
{
    [Fact]
    public void A_file_with_the_numbers_in_order_has_no_faults() => Assert.Empty(Race.FindFaults(Lines(1, 2, 3), writers: 3));

    [Fact]
    public void Lost_lines_are_counted() =>
        Assert.Equal(["Lost: 5 threads wrote a line each, but only 2 can be found: 3 lost"], Race.FindFaults(Lines(1, 2), writers: 5));

    [Fact]
    public void Doubled_numbers_are_named() =>
        Assert.Equal(["Doubled: more than one line has the number 1, 2"], Race.FindFaults(Lines(1, 1, 2, 2, 3), writers: 5));

    [Fact]
    public void A_wrong_order_is_shown() =>
        Assert.Equal(["Out of order: the lines have the numbers 2, 1, 3"], Race.FindFaults(Lines(2, 1, 3), writers: 3));

    [Fact]
    public void Numbers_that_do_not_begin_at_1_are_out_of_order() =>
        Assert.Equal(["Out of order: the lines have the numbers 2, 3"], Race.FindFaults(Lines(2, 3), writers: 2));

    [Fact]
    public void A_torn_line_is_damage_and_a_lost_write() =>
        Assert.Equal(2, Race.FindFaults([.. Lines(1), "26-01-31 17:50:15] Thread 3 wrote line 2"], writers: 2).Count());

    private static string[] Lines(params int[] numbers) =>
        [.. numbers.Select(number => $"[2026-01-31 17:50:15] Thread 3 wrote line {number}")];
}

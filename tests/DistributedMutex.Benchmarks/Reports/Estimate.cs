using System.Globalization;

namespace DistributedMutex.Benchmarks.Reports;

/// <summary>A median and how far off it may be.</summary>
/// <param name="Value">The median.</param>
/// <param name="Low">The lower end of where the true median is, with 95 % confidence.</param>
/// <param name="High">The upper end.</param>
internal readonly record struct Estimate(double Value, double Low, double High)
{
    public Estimate Invert() => new(1 / Value, 1 / High, 1 / Low);

    /// <summary>The confidence interval is that of the order statistics: it supposes nothing about how the samples are spread.</summary>
    public static Estimate OfMedian(IEnumerable<double> samples)
    {
        double[] sorted = [.. samples.Order()];
        var (middle, reach) = (sorted.Length / 2, 0.98 * Math.Sqrt(sorted.Length));
        return new Estimate(
            sorted[middle], sorted[(int)Math.Max(middle - reach, 0)], sorted[(int)Math.Min(Math.Ceiling(middle + reach), sorted.Length - 1)]);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value:0.00} ±{(High - Low) / 2:0.00}");
}

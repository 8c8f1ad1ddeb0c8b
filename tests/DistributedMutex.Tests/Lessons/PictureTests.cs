using System.Diagnostics;
using System.Globalization;
using System.Xml.Linq;
using DistributedMutex.Diagnostics;
using DistributedMutex.Workshop;
using Microsoft.DotNet.Interactive.Formatting;

namespace DistributedMutex.Tests.Lessons;

/// <summary>What the pictures show, not how.</summary>
[Quick]
public sealed class PictureTests
{
    private static readonly ActivitySource Library = new(Telemetry.Name);

    [Fact]
    public void Lanes_stand_in_the_order_of_their_numbers_and_time_goes_from_left_to_right()
    {
        // By hand, so that the times are known: 10 works, then 2.
        var timeline = Timeline.Record(() =>
        {
            foreach (var lane in new[] { "Thread 10", "Thread 2" })
            {
                Timeline.EnterLane(lane);
                using (Timeline.Work("w"))
                {
                    Thread.Sleep(20);
                }
            }
        });
        Assert.Equal(["Thread 2", "Thread 10"], timeline.Lanes);

        var rows = timeline.ToString().Split('\n');
        Assert.StartsWith("Thread 2  │ ", rows[0], StringComparison.Ordinal);
        Assert.StartsWith("Thread 10 │▒", rows[1], StringComparison.Ordinal);
        Assert.True(rows[1].LastIndexOf('▒') <= rows[0].IndexOf('▒', StringComparison.Ordinal));
        Assert.Equal("▒ working", rows[^1]);

        var svg = XElement.Parse(timeline.ToSvg());
        var lanes = Named(svg, "text").Where(text => text.Value.StartsWith("Thread", StringComparison.Ordinal)).ToList();
        Assert.Equal(timeline.Lanes, lanes.OrderBy(text => Number(text, "y")).Select(text => text.Value));

        // The first rectangle belongs to the legend.
        var bars = Named(svg, "rect").Skip(1).ToList();
        Assert.True(Number(bars[0], "y") < Number(bars[1], "y"));
        Assert.True(Number(bars[1], "x") + Number(bars[1], "width") <= Number(bars[0], "x") + 0.2);
    }

    [Fact]
    public void Two_recordings_at_the_same_time_do_not_hear_each_other()
    {
        using var both = new Barrier(2);
        var timelines = new Timeline[2];
        Threads.Run(2, number => timelines[number - 1] = Timeline.Record(() =>
        {
            both.SignalAndWait();
            using (Timeline.Work($"work of {number}"))
            {
                both.SignalAndWait();
            }
        }));
        Assert.Equal("work of 1", Assert.Single(timelines[0].Spans).What);
        Assert.Equal("work of 2", Assert.Single(timelines[1].Spans).What);
    }

    [Fact]
    public void A_hold_that_has_not_ended_goes_to_the_end_and_what_is_not_the_locks_is_not_drawn()
    {
        Activity? hold = null;
        var timeline = Timeline.Record(() =>
        {
            hold = Library.StartActivity(Telemetry.HoldSpan, ActivityKind.Internal, default(ActivityContext), [new(Telemetry.ResourceTag, "r")]);
            Library.StartActivity("DistributedMutex.Other")?.Dispose();
            Timeline.Mark("a moment");
            Timeline.Mark("another");
            Timeline.Mark("a moment");
        });
        hold!.Dispose();
        var span = Assert.Single(timeline.Spans);
        Assert.Equal((TimelineActivity.Holding, "r", timeline.Length), (span.Activity, span.What, span.End));
        Assert.Equal(3, timeline.Marks.Count);
        Assert.EndsWith("① a moment   ② another", timeline.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_recording_of_nothing_says_so() => Assert.Equal("Nothing was recorded.", Timeline.Record(() => { }).ToString());

    [Fact]
    public void Bars_are_as_long_as_their_figures_say()
    {
        var chart = new BarChart("Commands", "a second") { { "polling", 1200 }, { "baton", 300 }, { "none", 0 } };
        Assert.Equal(
            ["Commands", $"polling {new string('█', 40)} 1,200 a second", $"  baton {new string('█', 10)} 300 a second", "   none  0 a second"],
            chart.ToString().Split('\n'));
        var bars = Named(XElement.Parse(chart.ToSvg()), "rect").ToList();
        Assert.Equal(4, Number(bars[0], "width") / Number(bars[1], "width"), precision: 1);
    }

    [Fact]
    public void A_picture_has_a_text_for_those_who_cannot_see_it_and_escapes_what_it_shows()
    {
        var svg = XElement.Parse(new BarChart("A <b> & \"c\"") { { "<one>", 1 } }.ToSvg());
        Assert.Equal("img", (string?)svg.Attribute("role"));
        Assert.Equal("A <b> & \"c\"", Named(svg, "title").Single().Value);
        Assert.Equal("<one>: 1.", Named(svg, "desc").Single().Value);
    }

    [Fact]
    public void A_notebook_gets_a_picture_as_HTML_as_SVG_and_as_text()
    {
        Picture chart = new BarChart("t \"<\"") { { "one", 1 } };
        foreach (var picture in new[] { chart, Timeline.Record(() => { }) })
        {
            var values = FormattedValue.CreateManyFromObject(picture).ToDictionary(value => value.MimeType, value => value.Value);
            Assert.Equal(["image/svg+xml", "text/html", "text/plain"], values.Keys.Order());
            Assert.Equal((picture.ToSvg(), picture.ToString()), (values["image/svg+xml"], values["text/plain"]));

            // An image of the same, which no page takes for markup of its own.
            var image = XElement.Parse(values["text/html"]);
            Assert.Equal("img", image.Name.LocalName);
            Assert.Equal(picture.ToSvg(), Uri.UnescapeDataString(((string)image.Attribute("src")!)["data:image/svg+xml,".Length..]));
            Assert.NotEmpty((string?)image.Attribute("alt") ?? "");
        }
    }

    [Fact]
    public void A_long_legend_goes_on_in_a_second_row_and_stays_within_the_picture()
    {
        var timeline = Timeline.Record(() =>
        {
            for (var number = 1; number <= 7; number++)
            {
                Timeline.Mark($"something happened here, number {number}");
            }
        });
        var svg = XElement.Parse(timeline.ToSvg());
        var legend = Named(svg, "text").Where(text => text.Value.StartsWith("something", StringComparison.Ordinal)).ToList();
        Assert.Equal(7, legend.Count);
        Assert.All(legend, text => Assert.True(Number(text, "x") + (text.Value.Length * 7.4) <= 720, text.ToString()));
        var lane = Named(svg, "text").First(text => text.Value == timeline.Lanes[0]);
        Assert.All(legend, text => Assert.True(Number(text, "y") < Number(lane, "y") - 10));
        Assert.True(legend.Select(text => Number(text, "y")).Distinct().Count() > 1);
    }

    private static IEnumerable<XElement> Named(XElement svg, string name) => svg.Descendants().Where(one => one.Name.LocalName == name);

    private static double Number(XElement element, string attribute) => double.Parse((string)element.Attribute(attribute)!, CultureInfo.InvariantCulture);
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using McpPortal.Tests.Rig.Canaries;

[assembly: AssemblyFixture(typeof(HeardTelemetry))]

namespace McpPortal.Tests.Rig.Canaries;

/// <summary>Listens to every instrument and every activity source of this process while all tests run; at the end no label and no tag may have held a secret.</summary>
public sealed class HeardTelemetry : IDisposable
{
    /// <summary>Source that the test of this class uses; the listener of the whole run leaves it out.</summary>
    internal const string Trial = "McpPortal.Tests.Trial";

    private const int Kept = 1000;

    private readonly ConcurrentQueue<string> _leaks = new();
    private readonly MeterListener _metrics = new();
    private readonly ConcurrentQueue<Activity> _stopped = new();
    private readonly ActivityListener _activities;

    public HeardTelemetry()
        : this(source => source != Trial)
    {
    }

    internal HeardTelemetry(Func<string, bool> wanted)
    {
        _metrics.InstrumentPublished = (instrument, listener) =>
        {
            if (wanted(instrument.Meter.Name))
            {
                Check($"name of {instrument.Name}", instrument.Description);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        Measure<byte>();
        Measure<short>();
        Measure<int>();
        Measure<long>();
        Measure<float>();
        Measure<double>();
        Measure<decimal>();
        _metrics.Start();
        _activities = new ActivityListener
        {
            ShouldListenTo = source => wanted(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = Keep,
        };
        ActivitySource.AddActivityListener(_activities);
    }

    internal IReadOnlyCollection<string> Leaks => _leaks;

    public void Dispose()
    {
        // Observable instruments say something only when they are asked.
        _metrics.RecordObservableInstruments();
        _metrics.Dispose();
        _activities.Dispose();
        while (_stopped.TryDequeue(out var last))
        {
            Check(last);
        }

        Assert.True(_leaks.IsEmpty, string.Join('\n', _leaks.Take(20)));
    }

    private void Measure<T>()
        where T : struct => _metrics.SetMeasurementEventCallback<T>((instrument, _, tags, _) =>
    {
        foreach (var (name, value) in tags)
        {
            Check($"label {name} of {instrument.Name}", value);
        }
    });

    /// <summary>An activity is read a while after its end, as exporters do.</summary>
    private void Keep(Activity activity)
    {
        _stopped.Enqueue(activity);
        if (_stopped.Count > Kept && _stopped.TryDequeue(out var earlier))
        {
            Check(earlier);
        }
    }

    private void Check(Activity activity)
    {
        var place = $"activity {activity.OperationName}";
        Check(place, activity.DisplayName);
        Check(place, activity.StatusDescription);
        foreach (var (name, value) in activity.TagObjects.Concat(activity.Events.SelectMany(happening => happening.Tags)).Concat(activity.Baggage.Select(pair => KeyValuePair.Create(pair.Key, (object?)pair.Value))))
        {
            Check($"{place}, {name}", value);
        }
    }

    private void Check(string place, object? value)
    {
        if (value is not null && (value is ValueType ? null : value is IEnumerable<string> many ? string.Join(' ', many) : value.ToString()) is { } text && CanaryScan.Holds(text))
        {
            _leaks.Enqueue($"{place}: {text}");
        }
    }
}

using System.Collections;
using Microsoft.Extensions.Logging;

namespace McpPortal.Tests.Rig.Canaries;

/// <summary>Hands every log line of every level to the scan, with the values behind it, its scopes and its exception.</summary>
internal sealed class HeardLogs(CanaryScan scan) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Heard(scan, categoryName);

    public void Dispose()
    {
    }

    private sealed class Heard(CanaryScan scan, string category) : ILogger
    {
        private readonly string _place = $"log {category}";

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Hear($"{state}", state);
            return null;
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Hear($"{formatter(state, exception)} {exception}", state);

        private void Hear(string text, object? state)
        {
            scan.Hear(_place, text);
            foreach (var value in (state as IEnumerable<KeyValuePair<string, object?>> ?? []).Select(pair => pair.Value).Where(value => value is not null && value is not ValueType))
            {
                var said = value is IEnumerable and not string ? string.Join(' ', ((IEnumerable)value).Cast<object?>()) : value!.ToString();
                if (said is { Length: > 0 } && !text.Contains(said, StringComparison.Ordinal))
                {
                    scan.Hear(_place, said);
                }
            }
        }
    }
}

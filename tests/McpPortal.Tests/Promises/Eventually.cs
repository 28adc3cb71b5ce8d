using System.Diagnostics;

namespace McpPortal.Tests.Promises;

/// <summary>Waits for what other processes do.</summary>
internal static class Eventually
{
    /// <summary>Asks again until the answer is as wanted or the time is up; the last answer and when it came.</summary>
    public static async Task<(T Last, TimeSpan After)> AskAsync<T>(Func<Task<T>> ask, Func<T, bool> wanted, TimeSpan patience)
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var answer = await ask();
            var after = clock.Elapsed;
            if (wanted(answer) || after > patience)
            {
                return (answer, after);
            }

            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}

namespace McpPortal.Tests.Benchmarks;

/// <summary>The arithmetic of the benchmarks, without a benchmark.</summary>
public sealed class BenchLogicTests
{
    [Fact]
    public void Percentiles_are_values_that_were_measured()
    {
        double[] sorted = [.. Enumerable.Range(1, 100).Select(n => (double)n)];

        Assert.Equal((50, 99, 100, 1), (Percentiles.Of(sorted, 0.5), Percentiles.Of(sorted, 0.99), Percentiles.Of(sorted, 1), Percentiles.Of(sorted, 0)));
        Assert.Equal(7, Percentiles.Of([7], 0.99));
        Assert.Equal(double.NaN, Percentiles.Of([], 0.5));
        Assert.Equal((2, 2.5, double.NaN), (Percentiles.Median([3, 1, 2]), Percentiles.Median([4, 1, 3, 2]), Percentiles.Median([])));
    }

    [Fact]
    public void A_run_counts_right_answers_only()
    {
        var run = new LoadResult([1, 2, 3, 10], 2, 1, new Dictionary<string, int>(StringComparer.Ordinal) { ["timeout"] = 2, ["status 503"] = 1 });

        Assert.Equal((2, 10, 2, 3), (run.P50, run.P99, run.PerSecond, run.Failed));
    }

    [Fact]
    public void The_table_says_what_falls_short()
    {
        var table = TargetRow.Table([
            TargetRow.AtMost("added p50", 0.6, 0.6, "ms"), TargetRow.AtMost("memory", 200, 1234.6, "MB"), TargetRow.Least("throughput", 0.4, 0.39), TargetRow.Plain("added p99", 12.34, "ms"), TargetRow.AtMost("wrong", 0, 0, ""),
        ]);

        Assert.Equal(
            """
            | Figure | Target | Measured | |
            |---|---|---|---|
            | added p50 | ≤ 0.60 ms | 0.60 ms | holds |
            | memory | ≤ 200 MB | 1,235 MB | **short** |
            | throughput | ≥ 0.40 | 0.39 | **short** |
            | added p99 | – | 12.3 ms |  |
            | wrong | ≤ 0 | 0 | holds |

            """,
            table);
        Assert.Contains("| nothing | ≤ 1.00 ms | NaN ms | **short** |", TargetRow.Table([TargetRow.AtMost("nothing", 1, double.NaN, "ms")]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_kernel_is_understood_whatever_a_process_is_called()
    {
        var use = ProcessUse.Parse("42 (a ) b) S 1 42 42 0 -1 4194304 100 0 0 0 250 31 7 9 20 0 1 0 5 6 7", "Name:\ta\nVmRSS:\t   2048 kB\nThreads:\t3\n");

        Assert.Equal(new ProcessUse(2810, 2 * 1024 * 1024), use);
        Assert.True(ProcessUse.Of(Environment.ProcessId) is { CpuMs: > 0, ResidentBytes: > 1024 * 1024 });
    }

    [Theory]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[]}}", true)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"content\":[],\"isError\":true}}", false)]
    [InlineData("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32603}}", false)]
    public void Only_an_answer_of_a_tool_can_be_somebody_elses(string body, bool answered) => Assert.Equal(answered, new BenchAnswer(body, Streamed: false).Succeeded);
}

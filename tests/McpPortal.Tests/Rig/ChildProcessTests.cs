using McpPortal.Tests.Promises;

namespace McpPortal.Tests.Rig;

public sealed class ChildProcessTests
{
    [Fact]
    public async Task Dispose_ends_the_whole_tree()
    {
        int grandchild;
        await using (var child = ChildProcess.Start("sh", ["-c", "trap '' TERM; sleep 300 & echo pid $!; wait; wait"], grace: TimeSpan.FromMilliseconds(200)))
        {
            var line = await child.WaitForLineAsync("pid ", cancellationToken: TestContext.Current.CancellationToken);
            grandchild = int.Parse(line[4..], System.Globalization.CultureInfo.InvariantCulture);
            Assert.True(Lives(grandchild));
        }

        // What is killed takes a moment to be gone on a busy machine.
        var (lives, _) = await Eventually.AskAsync(() => Task.FromResult(Lives(grandchild)), lives => !lives, TimeSpan.FromSeconds(5));
        Assert.False(lives);
    }

    [Fact]
    public async Task A_process_that_ends_before_the_awaited_line_is_reported_with_its_output()
    {
        await using var child = ChildProcess.Start("sh", ["-c", "echo the reason; exit 3"]);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => child.WaitForLineAsync("ready", cancellationToken: TestContext.Current.CancellationToken));

        Assert.Contains("ended with 3", error.Message, StringComparison.Ordinal);
        Assert.Contains("the reason", error.Message, StringComparison.Ordinal);
    }

    /// <summary>A zombie that nobody has reaped yet does not count as alive.</summary>
    private static bool Lives(int pid)
    {
        var status = $"/proc/{pid}/stat";
        try
        {
            return File.Exists(status) && File.ReadAllText(status).Split(") ")[^1][0] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }
}
